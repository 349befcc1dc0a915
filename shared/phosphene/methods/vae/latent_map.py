"""The map of all codes: click on a place and see what lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.frame import Frame, Glimpses, Panel, Table
from phosphene.images.sheets import INK, font
from phosphene.knobs import Choice, Point, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import Codes, grid, known
from phosphene.methods.vae.case import shown as shown_at
from phosphene.methods.vae.parameters import Own
from phosphene.methods.vae.plane import SIDE, cross, drawn
from phosphene.networks.autoencoders import neighbors

MODELS = {"digits_vae": "VAE", "digits_ae": "plain autoencoder"}
"""The two maps, from left to right."""
BOTH = "both"
GAP, HEAD, FOOT, PICTURE = 24, 30, 208, 168
SMALL = 64
"""Pixels of a neighbor's side."""
FOUND = 24
"""Places across that the pointer tells apart."""
MOST, NEAR = 12, 10
"""Pictures around a place that are shown at most, and that are asked what it is."""
EDGES = 0.005, 0.995
"""Quantiles of the codes that the manifold begins and ends with: their tails are long."""


@method
def latent_map(
    *,
    at: Annotated[
        tuple[float, float],
        Point(of="", label="A place on the map", help="from the top left corner"),
    ] = (0.42, 0.32),
    shown: Annotated[
        str,
        Choice(options=(*MODELS.values(), BOTH), label="Whose map", help="both need a wide screen"),
    ] = "VAE",
    manifold: Annotated[
        int,
        Range(5, 30, label="Manifold", help="decoded places across", advanced=True, quick=5),
    ] = 16,
    spread: Annotated[
        str,
        Choice(
            options=("normal", "as the codes"),
            label="Places of the manifold",
            help="even shares of the prior, or of the codes themselves",
            advanced=True,
        ),
    ] = "as the codes",
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Every digit as a point, in the color of its class, where a model's encoder put it.

    Click on a place and it is decoded. The ring holds 95 % of N(0, I): the VAE (arXiv 1312.6114)
    fills it with all its digits; the plain autoencoder puts its codes anywhere, with holes between.
    """
    names = [name for name, title in MODELS.items() if shown in (title, BOTH)]
    maps = {MODELS[name]: known(name, device) for name in names}
    if file:
        maps = {"yours": known("", device, file)}
    number, (x, y) = clicked(at, len(maps))
    title = list(maps)[number]
    codes = maps[title]
    plane, _ = drawn(codes)
    code = plane.code(x, y)
    panels = [
        Panel(
            _manifold(one, manifold, spread),
            f"decoded all over: {name}",
            "A grid of codes, each decoded: even shares of how the codes are spread.",
        )
        for name, one in maps.items()
    ]
    yield Frame(
        _page(maps, title, (x, y), code),
        note=_words(codes, code),
        panels=tuple(panels),
        tables=(_around(codes, code),),
        glimpses=tuple(_glimpses(one, n, len(maps)) for n, one in enumerate(maps.values())),
    )


def clicked(at: tuple[float, float], maps: int) -> tuple[int, tuple[float, float]]:
    """Which of the maps side by side a place of the whole picture is on, and its shares there."""
    width, height = _size(maps)
    x, y = at[0] * width, at[1] * height - HEAD
    number = min(int((x + GAP / 2) / (SIDE + GAP)), maps - 1)
    across = (x - number * (SIDE + GAP)) / SIDE
    return number, (min(max(across, 0.0), 1.0), min(max(y / SIDE, 0.0), 1.0))


def _size(maps: int) -> tuple[int, int]:
    """Of the whole picture: wide with two maps, upright with one, as a telephone is."""
    return maps * (SIDE + GAP) - GAP, HEAD + SIDE + FOOT


def _page(
    maps: Mapping[str, Codes], asked: str, place: tuple[float, float], code: Tensor
) -> Image.Image:
    """The maps, a cross on the one asked, below them what lies there and its neighbors."""
    page = Image.new("RGB", _size(len(maps)), "white")
    draw = ImageDraw.Draw(page)
    for number, (title, codes) in enumerate(maps.items()):
        left = number * (SIDE + GAP)
        area = drawn(codes)[1].copy()
        if title == asked:
            cross(area, *place)
        page.paste(area, (left, HEAD))
        draw.rectangle((left, HEAD, left + SIDE - 1, HEAD + SIDE - 1), outline=(210, 210, 210))
        draw.text((left + SIDE / 2, HEAD / 2), title, INK, font(18), anchor="mm")
    codes, top, left = maps[asked], HEAD + SIDE + 12, PICTURE + 14
    page.paste(shown_at(codes.decode(code), PICTURE)[0], (0, top))
    draw.text((PICTURE / 2, top + PICTURE + 14), "decoded here", INK, font(15), anchor="mm")
    for line, words in enumerate(_words(codes, code).split(": ")):
        draw.text((left, top + 8 + 22 * line), words, INK, font(16), anchor="lm")
    draw.text(
        (left, top + 54), f"{_kind(codes)}s whose codes are nearest", INK, font(14), anchor="lm"
    )
    columns = (page.width - left) // (SMALL + 3)
    indices = neighbors.nearest(code, codes.means, min(2 * columns, MOST))[1][0]
    for number, picture in enumerate(shown_at(codes.data.pictures[indices], SMALL)):
        row, column = divmod(number, columns)
        page.paste(picture, (left + column * (SMALL + 3), top + 66 + row * (SMALL + 3)))
    return page


def _words(codes: Codes, code: Tensor) -> str:
    """What a place is, and how far from any digit it lies."""
    distances, indices = neighbors.nearest(code, codes.means, NEAR)
    votes = codes.data.labels[indices[0]].bincount(minlength=len(codes.data.names))
    name, share = codes.data.names[int(votes.argmax())], int(votes.max()) / NEAR
    away = float(distances[0, 0]) / usual_distance(codes)
    near = f"{share:.0%} of those near are {name}s" if _kind(codes) == "digit" else "among them"
    place = f"in a hole, far from any {_kind(codes)}" if away > HOLE else near
    return f"({code[0, 0]:.2f}, {code[0, 1]:.2f}): {place}"


def _kind(codes: Codes) -> str:
    """What one of the pictures of a map is called."""
    return "digit" if codes.model.data == "digits" else "picture"


HOLE = 15.0
"""So many usual distances between digits from the nearest one, a code is in a hole."""


@lru_cache(maxsize=8)
def usual_distance(codes: Codes) -> float:
    """The median distance of a code to its nearest neighbor."""
    some = codes.means[:: max(1, len(codes.means) // 500)]
    return float(neighbors.nearest(some, codes.means, 2)[0][:, 1].median().clamp(min=1e-9))


def _around(codes: Codes, code: Tensor) -> Table:
    """The classes of the codes around a place."""
    indices = neighbors.nearest(code, codes.means, 100)[1][0]
    votes = codes.data.labels[indices].bincount(minlength=len(codes.data.names))
    order = votes.argsort(descending=True)
    rows = tuple((codes.data.names[int(i)], int(votes[i])) for i in order if votes[i])
    return Table(f"The hundred nearest {_kind(codes)}s", (_kind(codes), "of 100"), rows)


@lru_cache(maxsize=8)
def _manifold(codes: Codes, count: int, spread: str) -> Image.Image:
    """A grid of decoded codes, at even shares of the prior or of the codes' own distribution."""
    return grid(codes.decode(manifold_codes(codes, count, spread)), count, 32, gap=0)


@lru_cache(maxsize=8)
def _glimpses(codes: Codes, number: int, maps: int) -> Glimpses:
    """What the decoder makes of each place of the map that is the `number`th from the left."""
    plane, (width, height) = drawn(codes)[0], _size(maps)
    left, top = number * (SIDE + GAP), HEAD
    box = (left / width, top / height, (left + SIDE) / width, (top + SIDE) / height)
    pictures = codes.decode(plane.codes(FOUND))
    return Glimpses.of(grid(pictures, FOUND, pictures.shape[-1], gap=0), FOUND, box)


def manifold_codes(codes: Codes, count: int, spread: str) -> Tensor:
    """Codes (count², 2) row by row from the top left."""
    shares = torch.linspace(*EDGES, count)
    if spread == "normal":
        steps = torch.special.ndtri(shares)
        across, up = steps, steps
    else:
        across, up = (torch.quantile(codes.means[:, axis], shares) for axis in (0, 1))
    rows, columns = torch.meshgrid(up.flip(0), across, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], 1)
