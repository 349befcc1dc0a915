"""Codes of two numbers drawn as a map, each point in the color of its class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.errors import InputError
from phosphene.images.charts import COLORS, Color
from phosphene.images.sheets import INK, font
from phosphene.methods.vae.case import Codes
from phosphene.networks.autoencoders import neighbors

PALETTE: tuple[Color, ...] = (*COLORS, (120, 170, 40), (80, 80, 80))
SIDE = 440
"""Pixels of a map's side."""
PRIOR, APART = 2.45, 0.09
"""Deviations that hold 95 % of N(0, I) in a plane; the room that names keep, as a share."""
TAILS = 0.006
"""The share of the codes that may lie outside at each end."""
ROOM = 0.06
FINE = 2
"""Times finer than shown that dots are drawn, so that their edges are smooth."""


@dataclass(frozen=True)
class Plane:
    """The window of a map: its lower left and upper right codes."""

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def around(cls, codes: Tensor) -> Plane:
        """The square that holds nearly all codes (N, 2)."""
        ends = torch.quantile(codes, torch.tensor([TAILS, 1 - TAILS]), dim=0)
        center, half = ends.mean(0), float((ends[1] - ends[0]).max()) * (0.5 + ROOM)
        low, high = (center - half).tolist(), (center + half).tolist()
        return cls((low[0], low[1]), (high[0], high[1]))

    def code(self, x: float, y: float) -> Tensor:
        """The code (1, 2) at a place given as shares from the top left."""
        across = self.low[0] + x * (self.high[0] - self.low[0])
        up = self.high[1] - y * (self.high[1] - self.low[1])
        return torch.tensor([[across, up]])

    def codes(self, count: int) -> Tensor:
        """The codes (count², 2) at the middles of `count` rows of as many squares, row by row."""
        shares = (torch.arange(count) + 0.5).tolist()
        return torch.cat([self.code(x / count, y / count) for y in shares for x in shares])

    def place(self, codes: Tensor) -> Tensor:
        """Codes (N, 2) as shares (N, 2) from the top left."""
        low, high = torch.tensor(self.low), torch.tensor(self.high)
        shares = (codes - low) / (high - low)
        return torch.stack([shares[:, 0], 1 - shares[:, 1]], 1)


@lru_cache(maxsize=4)
def drawn(codes: Codes) -> tuple[Plane, Image.Image]:
    """The map of a model's data and its window; InputError where codes are no points in a plane."""
    if codes.means.shape[1] != 2:
        raise InputError(
            f"the codes of {codes.model.name} have {codes.means.shape[1]} numbers; a map needs 2"
        )
    plane, size = Plane.around(codes.means), SIDE * FINE
    page = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(page)
    places = (plane.place(codes.means) * size).tolist()
    for (x, y), label in zip(places, codes.data.labels.tolist(), strict=True):
        draw.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill=PALETTE[label % len(PALETTE)])
    page = page.resize((SIDE, SIDE), Image.Resampling.BOX)
    _prior(page, plane)
    _name(page, plane, codes)
    return plane, page


def _name(page: Image.Image, plane: Plane, codes: Codes) -> None:
    """Each class's name where its codes are least mixed, apart from the other names."""
    draw = ImageDraw.Draw(page)
    taken = torch.full((1, 2), -9.0)
    names = codes.data.names if len(codes.data.names) > 1 else ()
    for number, name in enumerate(names):
        own = codes.means[codes.data.labels == number][:80]
        if not len(own):
            continue
        near = codes.data.labels[neighbors.nearest(own, codes.means, 40)[1]]
        places = plane.place(own)
        apart = torch.cdist(places, taken).amin(1).clamp(max=APART)
        inside = ((places > 0.04) & (places < 0.96)).all(1)
        best = int(((near == number).float().mean(1) + apart / APART + 9 * inside).argmax())
        taken = torch.cat([taken, places[best : best + 1]])
        x, y = (places[best] * SIDE).tolist()
        draw.ellipse(
            (x - 11, y - 11, x + 11, y + 11), fill="white", outline=PALETTE[number % len(PALETTE)]
        )
        draw.text((x, y), name, INK, font(16), anchor="mm")


def _prior(page: Image.Image, plane: Plane) -> None:
    """A ring around where draws from N(0, I) fall: 95 % of them."""
    draw = ImageDraw.Draw(page)
    ends = plane.place(torch.tensor([[-PRIOR, PRIOR], [PRIOR, -PRIOR]])) * SIDE
    (left, top), (right, bottom) = ends.tolist()
    draw.ellipse((left, top, right, bottom), outline=(0, 0, 0), width=2)
    low, high = plane.low[0], plane.high[0]
    draw.text((6, SIDE - 6), f"{low:.1f}", INK, font(12), anchor="ls")
    draw.text((SIDE - 6, SIDE - 6), f"{high:.1f}", INK, font(12), anchor="rs")


def cross(page: Image.Image, x: float, y: float, arm: int = 9) -> None:
    """A cross at a place given as shares; black on white, so that it is seen on any color."""
    draw = ImageDraw.Draw(page)
    x, y = x * page.width, y * page.height
    for color, width in (("white", 6), ("black", 3)):
        draw.line((x - arm, y, x + arm, y), fill=color, width=width)
        draw.line((x, y - arm, x, y + arm), fill=color, width=width)


def line(page: Image.Image, first: Tensor, second: Tensor) -> None:
    """A line between two places (2,) given as shares."""
    draw = ImageDraw.Draw(page)
    ends = [*(first * page.width).tolist(), *(second * page.width).tolist()]
    draw.line(ends, fill="white", width=6)
    draw.line(ends, fill="black", width=2)
