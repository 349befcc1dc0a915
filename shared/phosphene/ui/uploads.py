"""Pictures and files from visitors: only what was uploaded here, handed over as it came."""

from __future__ import annotations

import base64
import binascii
from abc import ABCMeta
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio import utils as gradio_utils
from PIL import Image

from phosphene import images
from phosphene.errors import PhospheneError

OPACITY = 0.6
"""Of what the brush paints: the picture beneath stays in sight."""
LARGEST_SHOT = 4_000_000
"""Characters of a camera's picture as the browser sends it."""


def safe_path(payload: Any) -> str:
    """The path of an upload or an example; a data URL or any other file is refused.

    Data URLs would slip past the upload limit, and a bare path past Gradio's own check.
    """
    path, url = getattr(payload, "path", None), getattr(payload, "url", None) or ""
    folder = gradio_utils.get_upload_folder()
    if not path or url.startswith("data:"):
        raise gr.Error("Upload the picture as a file.", print_exception=False)
    if not (gradio_utils.is_in_or_equal(path, folder) or gradio_utils.is_static_file(str(path))):
        raise gr.Error("Upload the picture as a file.", print_exception=False)
    return str(path)


def uploaded(path: Any) -> str | None:
    """The path, if it is that of a file uploaded here."""
    if isinstance(path, str):
        with suppress(OSError, ValueError):  # what can be no path
            inside = gradio_utils.is_in_or_equal(path, gradio_utils.get_upload_folder())
            return path if inside and Path(path).is_file() else None
    return None


def of_the_page(path: Any) -> str | None:
    """The path, if it is that of a file that the page shows of itself, such as an example."""
    if isinstance(path, str):
        with suppress(OSError, ValueError):
            return path if gradio_utils.is_static_file(path) and Path(path).is_file() else None
    return None


def _as_uploaded(control: gr.Image, payload: Any) -> str | None:
    return None if payload is None else safe_path(payload)


def _as_shot(control: gr.Image, payload: Any) -> Image.Image | None:
    """A picture of a camera's stream, which the browser sends as a data URL; never a file."""
    url = getattr(payload, "url", None) or ""
    if not url:
        return None
    head, _, data = url.partition(";base64,")
    try:
        if not head.startswith("data:image/") or len(url) > LARGEST_SHOT:
            raise binascii.Error
        return images.load(base64.b64decode(data, validate=True))
    except (binascii.Error, PhospheneError):
        raise gr.Error("This is no picture of a camera.", print_exception=False) from None


def _as_json(control: gr.HTML, payload: Any) -> Any:
    """The value as the browser has it, not yet checked."""
    return payload


async def _kept_here(control: Any, source: str | Path | None) -> str | None:
    """Gradio's copy into its cache, which would also fetch whatever address it is given."""
    if str(source).startswith(("http://", "https://")):
        raise gr.Error("Upload a file; addresses are not fetched.", print_exception=False)
    copied: str | None = await gr.blocks.Block.async_move_resource_to_block_cache(control, source)
    return copied


# Gradio's metaclass writes a .pyi file beside every subclass; made this way, it does not.
def _subclass(base: Any, name: str, **members: Any) -> Any:
    members |= {"__module__": __name__, "is_template": True}
    members |= {"async_move_resource_to_block_cache": _kept_here}
    return ABCMeta.__new__(type(base), name, (base,), members)


PictureInput: Any = _subclass(gr.Image, "PictureInput", preprocess=_as_uploaded)
"""An image control that hands over the file as it came: `images.load` opens it once."""
CameraInput: Any = _subclass(gr.Image, "CameraInput", preprocess=_as_shot)
"""A camera that hands over a picture at a time, from memory."""
FileInput: Any = _subclass(gr.File, "FileInput")
"""A file control that fetches no address."""
NumberRow: Any = _subclass(gr.HTML, "NumberRow", preprocess=_as_json)
"""Sliders in a row for a list of numbers."""
BrushShelf: Any = _subclass(gr.HTML, "BrushShelf", preprocess=_as_json)
"""Brushes to choose from, those of this browser among them; the value is one's text."""
Memory: Any = _subclass(gr.HTML, "Memory", preprocess=_as_json)
"""What the browser kept of a visit."""
BrushInput: Any = _subclass(gr.ImageEditor, "BrushInput")
"""A brush over a picture that fetches no address."""


def picture_input(**options: Any) -> gr.components.Component:
    """A `PictureInput` that keeps the file's own format."""
    control: gr.components.Component = PictureInput(type="filepath", image_mode=None, **options)
    return control


def painted(value: Any) -> Image.Image | None:
    """What the brush painted, white inside (L); None where nothing is painted."""
    layers = value.get("layers", []) if isinstance(value, dict) else []
    alphas = [np.asarray(layer.convert("RGBA"))[..., 3] for layer in layers if layer]
    if not alphas or not any(alpha.any() for alpha in alphas):
        return None
    strongest = np.maximum.reduce(alphas) / OPACITY
    return Image.fromarray(strongest.clip(0, 255).round().astype(np.uint8))
