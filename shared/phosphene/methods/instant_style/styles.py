"""What an instant painting is painted with: styles of either network, blended and put in places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from phosphene import images
from phosphene.images import ImageLike
from phosphene.networks.any_style import AnyStyle, load_any_style
from phosphene.networks.brush import Brush, blend
from phosphene.networks.stylizer import STYLES, Stylizer, load_stylizer

NONE = "none"
SMALLEST = 32
"""A painting needs at least this many pixels a side to say anything about brushwork."""


@dataclass(frozen=True, eq=False)
class Painter:
    """A brush of the one network, or a painting's code (100,) for the other; its share and mask.

    With a mask (1, 1, H, W) it paints there alone, and the share says nothing.
    """

    style: Brush | Tensor
    share: float = 1.0
    mask: Tensor | None = None


def brush_of(style: str, device: torch.device) -> Brush:
    """One of the 26 styles by its name."""
    return load_stylizer(device).brushes[STYLES.index(style)]


def code_of(painting: ImageLike, device: torch.device) -> Tensor:
    """A painting's style (100,), read off the middle of it; InputError where it is too small."""
    picture = images.load_at_least(painting, SMALLEST, "painting")
    return load_any_style(device).code(images.to_tensor(picture, device))


def corners(across: float, down: float) -> tuple[float, float, float, float]:
    """Shares of four styles at the corners of a square, left to right and top to bottom."""
    return (
        (1 - across) * (1 - down),
        across * (1 - down),
        (1 - across) * down,
        across * down,
    )


@torch.no_grad()
def painted(photo: Tensor, painters: Sequence[Painter]) -> Tensor:
    """A photograph (1, 3, H, W) painted by the blend of all without a mask, then by the others.

    A blend within a network is one pass in the mean style; between both networks the two pictures
    are mixed. Where masks overlap the later one is on top.
    """
    blended = [p for p in painters if p.mask is None and p.share > 0]
    x = _blended(photo, blended) if blended else photo
    for painter in painters:
        if painter.mask is not None:
            x = torch.lerp(x, _blended(photo, [Painter(painter.style)]), painter.mask)
    return x


def _blended(photo: Tensor, painters: Sequence[Painter]) -> Tensor:
    brushes = [(p.style, p.share) for p in painters if isinstance(p.style, Brush)]
    codes = [(p.style, p.share) for p in painters if isinstance(p.style, Tensor)]
    parts: list[tuple[Tensor, float]] = []
    if brushes:
        stylizer: Stylizer = load_stylizer(photo.device)
        shares = [share for _, share in brushes]
        mixed = blend([brush for brush, _ in brushes], shares, stylizer.last)
        parts.append((stylizer.paint_with(photo, mixed), sum(shares)))
    if codes:
        anyone: AnyStyle = load_any_style(photo.device)
        total = sum(share for _, share in codes)
        code = torch.stack([code * (share / total) for code, share in codes]).sum(0)
        parts.append((anyone.paint(photo, code), total))
    whole = sum(share for _, share in parts)
    return torch.stack([picture * (share / whole) for picture, share in parts]).sum(0)
