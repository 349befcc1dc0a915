"""Large pictures in parts: sums over places are read part by part, and so is their gradient.

A loss that compares averages over the whole picture (Gram matrices, a mean square) needs no more
of it than those. They are read once without a gradient, which gives the loss and its slope at
each; then every part is read again and passes its share of the slope back. Memory depends on the
part, the gradient is that of the whole (crowsonkb/style_transfer tiles in this spirit).
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
"""Pixels of a side up to which a picture is read as one."""
CORE, MARGIN, GRID = 768, 96, 32
"""Pixels of a part, seen around it (half of what relu5_1 sees, and more), and cut at."""

Sums: TypeAlias = Mapping[Any, Tensor]


@dataclass(frozen=True)
class Span:
    """Pixels `start` to `stop` of a side of `length`, of which all from `first` to `last` see."""

    start: int
    stop: int
    length: int

    @property
    def whole(self) -> bool:
        """Whether the span is all of its side."""
        return (self.start, self.stop) == (0, self.length)

    @property
    def seen(self) -> slice:
        """What is looked at: the part and a margin inside the picture."""
        first, last = max(0, self.start - MARGIN), min(self.length, self.stop + MARGIN)
        return slice(first, last)

    def core(self, cells: int) -> slice:
        """The part's own cells among the `cells` that what is seen has."""
        first, last = self.seen.start, self.seen.stop
        stride = round((last - first) / cells)
        stop = None if self.stop == self.length else (self.stop - first) // stride
        return slice((self.start - first) // stride, stop)


@dataclass(frozen=True)
class Part:
    """A rectangle of a picture."""

    rows: Span
    columns: Span

    @property
    def whole(self) -> bool:
        """Whether the part is all of the picture."""
        return self.rows.whole and self.columns.whole

    def of(self, picture: Tensor) -> Tensor:
        """What is seen of a picture (N, C, H, W)."""
        return picture[..., self.rows.seen, self.columns.seen]

    def own(self, cells: Tensor) -> Tensor:
        """The part's own cells of a map (N, C, h, w) of what is seen."""
        if self.whole:
            return cells  # a slice's gradient is a copy among zeros, in another memory layout
        height, width = cells.shape[-2:]
        return cells[..., self.rows.core(height), self.columns.core(width)]


def parts_of(height: int, width: int) -> list[Part]:
    """A picture in parts that together are all of it; one part up to LARGEST pixels a side."""
    if max(height, width) <= LARGEST:
        return [Part(Span(0, height, height), Span(0, width, width))]
    return [Part(rows, columns) for rows in _spans(height) for columns in _spans(width)]


def in_parts(
    picture: Tensor,
    parts: Sequence[Part],
    read: Callable[[Tensor, Part], Sums],
    terms: Callable[[Sums], dict[str, Tensor]],
) -> dict[str, Tensor]:
    """`terms(read(picture))` for sums that add up over the parts of a picture (1, C, H, W)."""
    if len(parts) == 1:
        return terms(read(picture, parts[0]))
    whole = {key: value.requires_grad_() for key, value in added(picture, parts, read).items()}
    with torch.enable_grad():
        found = terms(whole)
        slopes = torch.autograd.grad(total(found), list(whole.values()), allow_unused=True)
    gradient = torch.zeros_like(picture)
    for part in parts:
        seen = part.of(picture.detach()).clone().requires_grad_()
        with torch.enable_grad():
            own = read(seen, part)
            pairs = zip(own.values(), slopes, strict=True)
            share = torch.stack([(v * s).sum() for v, s in pairs if s is not None]).sum()
        (slope,) = torch.autograd.grad(share, seen)
        part.of(gradient).add_(slope)
    return known(picture, found, gradient)


@torch.no_grad()
def added(
    picture: Tensor, parts: Sequence[Part], read: Callable[[Tensor, Part], Sums]
) -> dict[Any, Tensor]:
    """The sums of all parts of a picture."""
    whole: dict[Any, Tensor] = {}
    for part in parts:
        for key, value in read(part.of(picture), part).items():
            whole[key] = whole[key] + value if key in whole else value.clone()
    return whole


def known(picture: Tensor, terms: Mapping[str, Tensor], gradient: Tensor) -> dict[str, Tensor]:
    """Terms of a picture whose sum has this gradient, computed beforehand."""
    first, *rest = terms
    carrying: Tensor = _Known.apply(picture, terms[first].detach(), gradient)
    return {first: carrying, **{name: terms[name].detach() for name in rest}}


class _Known(torch.autograd.Function):
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


def _spans(length: int) -> list[Span]:
    count = -(-length // CORE)
    cuts = [round(length * index / count / GRID) * GRID for index in range(count)]
    return [Span(start, stop, length) for start, stop in pairwise([*cuts, length])]


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
        for row in _strips(height, tile, overlap):
            for column in _strips(width, tile, overlap):
                rows, columns = (
                    side.to(picture.device) for side in (row.seen(down), column.seen(right))
                )
                part = picture.detach()[..., rows[:, None], columns].requires_grad_()
                found = loss(part)
                (slope,) = torch.autograd.grad(total(found), part)
                # The loss is a mean over what the tile sees, which is this much of the picture.
                slope = slope * (len(rows) * len(columns) / (height * width))
                own = rows[row.core][:, None], columns[column.core]
                gradient[..., own[0], own[1]] = slope[..., row.core, column.core]
                share = len(own[0]) * len(own[1]) / (height * width)
                for name, term in found.items():
                    terms[name] = terms.get(name, term.new_zeros(())) + term.detach() * share
        return known(picture, terms, gradient)

    return value


@dataclass(frozen=True)
class _Strip:
    """One of the parts that a side of `length` pixels is cut into, with what is seen around it."""

    start: int
    stop: int
    margin: int
    length: int

    @property
    def core(self) -> slice:
        """The part itself, counted from the first pixel seen."""
        return slice(self.margin, self.margin + self.stop - self.start)

    def seen(self, offset: int) -> Tensor:
        """The pixels seen where cutting starts at `offset`; past the end comes the beginning."""
        first, last = self.start - self.margin, self.stop + self.margin
        return (torch.arange(first, last) + offset) % self.length


def _strips(length: int, tile: int, overlap: int) -> list[_Strip]:
    """A side cut into nearly equal parts of at most `tile`; a whole side has nothing around it."""
    count = -(-length // tile)
    cuts = [round(length * index / count) for index in range(count + 1)]
    return [_Strip(*cut, overlap if count > 1 else 0, length) for cut in pairwise(cuts)]
