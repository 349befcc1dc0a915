"""Random changes that a picture must survive: what stays is what the network means.

Each maker returns `transform(x, generator) -> x` on pictures (N, 3, H, W); random numbers
come from the generator alone, so that a seed repeats a run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

Transform: TypeAlias = Callable[[Tensor, Generator], Tensor]

SWING = (-1, -0.5, 0, 0.5, 1)
"""Shares of the largest change, either way."""


def compose(*transforms: Transform) -> Transform:
    """One transform after the other."""

    def composed(x: Tensor, generator: Generator) -> Tensor:
        for transform in transforms:
            x = transform(x, generator)
        return x

    return composed


def jitter(pixels: int) -> Transform:
    """Roll by up to `pixels` either way; what leaves on one side returns on the other."""

    def roll(x: Tensor, generator: Generator) -> Tensor:
        dy, dx = torch.randint(-pixels, pixels + 1, (2,), generator=generator).tolist()
        return torch.roll(x, (dy, dx), (-2, -1))

    return roll


def pad(pixels: int, value: float = 0.5) -> Transform:
    """A border of `pixels` of constant `value`, so that edges are seen in context."""
    return lambda x, _: F.pad(x, (pixels,) * 4, value=value)


def scale(factors: Sequence[float]) -> Transform:
    """Resize by one of the factors."""

    def resized(x: Tensor, generator: Generator) -> Tensor:
        factor = factors[_index(len(factors), generator)]
        height, width = (max(1, round(side * factor)) for side in x.shape[-2:])
        return F.interpolate(x, (height, width), mode="bilinear", align_corners=False)

    return resized


def rotate(degrees: Sequence[float]) -> Transform:
    """Turn about the center by one of the angles, the border repeated outwards."""

    def turned(x: Tensor, generator: Generator) -> Tensor:
        angle = math.radians(degrees[_index(len(degrees), generator)])
        if not angle:
            return x
        aspect = x.shape[-1] / x.shape[-2]
        cos, sin = math.cos(angle), math.sin(angle)
        matrix = torch.tensor([[cos, -sin / aspect, 0], [sin * aspect, cos, 0]], device=x.device)
        grid = F.affine_grid(matrix.expand(x.shape[0], 2, 3), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    return turned


def swing(degrees: float) -> Transform:
    """Turn by up to `degrees` either way, by one of five angles."""
    return rotate([degrees * share for share in SWING])


def robust(pixels: int = 8, padding: int | None = None) -> Transform:
    """The mild mixture of Feature Visualization (Distill 2017): pad, jitter, scale, rotate.

    The border is `pixels` wide unless `padding` says otherwise.
    """
    return compose(
        pad(pixels if padding is None else padding),
        jitter(pixels),
        scale([1 + step / 50 for step in range(-5, 6)]),
        rotate(list(range(-5, 6))),
        jitter(max(1, pixels // 2)),
    )


def _index(count: int, generator: Generator) -> int:
    return int(torch.randint(count, (1,), generator=generator))
