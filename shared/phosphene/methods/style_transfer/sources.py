"""The styles of a painting: opened, given colors, scaled to the strokes, put in their places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.methods.style_transfer.loss import Region
from phosphene.methods.style_transfer.spec import StyleSpec

STYLE_SIDE = 32
"""A style needs at least this many pixels a side to say anything about brushwork."""


class Style(NamedTuple):
    """A picture to paint like: its share in the blend of all styles, or a mask of its own.

    With a mask (any picture of the content's shape, white inside) it paints there and the share
    says nothing.
    """

    picture: ImageLike
    share: float = 1.0
    mask: ImageLike | None = None


Styles: TypeAlias = ImageLike | Style | Sequence[ImageLike | Style | tuple[ImageLike, float]]
"""One picture, or several: each alone, with its share as a pair, or as a `Style`."""


def listed(styles: Styles) -> list[Style]:
    """Every style with its share and mask; InputError where there is none, or no share to paint."""
    several = isinstance(styles, (list, tuple)) and not _is_style(styles)
    given: Sequence[Any] = styles if several else [styles]  # type: ignore[assignment]
    named = [Style(*style) if _is_style(style) else Style(style) for style in given]
    if not named:
        raise InputError("style is an empty list; give at least one picture")
    for style in named:
        if not 0 <= style.share < math.inf:
            raise InputError(f"a style's share is {style.share}; give a number from 0 upwards")
    if not any(style.share or style.mask is not None for style in named):
        raise InputError("all styles have a share of 0; give one of them more")
    return named


def _is_style(value: Any) -> bool:
    """Whether a value is one style with its share, as a recipe in JSON has it too."""
    return isinstance(value, (list, tuple)) and 2 <= len(value) <= 3 and isinstance(value[1], Real)


def further(
    name: str, picture: ImageLike | None, share: float, mask: ImageLike | None
) -> list[Style]:
    """A further style from its controls, none where no picture is chosen; InputError naming it."""
    if picture is not None:
        return [Style(picture, share, mask)]
    if mask is not None:
        raise InputError(f"a mask needs a {name} style to paint with; choose one or clear the mask")
    return []


@dataclass(frozen=True)
class StyleSource:
    """A style (1, 3, h, w); its share beside others, or a mask (1, 1, H, W) of its own."""

    picture: Tensor
    share: float = 1.0
    mask: Tensor | None = None

    def scaled(self, side: float, min_side: int) -> StyleSource:
        """Its longer side `side` pixels, never enlarged but to `min_side` for the shorter one."""
        height, width = self.picture.shape[-2:]
        ratio = max(min(1.0, side / max(height, width)), min_side / min(height, width))
        picture = images.scaled(self.picture, round(height * ratio), round(width * ratio))
        return replace(self, picture=picture)


def sources(styles: Sequence[Style], content: Tensor, colors: str) -> Iterator[StyleSource]:
    """The styles of a painting of `content` (1, 3, H, W), on its device and in their colors."""
    height, width = content.shape[-2:]
    for picture, share, mask in styles:
        style = colored(opened(picture, content.device), content, colors)
        inside = None if mask is None else images.region(mask, height, width, content.device)
        yield StyleSource(style, share, inside)


def opened(picture: ImageLike, device: torch.device) -> Tensor:
    """A style (1, 3, H, W); InputError where it is too small to have one."""
    loaded = images.load_at_least(picture, STYLE_SIDE, "style")
    if max(loaded.size) > 2048:
        loaded = images.resize(loaded, 2048)
    return images.to_tensor(loaded, device)


def colored(style: Tensor, content: Tensor, colors: str) -> Tensor:
    """A style for a painting of `content`: "mine" its brightness alone, "matched" its palette."""
    if colors == "mine":
        return hues.match_luminance(hues.luminance(style), hues.luminance(content))
    return hues.match_colors(style, content) if colors == "matched" else style


def regions(
    spec: StyleSpec, styles: Sequence[StyleSource], height: int, width: int
) -> list[Region]:
    """Masked styles have their insides, which overlap in equal parts; the others blend around."""
    if not spec.weights["style"]:
        return []
    placed = [
        (style.picture, images.scaled(style.mask, height, width))
        for style in styles
        if style.mask is not None
    ]
    blended = [style for style in styles if style.mask is None and style.share]
    inside, around = [], None
    if placed:
        covered = torch.stack([mask for _, mask in placed]).sum(0)
        inside = [
            Region(spec.targets_of([picture], [1.0]), mask / covered.clamp(min=1))
            for picture, mask in placed
        ]
        around = 1 - covered.clamp(max=1)
    if not blended or (around is not None and not around.any()):
        return inside
    targets = spec.targets_of([s.picture for s in blended], [s.share for s in blended])
    return [*inside, Region(targets, around)]
