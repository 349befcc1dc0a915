"""A straight line through a hole: what an autoencoder makes of places where it has no codes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images.charts import chart
from phosphene.images.sheets import INK, font
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import Codes, known, shown
from phosphene.methods.vae.latent_map import MODELS, usual_distance
from phosphene.methods.vae.plane import SIDE, cross, drawn, line
from phosphene.networks.autoencoders import neighbors

PAIRS, ON_THE_WAY, STRIP = 400, 41, 9
DRAWS, EMPTY = 1000, 10.0
"""Places that are drawn to measure the plane; usual distances from any code that are empty."""
GAP, HEAD, SMALL = 24, 30, 46


@method
def holes(
    *,
    along: Annotated[
        float, Range(0, 1, 0.02, label="Along the line", help="from one digit to the other")
    ] = 0.5,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Walk from one digit to another, straight across the widest empty place between two of them.

    Each model walks the line that is empty for longest in its own plane. The VAE's prior and noise
    (arXiv 1312.6114) draw its codes together; a plain autoencoder leaves wider holes, where its
    decoder was taught nothing. The curve says how far each place is from the nearest code.
    """
    both = [known(name, device) for name in MODELS]
    walks = [widest(codes, seed) for codes in both]
    shares = torch.linspace(0, 1, ON_THE_WAY)
    away = {
        title: (distances(codes, walk, shares) / usual_distance(codes)).tolist()
        for codes, walk, title in zip(both, walks, MODELS.values(), strict=True)
    }
    rows = tuple(
        (title, round(max(away[title]), 1), round(100 * empty(codes), 1), hit(codes, seed))
        for codes, title in zip(both, MODELS.values(), strict=True)
    )
    top = 1.1 * max(max(values) for values in away.values())
    mark = (round(along * (ON_THE_WAY - 1)), "here")
    ticks = [f"{share:.2f}" for share in shares.tolist()]
    curve = chart(away, ticks, "along the line", high=top, percent=False, mark=mark)
    here = torch.tensor([along])
    panels = [
        Panel(shown(codes.decode(_codes(walk, here)))[0], f"here: {title}")
        for codes, walk, title in zip(both, walks, MODELS.values(), strict=True)
    ]
    head = (
        "",
        "this hole, in usual distances between codes",
        "of the plane empty, %",
        "classes that draws from N(0, I) hit",
    )
    yield Frame(
        _page(both, walks, along),
        panels=(Panel(curve, "how far from any code"), *panels),
        tables=(Table("Holes", head, rows),),
    )


def _codes(walk: Tensor, shares: Tensor) -> Tensor:
    """The codes (N, D) at shares of a walk (2, D)."""
    codes: Tensor = walk[0] + shares[:, None] * (walk[1] - walk[0])
    return codes


@lru_cache(maxsize=8)
def widest(codes: Codes, seed: int) -> Tensor:
    """Two codes (2, D) of digits of different classes, with the widest hole on the line between.

    Of some hundred pairs drawn at random that lie not much farther apart than digits do.
    """
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randint(len(codes.means), (2, PAIRS), generator=generator)
    apart = (codes.means[first] - codes.means[second]).norm(dim=1)
    differ = codes.data.labels[first] != codes.data.labels[second]
    near = apart <= 2 * codes.means.std(0).norm()
    pairs = torch.stack([first, second], 1)[differ & near]
    walks = codes.means[pairs]
    best: Tensor = max(walks, key=lambda walk: gap(codes, walk))
    return best


def gap(codes: Codes, walk: Tensor) -> float:
    """The largest distance of a place on the line to the code nearest to it."""
    return float(distances(codes, walk, torch.linspace(0, 1, 21)).max())


def distances(codes: Codes, walk: Tensor, shares: Tensor) -> Tensor:
    """How far places on a walk are from the code nearest to them (N,)."""
    away: Tensor = neighbors.nearest(_codes(walk, shares), codes.means, 1)[0][:, 0]
    return away


@lru_cache(maxsize=4)
def empty(codes: Codes) -> float:
    """The share of the codes' own rectangle that is `EMPTY` usual distances from any code."""
    low, high = torch.quantile(codes.means, torch.tensor([0.02, 0.98]), dim=0)
    shares = torch.rand(DRAWS, 2, generator=torch.Generator().manual_seed(0))
    away = neighbors.nearest(low + (high - low) * shares, codes.means, 1)[0]
    return float((away > EMPTY * usual_distance(codes)).float().mean())


@lru_cache(maxsize=4)
def hit(codes: Codes, seed: int) -> int:
    """How many classes draws from N(0, I) fall among, of which each has a hundredth or more."""
    drawn = torch.randn(DRAWS, codes.means.shape[1], generator=torch.Generator().manual_seed(seed))
    classes = neighbors.vote(drawn, codes.means, codes.data.labels)
    return int((classes.bincount() >= DRAWS / 100).sum())


def _page(both: list[Codes], walks: list[Tensor], along: float) -> Image.Image:
    """Both maps with their lines, below each the strip of what lies on it and the place itself."""
    page = Image.new("RGB", (2 * SIDE + GAP, HEAD + SIDE + SMALL + 204), "white")
    draw = ImageDraw.Draw(page)
    for number, (codes, walk, title) in enumerate(zip(both, walks, MODELS.values(), strict=True)):
        left = number * (SIDE + GAP)
        plane, area = drawn(codes)
        area = area.copy()
        ends = plane.place(walk)
        line(area, ends[0], ends[1])
        here = _codes(walk, torch.tensor([along]))
        x, y = plane.place(here)[0].tolist()
        cross(area, x, y)
        page.paste(area, (left, HEAD))
        draw.rectangle((left, HEAD, left + SIDE - 1, HEAD + SIDE - 1), outline=(210, 210, 210))
        draw.text((left + SIDE / 2, HEAD / 2), title, INK, font(18), anchor="mm")
        strip = shown(codes.decode(_codes(walk, torch.linspace(0, 1, STRIP))), SMALL)
        for place, picture in enumerate(strip):
            page.paste(picture, (left + place * (SMALL + 3), HEAD + SIDE + 10))
        large = shown(codes.decode(here), 168)[0]
        page.paste(large, (left + (SIDE - 168) // 2, HEAD + SIDE + SMALL + 22))
    return page
