"""Charts drawn with plain lines: values over steps, with their names above them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PIL import Image, ImageDraw

from phosphene.images.sheets import INK, cut, font

Color = tuple[int, int, int]

COLORS: tuple[Color, ...] = (
    (217, 72, 15),
    (16, 152, 173),
    (112, 72, 232),
    (43, 138, 62),
    (194, 37, 92),
    (230, 170, 20),
    (70, 100, 200),
    (140, 110, 90),
)
QUIET: tuple[Color, ...] = ((165, 165, 165), (105, 105, 105))
FAINT: Color = (225, 225, 225)
WIDTH, HEIGHT, LEFT, BOTTOM = 760, 420, 60, 48
ROW, DOTS = 22, 20
"""Pixels of a row of names, and the most points that are drawn as dots."""


def chart(
    lines: Mapping[str, Sequence[float]],
    ticks: Sequence[str],
    foot: str,
    *,
    low: float = 0.0,
    high: float = 1.0,
    percent: bool = True,
    mark: tuple[int, str] | None = None,
    quiet: Collection[str] = (),
) -> Image.Image:
    """Lines of as many points as there are ticks, from `low` to `high`; shorter ones break off.

    `foot` names what runs from left to right, `mark` is a point set off and why; quiet lines are
    thin and gray: what the others are compared with.
    """
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    columns = 2 if len(lines) < 3 else 3
    top = 30 + ROW * -(-len(lines) // columns)
    right, floor = WIDTH - 24, HEIGHT - BOTTOM

    def place(index: int, value: float) -> tuple[float, float]:
        across = LEFT + (right - LEFT) * index / max(len(ticks) - 1, 1)
        share = (value - low) / (high - low or 1)
        return across, floor - (floor - top) * min(max(share, 0.0), 1.0)

    for value in (low, (low + high) / 2, high):
        y = place(0, value)[1]
        draw.line((LEFT, y, right, y), fill=FAINT)
        said = f"{value:.0%}" if percent else f"{value:.2g}"
        draw.text((LEFT - 8, y), said, fill=INK, font=font(13), anchor="rm")
    every = max(1, len(ticks) // 12)
    for index in range(0, len(ticks), every):
        at = (place(index, low)[0], floor + 8)
        draw.text(at, ticks[index], fill=INK, font=font(13), anchor="ma")
    draw.text(((LEFT + right) / 2, HEIGHT - 6), foot, INK, font(13), anchor="ms")
    if mark is not None and mark[0] < len(ticks):
        x = place(mark[0], low)[0]
        draw.line((x, top - 6, x, floor), fill=INK, width=1)
        anchor = "ra" if x > WIDTH / 2 else "la"
        draw.text((x, top - 24), f" {mark[1]} ", INK, font(13), anchor=anchor)
    for number, (name, color) in enumerate(colored(lines, quiet)):
        points = [place(index, value) for index, value in enumerate(lines[name])]
        if len(points) > 1:
            draw.line(points, fill=color, width=2 if name in quiet else 3)
        for x, y in points if len(points) <= DOTS else ():
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=color)
        row, column = divmod(number, columns)
        width = (right - LEFT) / columns
        left, middle = LEFT + column * width, 15 + ROW * row
        draw.ellipse((left, middle - 5, left + 10, middle + 5), fill=color)
        said = cut(name, width - 30, font(14))
        draw.text((left + 16, middle), said, fill=INK, font=font(14), anchor="lm")
    return page


def colored(lines: Mapping[str, object], quiet: Collection[str]) -> list[tuple[str, Color]]:
    """Each line's name and color; a name keeps its color while lines are added."""
    loud = [name for name in lines if name not in quiet]
    gray = [name for name in lines if name in quiet]
    colors = {name: COLORS[place % len(COLORS)] for place, name in enumerate(loud)}
    colors |= {name: QUIET[place % len(QUIET)] for place, name in enumerate(gray)}
    return [(name, colors[name]) for name in lines]


def stacked(charts: Sequence[Image.Image]) -> Image.Image:
    """Charts one below the other, as one picture."""
    page = Image.new("RGB", (charts[0].width, sum(chart.height for chart in charts)), "white")
    top = 0
    for one in charts:
        page.paste(one, (0, top))
        top += one.height
    return page
