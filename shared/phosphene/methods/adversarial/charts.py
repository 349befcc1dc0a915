"""Small drawings: curves over a budget, a map of classes with its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from phosphene.images.sheets import INK, cut, font

COLORS = (
    (217, 72, 15),
    (16, 152, 173),
    (112, 72, 232),
    (43, 138, 62),
    (194, 37, 92),
    (230, 170, 20),
    (70, 100, 200),
    (140, 110, 90),
)
OTHERS = (150, 150, 150)
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 420, 60, 52, 48


def curves(points: Sequence[Mapping[str, float]], mark: int | None) -> Image.Image:
    """Probabilities over budgets 0, 1, 2, ... gray levels, the budget `mark` set off."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    right, floor = WIDTH - 24, HEIGHT - BOTTOM

    def place(index: int, value: float) -> tuple[float, float]:
        across = LEFT + (right - LEFT) * index / max(len(points) - 1, 1)
        return across, floor - (floor - TOP) * value

    for share in (0.0, 0.5, 1.0):
        y = place(0, share)[1]
        draw.line((LEFT, y, right, y), fill=(225, 225, 225))
        draw.text((LEFT - 8, y), f"{share:.0%}", fill=INK, font=font(13), anchor="rm")
    every = max(1, len(points) // 12)
    for index in range(0, len(points), every):
        draw.text((place(index, 0)[0], floor + 8), str(index), fill=INK, font=font(13), anchor="ma")
    draw.text(((LEFT + right) / 2, HEIGHT - 6), "gray levels of 255", INK, font(13), anchor="ms")
    if mark is not None and mark < len(points):
        x = place(mark, 0)[0]
        draw.line((x, TOP - 6, x, floor), fill=INK, width=1)
        anchor = "ra" if x > WIDTH / 2 else "la"
        draw.text((x, TOP - 24), f" {mark} is enough ", INK, font(13), anchor=anchor)
    left = float(LEFT)
    for name, color in zip(points[0], COLORS, strict=False):
        line = [place(index, point[name]) for index, point in enumerate(points)]
        if len(line) > 1:
            draw.line(line, fill=color, width=3)
        for x, y in line:
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=color)
        draw.ellipse((left, 10, left + 10, 20), fill=color)
        draw.text((left + 16, 15), cut(name, 280, font(14)), fill=INK, font=font(14), anchor="lm")
        left += 320
    return page


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
