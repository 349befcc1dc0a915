"""A brush: one style of the network that paints in one pass, as the few numbers that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from phosphene.errors import InputError

LAYERS: dict[str, int] = {
    **{f"contract.{i}": 32 for i in range(3)},
    **{f"res.{i}.{j}": 32 for i in range(6) for j in range(2)},
    **{"expand.0": 8, "expand.1": 4, "expand.2": 3},
}
"""The layers that a style scales and shifts, in their order, and the channels of each."""

SIZE = 2 * sum(LAYERS.values())
"""Numbers of a brush: for each layer the scales of its channels, then their shifts."""

LAST: dict[str, tuple[int, int, int, int]] = {
    "expand.0": (8, 32, 3, 3),
    "expand.1": (4, 8, 3, 3),
    "expand.2": (3, 4, 9, 9),
}
"""The last layers, whose weights a brush may bring along, and the shapes of these."""

LAST_SIZE = sum(a * b * c * d for a, b, c, d in LAST.values())


@dataclass(frozen=True, eq=False)
class Brush:
    """A style: `numbers` (SIZE,), float32; `last` (LAST_SIZE,) where it has last layers of its own.

    Laid out as LAYERS and LAST say (arXiv 1610.07629, its gamma and beta).
    """

    name: str
    numbers: Tensor
    last: Tensor | None = None


def affine(numbers: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Numbers (..., SIZE) -> scale and shift (..., C) of each layer; views, so gradients pass."""
    parts = torch.split(numbers, [count for count in LAYERS.values() for _ in range(2)], -1)
    return {name: (parts[2 * i], parts[2 * i + 1]) for i, name in enumerate(LAYERS)}


def last_weights(flat: Tensor) -> dict[str, Tensor]:
    """Weights (LAST_SIZE,) of the last layers by name, each in its shape; views."""
    sizes = [a * b * c * d for a, b, c, d in LAST.values()]
    parts = torch.split(flat, sizes)
    return {name: part.view(LAST[name]) for name, part in zip(LAST, parts, strict=True)}


def blend(brushes: Sequence[Brush], weights: Sequence[float], own_last: Tensor) -> Brush:
    """The weighted mean of brushes; `own_last` are the network's last layers, for those without.

    InputError for weights that are negative or all zero, or not as many as the brushes.
    """
    if len(weights) != len(brushes) or min(weights, default=-1) < 0 or sum(weights) <= 0:
        raise InputError("weights of a blend are numbers from 0, one a brush, not all zero")
    total = sum(weights)
    used = [(b, w / total) for b, w in zip(brushes, weights, strict=True) if w > 0]
    if len(used) == 1:  # to the bit
        return used[0][0]
    numbers = torch.stack([w * b.numbers for b, w in used]).sum(0)
    name = " + ".join(b.name for b, _ in used)
    if all(b.last is None for b, _ in used):
        return Brush(name, numbers)
    last = [w * (own_last if b.last is None else b.last) for b, w in used]
    return Brush(name, numbers, torch.stack(last).sum(0))
