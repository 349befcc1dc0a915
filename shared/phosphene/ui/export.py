"""What a person takes home beside the PNG: JPEGs of a run, and the run as MP4 or WebP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from phosphene.images import video

RATE = 12
HOLD = 12
"""Frames a second, and how long the last picture stays."""


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


def mp4(frames: Sequence[bytes], path: Path, rate: float = RATE) -> Path:
    """The run as H.264 at `rate` frames a second, the last picture held for a moment."""
    pictures = (opened(data) for data in [*frames, *[frames[-1]] * HOLD])
    return video.save(pictures, path, rate, size=opened(frames[-1]).size)


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
