"""How far the style goes: from the photograph itself at 0 to all paint at 10, evenly to the eye.

Measured between the paintings of strengths 0, 2.5, 5, 7.5 and 10 by their blurred brightness and by
early activations of EfficientNet-Lite0. The content's weight alone does little: at a tenth of the
middle's a painting hardly changes, for it has the photograph as its start and its detail; at a
hundred times it is still some way from the photograph, whose colors that layer does not hold.
"""

from __future__ import annotations

import torch
from torch import Tensor

from phosphene import images
from phosphene.optimize.canvas import noise

CONTENT_WEIGHT = 0.0075
"""Of the content beside the style, in the middle of the slider."""
MIDDLE = 5.0
FIRM, LOOSE = 0.85, 0.2
"""By which power of ten the content's weight falls with each unit, below and above the middle."""
FAINT = 1.25
"""The strength below which a painting is laid over the photograph more and more thinly."""
NOISE = 0.7
"""The share of noise in the start at full strength."""


def content_weight(strength: float) -> float:
    """Of the content beside the style."""
    slope = FIRM if strength < MIDDLE else LOOSE
    return float(CONTENT_WEIGHT * 10 ** (slope * (MIDDLE - strength)))


def thinned(painting: Tensor, photo: Tensor, strength: float) -> Tensor:
    """A painting over the photograph (1, 3, H, W) of any size, opaque but for faint strengths."""
    if strength >= FAINT:
        return painting
    return images.scaled(photo, *painting.shape[-2:]).lerp(painting, strength / FAINT)


def loosened(photo: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Where a painting of a photograph (1, 3, H, W) begins: above the middle under noise."""
    share = NOISE * _beyond(strength)
    if not share:
        return photo
    dots = noise(*photo.shape[-2:], spread=0.2, generator=generator)
    return photo.lerp(dots.to(photo.device), share)


def kept_detail(photo: Tensor, strength: float) -> Tensor:
    """The detail of a photograph that its painting gets at each size: above the middle fainter."""
    return photo * (1 - _beyond(strength))


def _beyond(strength: float) -> float:
    """How far from the middle to the end, 0 to 1."""
    return max(0.0, strength / MIDDLE - 1)
