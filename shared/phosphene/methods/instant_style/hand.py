"""Painting picture after picture of one film or one camera, so that what is still stays still."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from phosphene import device as devices
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.methods.instant_style.styles import brush_of, code_of
from phosphene.networks import brush_file
from phosphene.networks.any_style import load_any_style
from phosphene.networks.brush import Brush
from phosphene.networks.stylizer import load_stylizer

MEMORY = 0.2
"""Seconds after which the statistics of a picture have faded to 1/e of what they were."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be painted with: a brush's text, else like a painting, else one of 26 styles."""

    style: str
    painting: ImageLike | None = None
    brush: str = ""

    def of(self, device: torch.device) -> Brush | Tensor:
        """The brush, or the painting's code."""
        if self.brush:
            return brush_file.read(self.brush)
        if self.painting is not None:
            return code_of(self.painting, device)
        return brush_of(self.style, device)

    def same(self, other: Wish | None) -> bool:
        """Whether it is the same wish as another."""
        if other is None or (self.style, self.brush) != (other.style, other.brush):
            return False
        ours, theirs = self.painting, other.painting
        return ours is theirs or (isinstance(ours, str) and ours == theirs)


class Hand:
    """A network's hand on one film: the statistics it normalizes with change slowly.

    Each layer normalizes with the mean and variance of its picture: something large that comes into
    it changes the paint everywhere. Smoothed over time, that comes softly. Not in another light,
    which they are there to take out.
    """

    def __init__(self, device: torch.device | str | None = None, steady: bool = True) -> None:
        self.device, self.steady = devices.pick(str(device) if device else None), steady
        self._wish: Wish | None = None
        self._style: Brush | Tensor | None = None
        self._kept: dict[str, tuple[Tensor, Tensor]] = {}

    def take(self, wish: Wish) -> bool:
        """Paint so from now on; whether that is something else than before."""
        if wish.same(self._wish):
            return False
        self._style, self._wish, self._kept = wish.of(self.device), wish, {}
        return True

    @torch.no_grad()
    def paint(self, photo: Tensor, elapsed: float = math.inf) -> Tensor:
        """A picture (1, 3, H, W) painted, `elapsed` seconds after the one before.

        At first and after a cut that is infinite: nothing of before counts.
        """
        share = math.exp(-max(elapsed, 0.0) / MEMORY) if self.steady else 0.0
        before, now = self._kept, {}

        def smoothed(name: str, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
            if share and name in before and before[name][0].shape == mean.shape:
                mean = mean + share * (before[name][0] - mean)
                variance = variance + share * (before[name][1] - variance)
            now[name] = (mean, variance)
            return mean, variance

        style, moments = self._style, smoothed if self.steady else None
        if isinstance(style, Brush):
            painted = load_stylizer(self.device).paint_with(photo, style, moments)
        else:
            assert style is not None
            painted = load_any_style(self.device).paint(photo, style, moments=moments)
        self._kept = now
        return painted

    def finished(
        self, picture: Tensor, strength: float, keep_colors: bool, elapsed: float
    ) -> Tensor:
        """The same as it is shown: in the picture's own colors or not, from 0 to 1 painted."""
        painted = self.paint(picture, elapsed)
        if keep_colors:
            painted = hues.recolor(painted, picture)
        return torch.lerp(picture, painted, strength)
