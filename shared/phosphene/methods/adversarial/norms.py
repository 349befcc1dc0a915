"""Balls around a picture: exact projections, random starts, and their 8-bit pictures."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import torch
from torch import Generator, Tensor

from phosphene.optimize.canvas import Canvas

Norm: TypeAlias = Literal["linf", "l2"]

LEVELS = 255
"""Steps between black and white of an 8-bit picture."""


def size(change: Tensor, norm: Norm) -> Tensor:
    """The norm of each picture's change: (N, 3, H, W) -> (N,)."""
    flat = change.flatten(1)
    return flat.abs().amax(1) if norm == "linf" else flat.square().sum(1).sqrt()


def project(picture: Tensor, original: Tensor, radius: float, norm: Norm) -> Tensor:
    """The nearest picture within `radius` of the original and within [0, 1].

    "l2" is the Euclidean projection onto the ball and the cube at once: scaling into the ball and
    clipping then, as is usual, ends short of the sphere. The original lies in [0, 1].
    """
    if norm == "linf":
        low = (original - radius).clamp(min=0)
        return torch.minimum(torch.maximum(picture, low), (original + radius).clamp(max=1))
    change = (picture - original).double()
    low, high = -original.double(), 1 - original.double()
    scaled = torch.minimum(torch.maximum(change, low), high)
    if (size(scaled, norm) <= radius).all():
        return (original + scaled).to(picture).clamp(0, 1)
    # The projection is the change scaled by one factor and clipped. Newton's steps on its square
    # come from below, and end once no further pixel is clipped.
    factor = (radius / size(change, norm).clamp(min=1e-30)).clamp(max=1)
    for _ in range(50):
        wide = change * factor.view(-1, 1, 1, 1)
        clipped = (wide < low) | (wide > high)
        edge = torch.minimum(torch.maximum(wide, low), high)
        taken = (edge * clipped).flatten(1).square().sum(1)
        free = (change * ~clipped).flatten(1).square().sum(1).clamp(min=1e-30)
        better = ((radius**2 - taken).clamp(min=0) / free).sqrt().clamp(max=1)
        better = torch.maximum(better, factor)
        if torch.equal(better, factor):
            break
        factor = better
    scaled = change * factor.view(-1, 1, 1, 1)
    scaled = torch.minimum(torch.maximum(scaled, low), high)
    return (original + scaled).to(picture).clamp(0, 1)


def to_levels(picture: Tensor, original: Tensor, radius: float, norm: Norm) -> Tensor:
    """The picture in whole gray levels, inside the ball of an original that is in whole levels."""
    change = (picture - original) * LEVELS
    if norm == "linf":
        whole = change.round().clamp(-most(radius), most(radius))
        return to_grid(original + whole / LEVELS)
    result = original
    left = torch.ones(len(picture), dtype=torch.bool, device=picture.device)
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):  # the last one rounds toward the original
        whole = change.sign() * (change.abs() + (1 - threshold)).floor()
        rounded = to_grid(original + whole / LEVELS)
        fits = left & (size(rounded - original, norm) <= radius * (1 + 1e-6))
        result = torch.where(fits.view(-1, 1, 1, 1), rounded, result)
        left = left & ~fits
        if not left.any():
            break
    return result


def to_grid(picture: Tensor) -> Tensor:
    """The nearest 8-bit picture: what a PNG keeps."""
    return (picture * LEVELS).round().clamp(0, LEVELS) / LEVELS


def most(radius: float) -> int:
    """Whole gray levels in a radius of the largest norm."""
    return int(radius * LEVELS + 1e-4)


def random_start(original: Tensor, radius: float, norm: Norm, generator: Generator) -> Tensor:
    """A picture in the ball: every pixel uniform (linf), or any direction and distance (l2)."""
    if norm == "linf":
        noise = 2 * torch.rand(original.shape, generator=generator) - 1
        return project(original + radius * noise.to(original), original, radius, norm)
    noise = torch.randn(original.shape, generator=generator)
    distance = torch.rand(len(original), generator=generator) * radius / size(noise, norm)
    change = (noise * distance.view(-1, 1, 1, 1)).to(original)
    return project(original + change, original, radius, norm)


class _Straight(torch.autograd.Function):
    """The second tensor, with the gradient of the first: a straight-through estimator."""

    @staticmethod
    def forward(ctx: Any, pixels: Tensor, shown: Tensor) -> Tensor:
        return shown.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], None


def straight_through(pixels: Tensor, shown: Tensor) -> Tensor:
    """What is `shown`, with the gradient of `pixels` of the same shape (arXiv 1308.3432)."""
    result: Tensor = _Straight.apply(pixels, shown)
    return result


class Ball(Canvas):
    """Pixels near an original picture; with `levels`, rendered as the 8-bit picture they make.

    What is rounded is seen by the network and not by the gradient: small steps add up.
    """

    original: Tensor

    def __init__(
        self,
        original: Tensor,
        radius: float,
        norm: Norm,
        *,
        start: Tensor | None = None,
        levels: bool = False,
    ) -> None:
        """Begin at `start` (N, 3, H, W), or at the original."""
        super().__init__()
        self.register_buffer("original", original)
        self.radius, self.norm, self.levels = radius, norm, levels
        begin = original if start is None else start
        self.pixels = torch.nn.Parameter(begin.detach().clone())

    def forward(self) -> Tensor:
        """The pixels, or their 8-bit picture with the pixels' gradient."""
        if not self.levels:
            return self.pixels
        with torch.no_grad():
            rounded = to_levels(self.pixels, self.original, self.radius, self.norm)
        return straight_through(self.pixels, rounded)

    def project(self) -> None:
        """Back into the ball and into [0, 1]."""
        with torch.no_grad():
            self.pixels.copy_(project(self.pixels, self.original, self.radius, self.norm))

    def put(self, picture: Tensor) -> None:
        """Copy the pixels."""
        with torch.no_grad():
            self.pixels.copy_(picture)
