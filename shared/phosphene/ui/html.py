"""Small pieces of the page as HTML: progress, loss plot, measures, badge; all text escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from phosphene.frame import Frame, Panel, Table

COLORS = ("#d9480f", "#1098ad", "#7048e8", "#2b8a3e", "#c2255c", "#5f6b7a")
WIDTH, HEIGHT, LEFT, BOTTOM = 520, 240, 58, 28


def escaped(text: str) -> str:
    """Text for where a component would read it as HTML."""
    return escape(text)


def address(path: Path) -> str:
    """Where a page finds a file of its own: relative, so that it holds behind any proxy."""
    return f"gradio_api/file={quote(str(path))}"  # which leaves nothing for HTML to escape


def format_duration(seconds: float) -> str:
    """A duration as people say it."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60:02d} s"


def status(text: str, part: float = 0.0, state: str = "idle") -> str:
    """A line of text over a thin bar that is filled by `part`."""
    width = f"{100 * min(max(part, 0.0), 1.0):.1f}%"
    return (
        f'<div class="ph-status ph-{state}" role="status"><div class="ph-bar">'
        f'<i style="width:{width}"></i></div><span>{escape(text)}</span></div>'
    )


def running(frame: Frame) -> str:
    """Step, time left and the method's note."""
    parts = [f"step {frame.step} of {frame.steps}"]
    if 0 < frame.step < frame.steps:
        parts.append(f"{format_duration(frame.remaining)} left")
    parts += [frame.note] if frame.note else []
    return status(" · ".join(parts), frame.step / max(frame.steps, 1), "running")


def waiting(place: int, of: int, seconds: float) -> str:
    """The place in the queue and how long it takes until there."""
    whose = "Next in line" if place == 1 else f"Number {place} of {of} in line"
    return status(f"{whose} · about {format_duration(max(seconds, 1))}", state="running")


def captions(panels: Sequence[Panel]) -> str:
    """The words over several panels, with what is to be said of each; the first ones show."""
    return "".join(
        f'<div class="ph-caption"{" hidden" * (number > 0)}>{escape(panel.caption)}'
        f"{f'<p>{escape(panel.note)}</p>' if panel.note else ''}</div>"
        for number, panel in enumerate(panels)
    )


def table(table: Table) -> str:
    """A table with its title; numbers to four digits, in a column that lines up."""
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return (
        f'<div class="ph-table"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="ph-number">{value:.4g}</td>'


def measures(metrics: Mapping[str, float]) -> str:
    """The frame's metrics as a row of figures."""
    cells = (
        f"<div><b>{value:.4g}</b><span>{escape(name)}</span></div>"
        for name, value in metrics.items()
    )
    return f'<div class="ph-measures">{"".join(cells)}</div>' if metrics else ""


def badge(weights: Sequence[str], device: str) -> str:
    """Quiet lines: which weights, from where, under which license, and on what device."""
    lines = [*weights[:-1], " · ".join(part for part in (*weights[-1:], device) if part)]
    text = "<br>".join(escape(line) for line in lines if line)
    return f'<div class="ph-badge">{text}</div>' if text else ""


def plot(history: Sequence[Mapping[str, float]]) -> str:
    """The loss as SVG, one line per term; the vertical axis is logarithmic over wide ranges."""
    rows = history[:: max(1, len(history) // 200)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [row[name] for row in rows for name in row if math.isfinite(row[name])]
    if len(rows) < 2 or not values:
        return ""
    low, high = min(values), max(values)
    log = low > 0 and high / low > 50
    scale = math.log10 if log else float
    floor, span = scale(low), (scale(high) - scale(low)) or 1.0

    def point(index: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 8) * index / (len(rows) - 1)
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 12) * (scale(value) - floor) / span
        return f"{x:.1f},{y:.1f}"

    lines, legend = [], []
    for name, color in zip(names, COLORS * (1 + len(names) // len(COLORS)), strict=False):
        points = [
            point(index, row[name])
            for index, row in enumerate(rows)
            if name in row and math.isfinite(row[name])
        ]
        title = f"<title>{escape(name)}</title>"
        lines.append(f'<polyline points="{" ".join(points)}" stroke="{color}">{title}</polyline>')
        legend.append(f'<span><i style="background:{color}"></i>{escape(name)}</span>')
    ticks = "".join(
        f'<text x="{LEFT - 8}" y="{point(0, value).split(",")[1]}" class="ph-y">{value:.3g}</text>'
        for value in (low, high)
    )
    note = "log scale" if log else ""
    return (
        f'<figure class="ph-plot"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Loss by step"><path d="M{LEFT} 8V{HEIGHT - BOTTOM}H{WIDTH - 8}"/>'
        f'{"".join(lines)}{ticks}<text x="{LEFT}" y="{HEIGHT - 6}">step 1</text>'
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" class="ph-y">{len(history)}</text></svg>'
        f"<figcaption>{''.join(legend)}<em>{note}</em></figcaption></figure>"
    )
