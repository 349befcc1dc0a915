"""Rows of small pictures to choose from: photographs, paintings, looks, layers."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image, ImageOps

from phosphene.images import video
from phosphene.ui import html
from phosphene.ui.scripts import script

THUMB = (184, 138)
"""Width and height of a thumbnail in pixels, twice what is shown."""
FILMS = (".mp4", ".mov", ".webm")


@dataclass(frozen=True)
class Item:
    """What a strip offers: its name, and a picture if there is one."""

    name: str
    picture: Path | None = None


def strip(
    label: str,
    items: Sequence[Item],
    *,
    captions: bool = False,
    one_row: bool = False,
    visible: bool = True,
) -> gr.HTML:
    """Buttons in rows, or in one that scrolls; the value is the number of the one chosen last."""
    return gr.HTML(
        None,
        html_template=buttons(label, items, captions),
        js_on_load=script("strip"),
        padding=False,
        visible=visible and bool(items),
        elem_classes=["ph-strip-block", *(["ph-one-row"] if one_row else [])],
    )


def buttons(label: str, items: Sequence[Item], captions: bool = False) -> str:
    """The HTML of a strip; pictures are loaded when they come into sight."""
    cells = "".join(_button(index, item, captions) for index, item in enumerate(items))
    name = escape(label)
    heading = f'<p class="ph-strip-label">{name}</p>' if label else ""
    return f'{heading}<div class="ph-strip" role="group" aria-label="{name}">{cells}</div>'


def _button(index: int, item: Item, captions: bool) -> str:
    name = escape(item.name)
    inner = name
    if item.picture:
        source = html.address(thumbnail(item.picture))
        inner = f'<img src="{source}" alt="" loading="lazy" width="92" height="69" />'
        inner += f"<span>{name}</span>" if captions else ""
    return (
        f'<button type="button" data-index="{index}" title="{name}" aria-label="{name}" '
        f'aria-pressed="false">{inner}</button>'
    )


def folder() -> Path:
    """Where thumbnails are kept for as long as the machine keeps its temporary files."""
    path = Path(tempfile.gettempdir()) / "phosphene-thumbnails"
    path.mkdir(exist_ok=True)
    return path


def _opened(path: Path) -> Image.Image:
    """A picture, or the first one of a film."""
    if path.suffix in FILMS:
        return video.read(path, 2 * THUMB[0], rate=1)[0]
    with Image.open(path) as picture:
        return picture.convert("RGB")


def thumbnail(picture: Path) -> Path:
    """A small WebP of a picture, made once."""
    state = picture.stat()
    key = f"{picture.resolve()} {state.st_mtime_ns} {state.st_size} {THUMB}"
    path = folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.webp"
    if not path.exists():
        small: Any = ImageOps.fit(_opened(picture), THUMB, centering=(0.5, 0.4))
        own = path.with_suffix(f".{id(small)}")
        small.save(own, "WEBP", quality=65, method=4)
        own.replace(path)  # in one move: nobody sees half a picture
    return path
