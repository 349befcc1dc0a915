"""The walk as one picture: every layer's reconstruction with its name, and the curve over depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from phosphene.images.sheets import cut, font

INK, FAINT, WARM, COOL, EMPTY = "#1f2933", "#8a94a0", "#d9480f", "#1098ad", "#f5f7f9"
GAP, LABEL = 10, 22


@dataclass(frozen=True)
class Reconstruction:
    """The picture that a layer remembers: its PSNR in dB, and how far its features are off.

    Before its first picture there is none, and figures are NaN.
    """

    layer: str
    image: Image.Image | None = None
    psnr: float = math.nan
    error: float = math.nan


def poster(rows: Sequence[tuple[str, Image.Image, Sequence[Reconstruction]]]) -> Image.Image:
    """One strip below the other, each of (title, original, reconstructions)."""
    strips = [strip(*row) for row in rows]
    page = Image.new("RGB", (max(s.width for s in strips), sum(s.height for s in strips)), "white")
    top = 0
    for item in strips:
        page.paste(item, (0, top))
        top += item.height
    return page


def strip(title: str, original: Image.Image, made: Sequence[Reconstruction]) -> Image.Image:
    """The original, the reconstructions in reading order in rows of at most six, then the curve."""
    width, height = original.size
    count = len(made) + 2
    columns = min(count, 6)
    rows = -(-count // columns)
    cell = (width + GAP, height + LABEL + GAP)
    page = Image.new("RGB", (columns * cell[0] + GAP, rows * cell[1] + LABEL + GAP), "white")
    draw = ImageDraw.Draw(page)
    draw.text((GAP, GAP), title, INK, font(15))
    empty = Image.new("RGB", (width, height), EMPTY)
    tiles = [("your picture", "", original)]
    tiles += [(r.layer, f"{r.psnr:.1f} dB" if r.image else "", r.image or empty) for r in made]
    tiles += [("PSNR", "error", curve(made, (width, height)))]
    for index, (name, figure, picture) in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = GAP + column * cell[0], LABEL + GAP + row * cell[1]
        page.paste(picture, (left, top))
        last = index == len(tiles) - 1
        room = width - font(13).getlength(figure) - 6
        named = cut(name, room, font(13))
        draw.text((left, top + height + 3), named, WARM if last else INK, font(13))
        color = COOL if last else FAINT
        draw.text((left + width, top + height + 3), figure, color, font(13), anchor="ra")
    return page


def curve(made: Sequence[Reconstruction], size: tuple[int, int]) -> Image.Image:
    """PSNR (0 to 45 dB) and the root of the feature error (0 to 1) over depth."""
    picture = Image.new("RGB", size, EMPTY)
    draw = ImageDraw.Draw(picture)
    width, height = size
    values = (
        (WARM, [r.psnr / 45 for r in made]),
        (COOL, [r.error**0.5 for r in made]),
    )
    for color, shares in values:
        points = [
            (
                12 + (width - 24) * index / max(1, len(shares) - 1),
                height - 12 - (height - 24) * min(max(share, 0.0), 1.0),
            )
            for index, share in enumerate(shares)
            if math.isfinite(share)
        ]
        if len(points) > 1:
            draw.line(points, color, 2)
        for x, y in points:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), color)
    return picture
