"""Contact sheets: pictures of one size in rows, each above its caption."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GAP, SIZE, LEADING = 6, 13, 17
INK = (60, 60, 60)


def contact_sheet(
    panels: Sequence[tuple[str, Image.Image]], columns: int, count: int = 0
) -> Image.Image:
    """(caption, picture) in rows of `columns` on white, with room for `count` of them.

    A caption may have several lines; one that is wider than its picture is cut.
    """
    width, height = panels[0][1].size
    lines = max(2 if "\n" in caption else 1 for caption, _ in panels)
    rows = -(-max(count, len(panels)) // columns)
    cell = height + lines * LEADING + 4
    across = min(columns, max(count, len(panels)))
    page = Image.new("RGB", (across * (width + GAP) - GAP, rows * (cell + GAP) - GAP), "white")
    draw = ImageDraw.Draw(page)
    for index, (caption, picture) in enumerate(panels):
        row, column = divmod(index, columns)
        left, top = column * (width + GAP), row * (cell + GAP)
        page.paste(picture, (left, top))
        for number, line in enumerate(caption.split("\n")[:lines]):
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
