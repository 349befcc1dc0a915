"""What a page shows while the browser builds it, which takes seconds: its name and its picture."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from PIL import Image

from phosphene.ui import html
from phosphene.ui.scripts import script
from phosphene.ui.views import alike

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
SCRIPT = script("curtain")  # read once, not for every visitor


def curtain(title: str, idea: str, picture: Path, before: Path | None) -> str:
    """A curtain over the page, as HTML for its body: the picture as it forms out of `before`.

    The page's own files are named as the page itself names them: they come once.
    """
    pictures = [before, picture] if before and _one_over_the_other(before, picture) else [picture]
    shown = "".join(f'<img src="{html.address(path)}" alt="" />' for path in pictures)
    return (
        f'<div id="ph-curtain" aria-hidden="true"><style>{STYLE}</style>'
        f"<p><b>{escape(title)}</b>{escape(idea)}</p><div>{shown}</div>"
        f"<script>{SCRIPT}</script></div>"
    )


@cache
def _one_over_the_other(before: Path, after: Path) -> bool:
    with Image.open(before) as one, Image.open(after) as other:
        return alike(one.size, other.size)
