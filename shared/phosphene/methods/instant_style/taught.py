"""Brushes that were taught: those that come along, and the knob that takes one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from phosphene.knobs import BrushChoice
from phosphene.networks import brush_file

FOLDER = Path(__file__).parent / "brushes"
"""Written by `python docs/brushes.py`."""


@cache
def shipped() -> tuple[tuple[str, str], ...]:
    """Name and text of every brush that comes along."""
    brushes = [brush_file.load(path) for path in sorted(FOLDER.glob(f"*{brush_file.SUFFIX}"))]
    return tuple((brush.name, brush_file.write(brush)) for brush in brushes)


def _text(_: str, value: Any) -> str:
    return brush_file.write(brush_file.given(value))


BRUSH = BrushChoice(
    label="A brush",
    help="one that was taught: of your shelf, from a file, or as its text",
    options=shipped(),
    longest=brush_file.LONGEST,
    other=_text,
)
"""A program may give a `Brush`, or the `Path` of a file, where the page has the text."""

BrushText: TypeAlias = Annotated[str, BRUSH]
