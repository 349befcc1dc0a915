"""What the pointer finds on a picture: sheets of small pictures, where the browser looks."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

from phosphene.frame import Glimpses
from phosphene.ui import html


def sheets(found: Sequence[Glimpses]) -> str:
    """The sheets of a frame as HTML, with the part of the picture that each covers."""
    return "".join(
        _sheet(one.count, one.box, f"data:image/webp;base64,{b64encode(one.sheet).decode()}")
        for one in found
    )


def keep(found: Sequence[Glimpses], picture: Path) -> None:
    """Write the sheets of a picture that is made beforehand beside it."""
    told = []
    for number, one in enumerate(found):
        path = picture.with_suffix(f".{number}.webp")
        path.write_bytes(one.sheet)
        told.append({"count": one.count, "box": one.box, "sheet": path.name})
    _told(picture).write_text(json.dumps(told) + "\n", encoding="utf-8")


def beside(picture: Path) -> str:
    """The sheets beside a picture as HTML: each is fetched when the pointer first needs it."""
    if not _told(picture).is_file():
        return ""
    told = json.loads(_told(picture).read_text(encoding="utf-8"))
    return "".join(
        _sheet(o["count"], o["box"], html.address(picture.parent / o["sheet"])) for o in told
    )


def _told(picture: Path) -> Path:
    return picture.with_suffix(".glimpses.json")


def _sheet(count: int, box: Sequence[float], source: str) -> str:
    shares = " ".join(f"{share:.5f}" for share in box)
    return f'<i data-count="{count}" data-box="{shares}" data-sheet="{escape(source)}"></i>'
