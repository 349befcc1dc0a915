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

PALETTE: tuple[Color, ...] = (*COLORS, (120, 170, 40), (80, 80, 80))
SIDE = 440
"""Pixels of a map's side."""
TAILS = 0.003
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
    _name(page, plane, codes)
    return plane, page


def _name(page: Image.Image, plane: Plane, codes: Codes) -> None:
    """Each class's name where its codes are densest in the middle."""
    draw = ImageDraw.Draw(page)
    for number, name in enumerate(codes.data.names):
        own = codes.means[codes.data.labels == number]
        x, y = (plane.place(own.median(0).values[None])[0] * SIDE).tolist()
        draw.ellipse((x - 11, y - 11, x + 11, y + 11), fill="white", outline=PALETTE[number])
        draw.text((x, y), name, INK, font(16), anchor="mm")


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
