"""Strokes of a brush on a live tab: each one goes on from what the strokes before it made."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

MOST = 24
"""Strokes that can be taken back."""


@dataclass(frozen=True)
class Trail:
    """What was painted on a picture so far: after each stroke the mask and the result, a PNG."""

    picture: str
    masks: tuple[npt.NDArray[np.bool_], ...] = ()
    results: tuple[bytes, ...] = ()

    def until(self, painted: npt.NDArray[np.bool_]) -> Trail:
        """The trail without the strokes that were taken back."""
        count = len(self.masks)
        while count and not _within(self.masks[count - 1], painted):
            count -= 1
        return replace(self, masks=self.masks[:count], results=self.results[:count])

    def fresh(self, painted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """What of the painted is not on the trail."""
        return painted & ~self.masks[-1] if self.masks else painted

    def then(self, painted: npt.NDArray[np.bool_], result: bytes) -> Trail:
        """The trail with one more stroke; the oldest are forgotten."""
        masks, results = (*self.masks, painted), (*self.results, result)
        return replace(self, masks=masks[-MOST:], results=results[-MOST:])

    def changes(self, fresh: npt.NDArray[np.bool_], picture: str, mask: str) -> Mapping[str, Any]:
        """The arguments of a run over the fresh stroke alone, on the last result."""
        stroke = Image.fromarray((fresh * 255).astype(np.uint8))
        last = {picture: Image.open(io.BytesIO(self.results[-1]))} if self.results else {}
        return {**last, mask: stroke.convert("RGB")}


def trail_of(last: Trail | None, picture: str) -> Trail:
    """The trail on a picture: the last one, or a new one where the picture is another."""
    return last if last is not None and last.picture == picture else Trail(picture)


def painted_on(mask: Image.Image | None) -> npt.NDArray[np.bool_] | None:
    """Where a mask is painted, None where it is not at all."""
    if mask is None:
        return None
    painted: npt.NDArray[np.bool_] = np.asarray(mask.convert("L")) > 127
    return painted if painted.any() else None


def _within(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> bool:
    return one.shape == other.shape and not (one & ~other).any()
