"""Painting picture after picture of one film or one camera, so that what is still stays still."""

from __future__ import annotations

import math

from torch import Tensor

from phosphene.networks.brush import Brush
from phosphene.networks.stylizer import Stylizer

MEMORY = 0.5
"""Seconds after which the statistics of a picture have faded to 1/e of what they were."""


class Hand:
    """A network's hand on one film: the statistics it normalizes with change slowly.

    Each layer normalizes with the mean and variance of its picture; where a cloud passes, those of
    the whole picture move, and the paint flickers everywhere. Smoothed over time, they do not.
    """

    def __init__(self, stylizer: Stylizer, steady: bool = True) -> None:
        self.stylizer, self.steady = stylizer, steady
        self._kept: dict[str, tuple[Tensor, Tensor]] = {}

    def paint(self, picture: Tensor, brush: Brush, elapsed: float = math.inf) -> Tensor:
        """A picture (1, 3, H, W) painted, `elapsed` seconds after the one before.

        At first and after a cut that is infinite: nothing of before counts.
        """
        if not self.steady:
            return self.stylizer.paint_with(picture, brush)
        share = math.exp(-max(elapsed, 0.0) / MEMORY)
        before, now = self._kept, {}

        def smoothed(name: str, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
            if share and name in before:
                mean = mean + share * (before[name][0] - mean)
                variance = variance + share * (before[name][1] - variance)
            now[name] = (mean, variance)
            return mean, variance

        painted = self.stylizer.paint_with(picture, brush, smoothed)
        self._kept = now
        return painted
