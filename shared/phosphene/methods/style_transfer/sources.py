"""The styles of a painting: opened, given colors, scaled to the strokes, put in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.methods.style_transfer.loss import Region
from phosphene.methods.style_transfer.spec import Look

STYLE_SIDE = 32
"""A style needs at least this many pixels a side to say anything about brushwork."""


@dataclass(frozen=True)
class Brush:
    """A style (1, 3, h, w); its share beside others, or a mask (1, 1, H, W) of its own."""

    style: Tensor
    share: float = 1.0
    mask: Tensor | None = None

    def scaled(self, side: float, least: int) -> Brush:
        """Its longer side `side` pixels, never enlarged but to `least` for the shorter one."""
        height, width = self.style.shape[-2:]
        ratio = max(min(1.0, side / max(height, width)), least / min(height, width))
        style = images.scaled(self.style, round(height * ratio), round(width * ratio))
        return replace(self, style=style)


def opened(picture: ImageLike, device: torch.device) -> Tensor:
    """A style (1, 3, H, W); InputError where it is too small to have one."""
    loaded = images.load(picture)
    if min(loaded.size) < STYLE_SIDE:
        raise InputError(
            f"style is {loaded.width}×{loaded.height}; choose one of at least "
            f"{STYLE_SIDE}×{STYLE_SIDE} pixels"
        )
    if max(loaded.size) > 2048:
        loaded = images.resize(loaded, 2048)
    return images.to_tensor(loaded, device)


def colored(style: Tensor, source: Tensor, colors: str) -> Tensor:
    """A style for a painting of `source`: "mine" its brightness alone, "matched" its palette."""
    if colors == "mine":
        return hues.match_luminance(hues.luminance(style), hues.luminance(source))
    return hues.match_colors(style, source) if colors == "matched" else style


def regions(look: Look, brushes: Sequence[Brush], height: int, width: int) -> list[Region]:
    """Masked styles have their insides, which overlap in equal parts; the others blend around."""
    if not look.weights["style"]:
        return []
    found, around = [], None
    placed = [
        (brush.style, images.scaled(brush.mask, height, width))
        for brush in brushes
        if brush.mask is not None
    ]
    if placed:
        covered = torch.stack([mask for _, mask in placed]).sum(0)
        found = [
            Region(look.style_of([style], [1.0]), mask / covered.clamp(min=1))
            for style, mask in placed
        ]
        around = 1 - covered.clamp(max=1)
    if around is None or around.any():
        blended = [brush for brush in brushes if brush.mask is None]
        goals = look.style_of([b.style for b in blended], [b.share for b in blended])
        found.append(Region(goals, around))
    return found
