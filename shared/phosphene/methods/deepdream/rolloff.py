"""A picture and what a dream adds to it, rolled off towards black and white as film does."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phosphene.optimize.canvas import Canvas

_LEAST_ROOM = 0.02


def added(base: Tensor, detail: Tensor) -> Tensor:
    """A picture (N, 3, H, W) in [0, 1] plus detail, which approaches black and white softly.

    Little detail is added as it is, none leaves the picture exactly as it is.
    """
    # A pixel that is white already keeps a little room: without any it would have no slope.
    room = torch.where(detail > 0, 1 - base, base).clamp(min=_LEAST_ROOM)
    return base + detail * (1 + (detail / room).square()).rsqrt()


class Detail(Canvas):
    """Detail over a picture that stays; steps change the detail."""

    def __init__(self, base: Tensor, detail: Tensor) -> None:
        """Start from a picture and detail (N, 3, H, W) of its size."""
        super().__init__()
        self.base = base
        self.detail = nn.Parameter(detail.detach().clone().float())

    def forward(self) -> Tensor:
        """The picture with its detail; past black and white by no more than a trace."""
        return added(self.base, self.detail)
