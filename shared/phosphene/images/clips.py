"""Clips of any length, read a picture at a time with their times; `reels` writes them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from phosphene import images
from phosphene.errors import InputError

SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".gif")
"""What a clip's file is called."""


@dataclass(frozen=True)
class Shot:
    """A picture of a clip, and when it is shown: seconds from the clip's beginning."""

    picture: Image.Image
    time: float


class Clip:
    """A video that is read a picture at a time; InputError where it cannot be.

    `rate` is its pictures a second, `seconds` its length (0 where the file does not say).
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.name = Path(path), Path(path).name
        with self.opened() as container:
            stream = container.streams.video[0]
            self.rate = float(stream.average_rate or stream.guessed_rate or 25)
            own = float(stream.duration * stream.time_base) if stream.duration else 0.0
            self.seconds = own or float(container.duration or 0) / 1e6
            self.sounds = bool(container.streams.audio)

    def count(self, rate: float | None = None) -> int:
        """About how many pictures `shots` gives."""
        return max(round(self.seconds * min(self.rate, rate or self.rate)), 1)

    def shots(self, size: int, rate: float | None = None) -> Generator[Shot, None, None]:
        """Its pictures, upright, the longer side `size`, both even; `rate` a second at most.

        InputError where there is none, where they change in size, and where the file breaks off.
        """
        due, began, shape = 0.0, None, None
        with self.opened() as container:
            for frame in self._decoded(container):
                moment = float(frame.time or 0.0)
                began = moment if began is None else began
                if (frame.width, frame.height) != (shape or (frame.width, frame.height)):
                    raise InputError(
                        f"the pictures of {self.name} change in size; save it again as MP4"
                    )
                shape = (frame.width, frame.height)
                time = moment - began
                if rate and time + 1e-6 < due:
                    continue
                yield Shot(even(upright(frame), size), time)
                due = max(due, time - 1 / rate) + 1 / rate if rate else 0.0
        if shape is None:
            raise InputError(f"{self.name} has no pictures in it; choose another video")

    def opened(self) -> Any:
        """The clip as PyAV opens it; InputError where it cannot, or has no pictures."""
        import av

        try:
            container = av.open(str(self.path))
        except (av.FFmpegError, OSError, ValueError):
            raise self._unreadable() from None
        if not container.streams.video:
            container.close()
            raise InputError(f"{self.name} has no pictures; choose a video")
        return container

    def _decoded(self, container: Any) -> Iterator[Any]:
        import av

        container.streams.video[0].thread_type = "AUTO"
        try:
            yield from container.decode(video=0)
        except (av.FFmpegError, OSError, ValueError):
            raise self._unreadable() from None

    def _unreadable(self) -> InputError:
        return InputError(f"{self.name} cannot be read as a video; save it as MP4")


def upright(frame: Any) -> Image.Image:
    """A decoded picture, turned as its player would turn it."""
    picture: Image.Image = frame.to_image()
    turn = round(frame.rotation / 90) % 4  # counterclockwise, as PIL turns
    return picture.rotate(90 * turn, expand=True) if turn else picture


def even(picture: Image.Image, size: int) -> Image.Image:
    """The picture with its longer side `size`, both sides even, as H.264 wants them."""
    width, height = (
        max(2, 2 * round(side * size / max(picture.size) / 2)) for side in picture.size
    )
    images.load(picture)  # what is too small or too long is said
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3)
