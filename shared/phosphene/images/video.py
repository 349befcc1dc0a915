"""Films in and out, by PyAV: a short video as pictures, pictures as an MP4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from phosphene import images
from phosphene.errors import InputError

LONGEST = 300
"""Pictures of a film that are read at most."""
LARGEST = 4096 * 4096
"""Pixels of one of its pictures at most."""
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif"
"""What is read, whatever a file is called: a playlist has FFmpeg open other files and sites."""


def read(path: str | Path, size: int, rate: float, longest: int = LONGEST) -> list[Image.Image]:
    """Pictures of a video, `rate` a second, the longer side `size`; InputError if unreadable."""
    import av

    name = Path(path).name
    try:
        only = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        with av.open(str(path), options=only) as container:
            if not container.streams.video:
                raise InputError(f"{name} has no pictures; choose a video")
            shape = container.streams.video[0].codec_context
            if shape.width * shape.height > LARGEST:
                raise InputError(
                    f"{name} is {shape.width}×{shape.height}; "
                    f"make it smaller than {LARGEST // 1_000_000} million pixels"
                )
            shape.options = {"max_pixels": str(LARGEST)}  # where it grows on its way
            pictures = list(_thinned(container, rate, size, longest + 1))
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} cannot be read as a video; save it as MP4") from None
    if not pictures:
        raise InputError(f"{name} has no pictures in it; choose another video")
    if len(pictures) > longest:
        raise InputError(
            f"{name} is longer than {longest / rate:.0f} seconds at {rate:g} pictures a second; "
            "shorten it or lower the rate"
        )
    return pictures


def save(
    pictures: Iterable[Image.Image],
    path: str | Path,
    rate: float = 24,
    size: tuple[int, int] | None = None,
    crf: int = 20,
) -> Path:
    """Pictures, taken one at a time, as an H.264 film of `rate` pictures a second.

    A picture that has not the (width, height) of `size`, or of the first one, is resized to it;
    sides are cut to even numbers; a larger `crf` (that of H.264) makes a smaller file. ValueError
    where there is no picture.
    """
    import av

    remaining = iter(pictures)
    first = next(remaining, None)
    if first is None:
        raise ValueError("a film needs at least one picture")
    size = size or first.size
    width, height = (side - side % 2 for side in size)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        for picture in chain([first], remaining):
            fitting = picture if picture.size == size else picture.resize(size)
            array = np.asarray(fitting.convert("RGB").crop((0, 0, width, height)))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        container.mux(stream.encode())
    return Path(path)


def _thinned(container: object, rate: float, size: int, most: int) -> Iterator[Image.Image]:
    """The picture shown at each multiple of 1/rate seconds, `most` at most."""
    due, count = 0.0, 0
    for frame in container.decode(video=0):  # type: ignore[attr-defined]
        moment = float(frame.time or 0.0)
        if moment + 1e-6 >= due and count < most:
            yield images.resize(images.load(frame.to_image()), size)
            due, count = max(due, moment - 1 / rate) + 1 / rate, count + 1
        if count >= most:
            return
