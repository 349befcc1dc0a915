"""Small drawings: curves over a budget, a map of classes with its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from phosphene.images.charts import chart
from phosphene.images.sheets import INK, cut, font

OTHERS = (150, 150, 150)


def curves(points: Sequence[Mapping[str, float]], mark: int | None) -> Image.Image:
    """Probabilities over budgets 0, 1, 2, ... gray levels, the budget `mark` set off."""
    return chart(
        {name: [point[name] for point in points] for name in points[0]},
        [str(index) for index in range(len(points))],
        "gray levels of 255",
        mark=None if mark is None else (mark, f"{mark} is enough"),
    )


def legend(picture: Image.Image, names: Sequence[tuple[str, tuple[int, int, int]]]) -> Image.Image:
    """A picture with the names of its colors below it."""
    rows = -(-len(names) // 2)
    page = Image.new("RGB", (picture.width, picture.height + 24 * rows + 8), "white")
    page.paste(picture, (0, 0))
    draw = ImageDraw.Draw(page)
    half = picture.width // 2
    for index, (name, color) in enumerate(names):
        row, column = divmod(index, 2)
        x, y = column * half + 6, picture.height + 8 + 24 * row
        draw.rectangle((x, y, x + 14, y + 14), fill=color)
        draw.text((x + 22, y + 7), cut(name, half - 36, font(14)), INK, font(14), anchor="lm")
    return page
