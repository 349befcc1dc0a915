"""Contact sheets: pictures of one size in rows, each above its caption."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from phosphene.frame import Panel
from phosphene.images.io import to_image

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GAP, SIZE, LEADING = 6, 13, 17
INK = (60, 60, 60)
CARD_GAP, CARD_FOOT = 8, 44
"""Pixels between the two pictures of a card, and below them."""


def contact_sheet(panels: Sequence[Panel], columns: int, count: int = 0) -> Image.Image:
    """Panels in rows of `columns` on white, with room for `count` of them.

    A caption may have several lines; one that is wider than its picture is cut.
    """
    width, height = panels[0].image.size
    lines = max(2 if "\n" in panel.caption else 1 for panel in panels)
    rows = -(-max(count, len(panels)) // columns)
    cell = height + lines * LEADING + 4
    across = min(columns, max(count, len(panels)))
    page = Image.new("RGB", (across * (width + GAP) - GAP, rows * (cell + GAP) - GAP), "white")
    draw = ImageDraw.Draw(page)
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        left, top = column * (width + GAP), row * (cell + GAP)
        page.paste(panel.image, (left, top))
        for number, line in enumerate(panel.caption.split("\n")[:lines]):
            place = (left + 2, top + height + 2 + number * LEADING)
            draw.text(place, cut(line, width - 4, font(SIZE)), fill=INK, font=font(SIZE))
    return page


def cut(text: str, width: float, letters: Font) -> str:
    """The text, or as much of it as fits into `width` pixels with an ellipsis."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@cache
def font(size: int) -> Font:
    """The default letters at a size in pixels."""
    return ImageFont.load_default(size)


def show(tensor: Tensor) -> Image.Image:
    """One picture as it is, a batch (N, 3, H, W) as a nearly square sheet."""
    count = tensor.shape[0]
    return to_image(tensor) if count == 1 else sheet(tensor, math.ceil(math.sqrt(count)))


def sheet(tensor: Tensor, columns: int, gap: int = 4) -> Image.Image:
    """A batch (N, 3, H, W) in [0, 1] laid out in rows of `columns` on white."""
    count, _, height, width = tensor.shape
    rows = -(-count // columns)
    size = (columns * (width + gap) - gap, rows * (height + gap) - gap)
    page = Image.new("RGB", size, "white")
    for index, item in enumerate(tensor):
        row, column = divmod(index, columns)
        page.paste(to_image(item), (column * (width + gap), row * (height + gap)))
    return page


def card(before: Image.Image, after: Image.Image, title: str, longest: int = 1600) -> Image.Image:
    """Before and after as one picture to post, side by side or one below the other, with a title.

    Both have the size of the result, or less where the card's longer side would pass `longest`.
    """
    wide = after.width > after.height
    side = (longest - CARD_GAP) // 2
    across, down = (longest, side) if wide else (side, longest)
    ratio = min(across / after.width, down / after.height, 1.0)
    size = max(1, round(after.width * ratio)), max(1, round(after.height * ratio))
    step = (0, size[1] + CARD_GAP) if wide else (size[0] + CARD_GAP, 0)
    whole = size[0] + step[0], size[1] + step[1] + CARD_FOOT
    page = Image.new("RGB", whole, "white")
    for number, picture in enumerate((before, after)):
        page.paste(picture.convert("RGB").resize(size), (number * step[0], number * step[1]))
    draw = ImageDraw.Draw(page)
    letters = font(20)
    place = (10, whole[1] - CARD_FOOT // 2)
    draw.text(place, cut(title, whole[0] - 20, letters), fill=INK, font=letters, anchor="lm")
    return page
