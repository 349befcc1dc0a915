"""Large pictures in parts: what a loss and its gradient cost in memory depends on the part.

A picture is cut into rectangles, each seen with a margin around it. That serves two kinds of loss:

- `in_parts`, for one that compares averages over the whole picture (Gram matrices, a mean
  square) and needs no more of it than sums over places. They are read once without a gradient,
  which gives the loss and its slope at each; then every part is read again and passes its share
  of the slope back. The gradient is that of the whole (crowsonkb/style_transfer tiles in this
  spirit).
- `tiled`, for one that is itself a mean over places (DeepDream): every tile has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import torch
from torch import Tensor

from phosphene.optimize.losses import Loss, total

LARGEST = 1024
"""Pixels of a side up to which `parts_of` leaves a picture whole."""
CORE, MARGIN, GRID = 768, 96, 32
"""Pixels of a part, seen around it (half of what relu5_1 sees, and more), and cut at."""

Sums: TypeAlias = Mapping[Any, Tensor]


@dataclass(frozen=True)
class Span:
    """Pixels `start` to `stop` of a side of `length`, seen with `margin` more at both ends.

    At the picture's border what is seen either ends there or goes on at the other side.
    """

    start: int
    stop: int
    length: int
    margin: int

    @property
    def whole(self) -> bool:
        """Whether the span is all of its side."""
        return (self.start, self.stop) == (0, self.length)

    @property
    def clipped(self) -> slice:
        """What is seen inside the picture."""
        return slice(max(0, self.start - self.margin), min(self.length, self.stop + self.margin))

    def cells(self, count: int) -> slice:
        """The span's own among the `count` cells of a map of what is `clipped`."""
        first, last = self.clipped.start, self.clipped.stop
        stride = round((last - first) / count)
        stop = None if self.stop == self.length else (self.stop - first) // stride
        return slice((self.start - first) // stride, stop)

    def wrapped(self, offset: int) -> Tensor:
        """The pixels seen where cutting starts at `offset`; past the end comes the beginning."""
        pixels = torch.arange(self.start - self.margin, self.stop + self.margin) + offset
        return pixels % self.length

    @property
    def core(self) -> slice:
        """The span itself among the pixels of `wrapped`."""
        return slice(self.margin, self.margin + self.stop - self.start)


@dataclass(frozen=True)
class Part:
    """A rectangle of a picture."""

    rows: Span
    columns: Span

    @property
    def whole(self) -> bool:
        """Whether the part is all of the picture."""
        return self.rows.whole and self.columns.whole

    @property
    def core(self) -> tuple[slice, slice]:
        """The part itself among the pixels of `wrapped`."""
        return self.rows.core, self.columns.core

    def of(self, picture: Tensor) -> Tensor:
        """What is seen of a picture (N, C, H, W), inside its border."""
        return picture[..., self.rows.clipped, self.columns.clipped]

    def own(self, cells: Tensor) -> Tensor:
        """The part's own cells of a map (N, C, h, w) of what is seen."""
        if self.whole:
            return cells  # a slice's gradient is a copy among zeros, in another memory layout
        height, width = cells.shape[-2:]
        return cells[..., self.rows.cells(height), self.columns.cells(width)]

    def wrapped(self, down: int, right: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Indices (h, 1) and (w,) of what is seen where cutting starts at `down`, `right`."""
        rows, columns = self.rows.wrapped(down), self.columns.wrapped(right)
        return rows.to(device)[:, None], columns.to(device)


def cut(height: int, width: int, size: int, margin: int, grid: int = 1) -> list[Part]:
    """A picture in nearly equal parts of about `size` pixels a side, cut at multiples of `grid`.

    A side that is left whole has no margin.
    """
    columns = _spans(width, size, margin, grid)
    return [Part(row, column) for row in _spans(height, size, margin, grid) for column in columns]


def _spans(length: int, size: int, margin: int, grid: int) -> list[Span]:
    count = -(-length // size)
    cuts = [round(length * index / count / grid) * grid for index in range(count)]
    ends = pairwise([*cuts, length])
    return [Span(*end, length, margin if count > 1 else 0) for end in ends]


def parts_of(height: int, width: int) -> list[Part]:
    """The parts that a picture is read in; one up to LARGEST pixels a side."""
    largest = max(height, width)
    return cut(height, width, CORE if largest > LARGEST else largest, MARGIN, GRID)


def in_parts(
    picture: Tensor,
    parts: Sequence[Part],
    read: Callable[[Tensor, Part], Sums],
    terms: Callable[[Sums], dict[str, Tensor]],
) -> dict[str, Tensor]:
    """`terms(read(picture))` for sums that add up over the parts of a picture (1, C, H, W)."""
    if len(parts) == 1:
        return terms(read(picture, parts[0]))
    sums = {key: value.requires_grad_() for key, value in added(picture, parts, read).items()}
    with torch.enable_grad():
        values = terms(sums)
        slopes = torch.autograd.grad(total(values), list(sums.values()), allow_unused=True)
    gradient = torch.zeros_like(picture)
    for part in parts:
        crop = part.of(picture.detach()).clone().requires_grad_()
        with torch.enable_grad():
            own = read(crop, part)
            pairs = zip(own.values(), slopes, strict=True)
            share = torch.stack([(v * s).sum() for v, s in pairs if s is not None]).sum()
        (slope,) = torch.autograd.grad(share, crop)
        part.of(gradient).add_(slope)
    return with_gradient(picture, values, gradient)


@torch.no_grad()
def added(
    picture: Tensor, parts: Sequence[Part], read: Callable[[Tensor, Part], Sums]
) -> dict[Any, Tensor]:
    """The sums of all parts of a picture."""
    sums: dict[Any, Tensor] = {}
    for part in parts:
        for key, value in read(part.of(picture), part).items():
            sums[key] = sums[key] + value if key in sums else value.clone()
    return sums


def tiled(loss: Loss, *, tile: int, overlap: int, place: Callable[[], tuple[int, int]]) -> Loss:
    """The same loss computed tile by tile, so that memory depends on `tile` and not the picture.

    Every step starts cutting at `place()`, which moves the seams, and each tile sees `overlap`
    pixels around its own, across the picture's border those of the other side. For a loss that
    is a mean over places, a pixel's gradient is that without tiles where `overlap` holds all it
    takes part in; terms are means over the tiles weighted by their areas. A picture no larger
    than a tile is one tile, exactly as without tiling.
    """

    def value(picture: Tensor) -> dict[str, Tensor]:
        height, width = picture.shape[-2:]
        if max(height, width) <= tile:
            return loss(picture)
        down, right = place()
        gradient = torch.zeros_like(picture)
        terms: dict[str, Tensor] = {}
        for part in cut(height, width, tile, overlap):
            rows, columns = part.wrapped(down, right, picture.device)
            crop = picture.detach()[..., rows, columns].requires_grad_()
            values = loss(crop)
            (slope,) = torch.autograd.grad(total(values), crop)
            # The loss is a mean over what the tile sees, which is this much of the picture.
            slope = slope * (len(rows) * len(columns) / (height * width))
            inner_rows, inner_columns = part.core
            own_rows, own_columns = rows[inner_rows], columns[inner_columns]
            gradient[..., own_rows, own_columns] = slope[..., inner_rows, inner_columns]
            share = len(own_rows) * len(own_columns) / (height * width)
            for name, term in values.items():
                terms[name] = terms.get(name, term.new_zeros(())) + term.detach() * share
        return with_gradient(picture, terms, gradient)

    return value


def with_gradient(
    picture: Tensor, terms: Mapping[str, Tensor], gradient: Tensor
) -> dict[str, Tensor]:
    """Terms of a picture whose sum has this gradient, computed beforehand."""
    first, *rest = terms
    carrying: Tensor = _WithGradient.apply(picture, terms[first].detach(), gradient)
    return {first: carrying, **{name: terms[name].detach() for name in rest}}


class _WithGradient(torch.autograd.Function):
    """A value whose gradient was computed beforehand: apply(picture, value, gradient)."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, *args: Tensor) -> Tensor:
        """The value."""
        _, value, gradient = args
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, *grads: Tensor
    ) -> tuple[Tensor, None, None]:
        """The gradient, scaled."""
        (gradient,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * grads[0], None, None
