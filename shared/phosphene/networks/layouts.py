"""How a value of a network holds its places: as maps, as rows with channels last, as tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor

Kind: TypeAlias = Literal["maps", "rows", "tokens", "vector", "other"]


@dataclass(frozen=True)
class Layout:
    """Maps (N, C, h, w), rows (N, h, w, C), tokens (N, prefix + h w, C), or no places.

    `side` is the cells along a side of the grid for a square picture, 1 where there are none.
    """

    kind: Kind
    channels: int
    side: int = 1
    prefix: int = 0

    @property
    def spatial(self) -> bool:
        """Whether there is more than one place."""
        return self.side > 1

    def maps(self, value: Tensor) -> Tensor:
        """A value of this layout as maps (N, C, h, w), vectors as they are.

        Class, register and distillation tokens are dropped: they have no place.
        """
        if self.kind == "rows":
            return value.permute(0, 3, 1, 2)
        if self.kind == "tokens":
            places = value[:, self.prefix :].transpose(1, 2)
            return places.reshape(*places.shape[:2], self.side, self.side)
        return value


def layout_of(value: Tensor, prefixes: Iterable[int]) -> Layout:
    """The layout of what a network computes of one square picture.

    `prefixes` are the counts of tokens without a place that may stand before those of the grid;
    none at all where the order of the tokens is not that of the picture.
    """
    shape = value.shape
    if value.ndim == 4 and shape[0] == 1 and shape[2] == shape[3]:
        return Layout("maps", shape[1], shape[2])
    if value.ndim == 4 and shape[0] == 1 and shape[1] == shape[2]:
        return Layout("rows", shape[3], shape[1])
    if value.ndim == 3 and shape[0] == 1:
        for prefix in prefixes:
            side = math.isqrt(max(0, shape[1] - prefix))
            if side > 1 and side**2 == shape[1] - prefix:
                return Layout("tokens", shape[2], side, prefix)
    return Layout("vector" if value.ndim == 2 else "other", shape[1])
