"""A - B + C with faces: what one has and another has not, added to a third."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from PIL import Image, ImageDraw

from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import INK, font
from phosphene.knobs import Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.attributes import Portrait, coded, faces
from phosphene.methods.vae.case import prepare, shown, unlike
from phosphene.networks.autoencoders.datasets import ATTRIBUTES

SIDE, SIGN = 168, 40


@method
def arithmetic(
    first: Portrait,
    second: Annotated[ImageLike, Picture(label="Minus this one")],
    third: Annotated[ImageLike, Picture(label="Plus this one")],
    *,
    strength: Annotated[
        float, Range(0, 3, 0.05, label="Strength", help="of the difference that is added")
    ] = 1.0,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Add the difference of two faces' codes to a third one's, and decode the sum (1511.06434).

    Two single faces differ in much: all of it goes over. Beside it the same sum in pixels.
    """
    codes, known_ones = faces(device)
    pictures = (first, second, third)
    x = torch.cat([prepare(picture, codes.model).cpu() for picture in pictures])
    one, two, three = coded(codes, pictures)[:, None]
    summed = three + strength * (one - two)
    rebuilt = codes.decode(torch.cat([one, two, three, summed]))
    pixels = (x[2:] + strength * (x[:1] - x[1:2])).clamp(0, 1)
    large = shown(torch.cat([x, rebuilt[3:], pixels]), SIDE)
    told = known_ones.read(torch.cat([one, two, three, summed]))
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *(round(float(value), 2) for value in column))
        for name, column in zip(ATTRIBUTES, told.T, strict=True)
    )
    errors = (rebuilt[:3] - x).square().flatten(1).mean(1)
    names = ("the first", "the second", "the third", "in codes", "in pixels")
    panels = tuple(Panel(*pair) for pair in zip(large, names, strict=True))
    head = ("", "first", "second", "third", "sum")
    yield Frame(
        _equation(large),
        note=unlike(codes.model.name, float(errors.max()), device),
        panels=panels,
        tables=(Table("Read off the codes, from -1 to 1", head, rows),),
    )


def _equation(tiles: list[Image.Image]) -> Image.Image:
    """The sum as it is written."""
    page = Image.new("RGB", (4 * SIDE + 3 * SIGN, SIDE), "white")
    draw = ImageDraw.Draw(page)
    for number, (tile, sign) in enumerate(zip(tiles[:4], ("-", "+", "=", ""), strict=True)):
        left = number * (SIDE + SIGN)
        page.paste(tile, (left, 0))
        draw.text((left + SIDE + SIGN / 2, SIDE / 2), sign, INK, font(30), anchor="mm")
    return page
