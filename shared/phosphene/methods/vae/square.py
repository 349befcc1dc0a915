"""Four pictures at the corners of a square, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, TypeAlias

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.frame import Frame, Panel
from phosphene.images import ImageLike
from phosphene.images.sheets import INK, contact_sheet, font
from phosphene.knobs import Picture, Point, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import SHOWN, grid, opened, prepare, shown
from phosphene.methods.vae.parameters import Model, Own, Size
from phosphene.methods.vae.paths import lerp, slerp
from phosphene.methods.vae.plane import cross
from phosphene.networks.autoencoder import Autoencoder

Way: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]

WIDTH, GAP, FOOT = 480, 9, 24
"""Pixels of the square's side, between the three pictures below it, and of their names."""
FINE, COARSE = 7, 2
"""Pictures along a side of the square: decoded all over, or its corners alone."""
WAYS: dict[str, Way] = {"straight line": lerp, "along the sphere": slerp}


@method
def interpolate_four(
    first: Annotated[ImageLike, Picture(label="Top left")],
    second: Annotated[ImageLike, Picture(label="Top right")],
    third: Annotated[ImageLike, Picture(label="Bottom left")],
    fourth: Annotated[ImageLike, Picture(label="Bottom right")],
    *,
    at: Annotated[
        tuple[float, float],
        Point(of="", label="A place in the square", help="from the top left corner"),
    ] = (0.5, 0.38),
    model: Model = "digits_vae",
    size: Size = 256,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Mix four pictures by a place in the square that they are the corners of.

    Above the square, decoded all over; below what lies at the place: mixed in the code along
    straight lines, along the sphere (arXiv 1609.04468), and the pixels simply cross-faded.
    """
    net = opened(model, file, device)
    pictures = (first, second, third, fourth)
    x = torch.cat([prepare(one, net, size, square=True) for one in pictures])
    codes = net.encode(x).mean
    place = torch.tensor([within(at)])
    captions = [*WAYS, "pixels cross-faded"]
    mixed = [net.decode(mix(codes, place, way)) for way in WAYS.values()]
    side = (WIDTH - 2 * GAP) // 3
    tiles = [
        tile.resize((side, side)) for tile in shown(torch.cat([*mixed, mix(x, place, lerp)]), SHOWN)
    ]
    yield Frame(
        _page(_square(net, codes), place, tiles, captions),
        panels=(
            *(Panel(tile, caption) for tile, caption in zip(tiles, captions, strict=True)),
            Panel(contact_sheet(_corners(x), 2), "the corners"),
        ),
    )


def within(at: tuple[float, float]) -> tuple[float, float]:
    """The shares of the square at shares of the whole picture, which is higher than wide."""
    side = (WIDTH - 2 * GAP) // 3
    height = WIDTH + GAP + side + FOOT
    return at[0], min(at[1] * height / WIDTH, 1.0)


def mix(corners: Tensor, places: Tensor, way: Way) -> Tensor:
    """Between four corners (4, ...), top left, top right, those below: places (N, 2) -> (N, ...).

    First along the upper and the lower side, then from the one to the other.
    """
    mixed = []
    for x, y in places:
        above, below = (way(corners[n : n + 1], corners[n + 1 : n + 2], x[None]) for n in (0, 2))
        mixed.append(way(above, below, y[None]))
    return torch.cat(mixed)


def _square(net: Autoencoder, codes: Tensor) -> Image.Image:
    """Codes between the corners on straight lines, decoded all over where that is quick."""
    count = FINE if net.side else COARSE
    shares = torch.linspace(0, 1, count)
    places = torch.cartesian_prod(shares, shares).flip(1)
    decoded = grid(net.decode(mix(codes, places, lerp)), count, WIDTH // count, gap=0)
    return decoded.resize((WIDTH, WIDTH))


def _page(
    square: Image.Image, place: Tensor, tiles: list[Image.Image], captions: list[str]
) -> Image.Image:
    """The square with a cross on the place, and below it the mixtures with their names."""
    x, y = place[0].tolist()
    cross(square, x, y, arm=12)
    side, height = tiles[0].size
    page = Image.new("RGB", (WIDTH, WIDTH + GAP + height + FOOT), "white")
    page.paste(square, (0, 0))
    draw = ImageDraw.Draw(page)
    for number, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        left, top = number * (side + GAP), WIDTH + GAP
        page.paste(tile, (left, top))
        middle = (left + side / 2, top + height + FOOT / 2)
        draw.text(middle, caption, INK, font(14), anchor="mm")
    return page


def _corners(x: Tensor) -> list[Panel]:
    names = ("top left", "top right", "bottom left", "bottom right")
    return [Panel(tile, name) for tile, name in zip(shown(x, SHOWN), names, strict=True)]
