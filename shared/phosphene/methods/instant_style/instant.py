"""A painting at once: one pass through a network, in a style of its own or like any painting."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Annotated

import torch
from torch import Tensor

from phosphene import device as devices
from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.knobs import Choice, Flag, Mask, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.instant_style.hand import Wish
from phosphene.methods.instant_style.styles import (
    NONE,
    Painter,
    brush_of,
    corners,
    painted,
)
from phosphene.methods.instant_style.taught import BrushText
from phosphene.networks.brush import Brush
from phosphene.networks.stylizer import STYLES

SQUARE = "A square of four"
PLACES = "Styles in places"
FURTHER = (NONE, *STYLES)
FIRST = STYLES[19]


@method
def instant(
    content: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    style: Annotated[
        str, Choice(STYLES, label="Style", help="where neither a painting nor a brush is given")
    ] = FIRST,
    painting: Annotated[
        ImageLike | None, Picture(label="Any painting", help="painted like this one instead")
    ] = None,
    brush: BrushText = "",
    strength: Annotated[
        float, Range(0, 1, 0.05, label="Strength", help="0: your picture itself")
    ] = 1.0,
    keep_colors: Annotated[
        bool, Flag(label="Keep your colors", help="only brightness is painted")
    ] = False,
    size: Annotated[
        int, Range(64, 4096, 32, label="Size", help="longer side, pixels", quick=64)
    ] = 512,
    second: Annotated[
        str, Choice(FURTHER, label="Second style", help="top right", advanced=True, group=SQUARE)
    ] = NONE,
    third: Annotated[
        str, Choice(FURTHER, label="Third style", help="bottom left", advanced=True, group=SQUARE)
    ] = NONE,
    fourth: Annotated[
        str, Choice(FURTHER, label="Fourth style", help="below right", advanced=True, group=SQUARE)
    ] = NONE,
    across: Annotated[
        float,
        Range(0, 1, 0.05, label="To the right", help="the second", advanced=True, group=SQUARE),
    ] = 0.0,
    down: Annotated[
        float, Range(0, 1, 0.05, label="Down", help="the third", advanced=True, group=SQUARE)
    ] = 0.0,
    second_mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Second style only here", advanced=True, group=PLACES),
    ] = None,
    third_mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Third style only here", advanced=True, group=PLACES),
    ] = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint a picture in one pass, in one of 26 styles, like any painting, or with a taught brush.

    arXiv 1610.07629 and 1705.06830. `brush` is a brush's text (in Python also its file or itself);
    it goes before `painting`, and that before `style`. Up to three further styles stand at the
    other corners of a square, `across` and `down` are a place in it; one with a mask paints there
    alone. `strength` fades from the picture to the painting. Nothing is drawn at random.
    """
    began = perf_counter()
    where = devices.pick(device)
    photo = images.to_tensor(images.load(content, size), where)
    if strength:
        first = Wish(style, painting, brush).of(where)
        masks = {"second": second_mask, "third": third_mask}
        painters = _placed(
            first,
            {"second": second, "third": third, "fourth": fourth},
            (across, down),
            masks,
            photo,
        )
        result = painted(photo, painters)
        if keep_colors:
            result = hues.recolor(result, photo)
        photo = torch.lerp(photo, result, strength)
    yield Frame(images.to_image(photo), seconds=perf_counter() - began)


def _placed(
    first: Brush | Tensor,
    further: dict[str, str],
    place: tuple[float, float],
    masks: dict[str, ImageLike | None],
    photo: Tensor,
) -> list[Painter]:
    """All corners with their shares and masks; a corner without a style leaves its share to others.

    A side of the square without any is not there to be walked to. InputError for a mask without a
    style.
    """
    given = {name for name, style in further.items() if style != NONE and masks.get(name) is None}
    across = place[0] if given & {"second", "fourth"} else 0.0
    down = place[1] if given & {"third", "fourth"} else 0.0
    shares = corners(across, down)
    height, width = photo.shape[-2:]
    painters = [Painter(first, shares[0])]
    for share, (name, style) in zip(shares[1:], further.items(), strict=True):
        mask = masks.get(name)
        if style == NONE:
            if mask is not None:
                raise InputError(f"a mask needs a {name} style to paint with; choose one")
            continue
        region = None if mask is None else images.region(mask, height, width, photo.device)
        painters.append(Painter(brush_of(style, photo.device), share, region))
    if not any(p.share for p in painters if p.mask is None):
        painters[0] = Painter(first)
    return painters
