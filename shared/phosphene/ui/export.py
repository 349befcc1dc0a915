"""What a person takes home: a PNG that knows how it was made, an MP4 or WebP of the run."""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from phosphene.errors import PhospheneError
from phosphene.frame import Frame

log = logging.getLogger(__name__)
RATE = 12
HOLD = 12
"""Frames a second, and how long the last picture stays."""


def metadata(frame: Frame) -> dict[str, Any]:
    """Everything that makes the picture again, pictures named by SHA-256 and size."""
    from phosphene import __version__

    recipe = {key: _plain(value) for key, value in frame.recipe.items()}
    made: dict[str, Any] = {"phosphene": __version__, **recipe, "step": frame.step}
    name = frame.recipe.get("arguments", {}).get("network")
    weights = _weights(name) if name and "weights" not in made else None
    return made | ({"weights": weights} if weights else {})


def _weights(name: str) -> str | None:
    from phosphene.networks.loading import load_network

    with suppress(PhospheneError):  # The picture is worth saving without it.
        return str(load_network(name).weights.badge)
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, Path)):
        path = Path(value)
        is_file = len(str(value)) < 4096 and path.is_absolute() and path.is_file()
        return _fingerprint(path.read_bytes()) if is_file else str(value)
    if isinstance(value, Image.Image):
        return _fingerprint(value.tobytes(), value.size)
    return type(value).__name__


def _fingerprint(data: bytes, size: tuple[int, int] | None = None) -> dict[str, Any]:
    if size is None:
        with suppress(OSError), Image.open(io.BytesIO(data)) as picture:
            size = picture.size
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": list(size) if size else None}


def jpeg(picture: Image.Image, longest: int = 1024, quality: int = 88) -> bytes:
    """The picture as JPEG, made smaller where its longer side exceeds `longest`."""
    small = picture.convert("RGB")
    if max(small.size) > longest:
        small.thumbnail((longest, longest))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    """A picture from its JPEG bytes."""
    return Image.open(io.BytesIO(data))


def png(frame: Frame, path: Path) -> Path:
    """The frame's picture with `metadata` as JSON in the tEXt chunk "phosphene"."""
    info = PngInfo()
    info.add_text("phosphene", json.dumps(metadata(frame)))
    frame.image.save(path, pnginfo=info, compress_level=4)
    return path


def mp4(frames: Sequence[bytes], path: Path, rate: float = RATE) -> Path:
    """The run as H.264 at `rate` frames a second, the last picture held for a moment."""
    first = opened(frames[-1])
    width, height = (side - side % 2 for side in first.size)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "20", "preset": "veryfast"}
        for data in [*frames, *[frames[-1]] * HOLD]:
            array = np.asarray(opened(data).convert("RGB").resize((width, height)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        container.mux(stream.encode())
    return path


def webp(frames: Sequence[bytes], path: Path, longest: int = 480) -> Path:
    """The run as an animated WebP that loops, small enough to post."""
    pictures = [opened(data).convert("RGB") for data in frames]
    scale = min(1.0, longest / max(pictures[-1].size))
    width, height = (max(1, round(side * scale)) for side in pictures[-1].size)
    pictures = [picture.resize((width, height)) for picture in pictures]
    times = [1000 // RATE] * (len(pictures) - 1) + [1000]
    more = {"append_images": pictures[1:], "duration": times} if len(pictures) > 1 else {}
    pictures[0].save(path, "WEBP", save_all=True, loop=0, quality=78, method=0, **more)
    return path
