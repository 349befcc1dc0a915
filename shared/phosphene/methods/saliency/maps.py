"""Maps as pictures: one number a pixel, an honest scale, colors that the eye reads in order."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene import images
from phosphene.images.colors import luminance
from phosphene.images.filters import blur
from phosphene.images.sheets import INK, SIZE, font

SHARE = 0.99
"""Pixels below the top of the scale: the few above it do not make all others dark."""

# Points of matplotlib's inferno and viridis (CC0, van der Walt and Smith 2015), evenly spaced,
# and of ColorBrewer's RdBu (Apache-2.0, Brewer 2002) from blue to red.
_POINTS = {
    "inferno": "000004 1f0c48 550f6d 88226a ba3655 e35933 f98e09 f9cb35 fcffa4",
    "viridis": "440154 472c7a 3b518b 2c718e 21908d 27ad81 5cc863 aadc32 fde725",
    "gray": "000000 ffffff",
    "blue_red": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
}
DIVERGING = ("blue_red",)
HIGH = 0.2
"""The share of its top that all of a map has to exceed for its scale not to begin at zero."""
LIFT = 0.7
"""The power of a map's magnitude by which it covers its picture: faint parts are still seen."""
COLORS = ("automatic", *_POINTS)
"""`automatic`: blue_red where a sign means something, inferno where it does not."""


def reduced(values: Tensor, signed: bool) -> Tensor:
    """An attribution (1, C, H, W) as a map (H, W): the sum over channels, or the largest size."""
    return values[0].sum(0) if signed else values[0].abs().amax(0)


def scale(heat: Tensor) -> float:
    """The top of a map's scale: a high percentile of its magnitudes; 0 where all is zero."""
    sizes = heat.detach().abs().flatten()
    place = min(sizes.numel(), math.ceil(SHARE * sizes.numel()))
    return float(sizes.kthvalue(place).values) or float(sizes.max())


def ground(heat: Tensor) -> float:
    """Where an unsigned map's scale begins: 0, or its low percentile where all of it is high.

    The chance left under random masks is nowhere 0: what tells is where it is higher.
    """
    sizes = heat.detach().abs().flatten()
    low = float(sizes.kthvalue(max(1, int((1 - SHARE) * sizes.numel()))).values)
    return low if low > HIGH * scale(heat) else 0.0


def normalized(heat: Tensor, signed: bool = True) -> Tensor:
    """A map over its scale: signed in [-1, 1], zero at zero; unsigned in [0, 1] from its ground."""
    shown, top = heat.detach().float(), scale(heat)
    low = 0.0 if signed else ground(heat)
    span = top - low
    return ((shown - low) / span if span else shown * 0).clamp(-1.0 if signed else 0.0, 1.0)


def palette(colors: str, signed: bool) -> str:
    """The colors of a map: those asked for, or its own, as where there is no sign to show."""
    if colors == "automatic" or (colors in DIVERGING and not signed):
        return "blue_red" if signed else "inferno"
    return colors


def colored(heat: Tensor, colors: str) -> Tensor:
    """A normalized map (H, W) -> RGB (1, 3, H, W); colors without a middle show its magnitude."""
    points = _table(colors).to(heat.device)
    place = (heat + 1) / 2 if colors in DIVERGING else heat.abs()
    place = place.clamp(0, 1) * (len(points) - 1)
    below = place.floor().long().clamp(max=len(points) - 2)
    share = (place - below)[..., None]
    mixed = points[below] * (1 - share) + points[below + 1] * share
    return mixed.permute(2, 0, 1)[None].contiguous()


def overlay(
    picture: Tensor, heat: Tensor, opacity: float, colors: str, gray: bool = True
) -> Tensor:
    """A normalized map (H, W) over its picture (1, 3, H, W): what is zero lets the picture through.

    The picture is gray, so that every color in sight is the map's, and faint: dark below colors
    that begin in the dark, light below those that begin in the light.
    """
    base = faint(picture, colors) if gray else picture
    strength = opacity * heat.abs() ** LIFT
    return base * (1 - strength) + colored(heat, colors) * strength


def faint(picture: Tensor, colors: str) -> Tensor:
    """The picture (1, 3, H, W) in gray, as a ground for a map of such colors."""
    light = luminance(picture)
    return 1 - (1 - light) * 0.5 if colors in DIVERGING else light * 0.65


def smoothed(heat: Tensor, pixels: float) -> Tensor:
    """A map (H, W) blurred by a Gaussian of so many pixels, as it was where that is 0."""
    return blur(heat[None, None], pixels)[0, 0] if pixels else heat


def enlarged(heat: Tensor, height: int, width: int) -> Tensor:
    """A normalized map (H, W) resampled smoothly to another size, in its own range."""
    if heat.shape == (height, width):
        return heat
    fine = F.interpolate(heat[None, None], (height, width), mode="bicubic", align_corners=False)
    return fine[0, 0].clamp(float(heat.min()), float(heat.max()))


def strongest(heat: Tensor, share: float, signed: bool) -> Tensor:
    """Where a map (H, W) is among its highest `share` of pixels; unsigned by magnitude."""
    order = heat if signed else heat.abs()
    count = max(1, round(share * order.numel()))
    chosen = torch.zeros(order.numel(), dtype=torch.bool, device=order.device)
    chosen[order.flatten().topk(count).indices] = True
    return chosen.view_as(order)


def legend(low: float | None, top: float | None, colors: str, width: int) -> Image.Image:
    """A strip of the colors with what its ends stand for, in words where it is for several maps."""
    both = colors in DIVERGING
    ramp = torch.linspace(-1.0 if both else 0.0, 1, width)
    strip = images.to_image(colored(ramp.expand(12, width), colors))
    page = Image.new("RGB", (width, 12 + SIZE + 8), "white")
    page.paste(strip, (0, 0))
    draw = ImageDraw.Draw(page)
    if low is None or top is None:
        words = ("against", "0", "for") if both else ("low", "", "high, on each map's own scale")
    else:
        words = (
            (f"{low:.2g} against", "0", f"for {top:.2g}")
            if both
            else (f"{low:.2g}", "", f"{top:.2g}")
        )
    for x, anchor, text in zip((1, width / 2, width - 1), ("la", "ma", "ra"), words, strict=True):
        draw.text((x, 15), text, fill=INK, font=font(SIZE), anchor=anchor)
    return page


def _table(colors: str) -> Tensor:
    """A palette's points (N, 3) in [0, 1]."""
    return torch.tensor([list(bytes.fromhex(point)) for point in _POINTS[colors].split()]) / 255
