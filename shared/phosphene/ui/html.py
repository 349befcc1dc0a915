"""Small pieces of the page as HTML: progress, loss plot, measures, badge; all text escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from phosphene.frame import Frame
from phosphene.networks import registry

COLORS = ("#d9480f", "#1098ad", "#7048e8", "#2b8a3e", "#c2255c", "#5f6b7a")
WIDTH, HEIGHT, LEFT, BOTTOM = 520, 240, 58, 28


def spoken(seconds: float) -> str:
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
        parts.append(f"{spoken(frame.remaining)} left")
    parts += [frame.note] if frame.note else []
    return status(" · ".join(parts), frame.step / max(frame.steps, 1), "running")


def captions(texts: Sequence[str], notes: Sequence[str] = ()) -> str:
    """The words over several pictures, with what is to be said of each; the first ones show."""
    said = [f"<p>{escape(note)}</p>" if note else "" for note in notes] or [""] * len(texts)
    return "".join(
        f'<div class="ph-caption"{" hidden" * (number > 0)}>{escape(text)}{note}</div>'
        for number, (text, note) in enumerate(zip(texts, said, strict=True))
    )


def measures(metrics: Mapping[str, float]) -> str:
    """The frame's metrics as a row of figures."""
    cells = (
        f"<div><b>{value:.4g}</b><span>{escape(name)}</span></div>"
        for name, value in metrics.items()
    )
    return f'<div class="ph-measures">{"".join(cells)}</div>' if metrics else ""


def credit(name: str, weights: str) -> str:
    """What is said of a network's weights, and who made them."""
    made_by = registry.row(name).attribution
    return weights if made_by in weights else f"{weights} · {made_by}"


def badge(weights: str, device: str) -> str:
    """One quiet line: which weights, from where, under which licence, on what device."""
    text = " · ".join(part for part in (weights, device) if part)
    return f'<div class="ph-badge">{escape(text)}</div>' if text else ""


def plot(history: Sequence[Mapping[str, float]]) -> str:
    """The loss as SVG, one line per term; the vertical axis is logarithmic over wide ranges."""
    rows = history[:: max(1, len(history) // 200)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [row[name] for row in rows for name in row if math.isfinite(row[name])]
    if len(rows) < 2 or not values:
        return '<p class="ph-empty">The loss is drawn here while the picture forms.</p>'
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
