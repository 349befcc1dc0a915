"""What a run leaves on the disk: a picture with its recipe, a JPEG or a film, and its files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import util
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile

from PIL import Image

from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import reels, video
from phosphene.methods import recipes

SUFFIXES = (".png", ".jpg", ".jpeg", ".mp4")
RATE = 12
"""Pictures a second where the run itself is the film."""


@dataclass(frozen=True)
class Output:
    """A file to be; without a suffix until the run shows whether it makes a picture or a film."""

    path: Path
    suffix: str = ""

    @classmethod
    def named(cls, text: str | None, name: str) -> Output:
        """The file that `text` names; in a folder, or where there is no text, a new one by `name`.

        InputError for a suffix that is none of ours.
        """
        path = Path(text or ".")
        if path.is_dir() or str(text).endswith(("/", os.sep)):
            return cls(path / name)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            raise InputError(
                f"output is {path.name}; let it end in .png, .jpg or .mp4, or name a folder"
            )
        if suffix == ".mp4":
            _need_films()
        return cls(path, suffix)

    def as_file(self, suffix: str) -> Path:
        """The path to write to; a name of our own never replaces a file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.suffix:
            return self.path
        path, number = self.path.with_name(self.path.name + suffix), 1
        while path.exists():
            number += 1
            path = self.path.with_name(f"{self.path.name}-{number}{suffix}")
        return path


def save(frames: Iterable[Frame], output: Output) -> list[Path]:
    """Take in a run to its end and write what it made; the paths, none where no frame came."""
    stream, previews, last = iter(frames), [], None
    for frame in stream:
        if frame.film and output.suffix in ("", ".mp4"):
            return _save_reel(frame, stream, output)
        if frame.rate and output.suffix in ("", ".mp4"):
            return _save_film(frame, stream, output)
        if output.suffix == ".mp4":
            previews.append(_jpeg(frame.image))
        last = frame
    if last is None:
        return []
    path = output.as_file(".png")
    if output.suffix == ".mp4":
        run = (Image.open(io.BytesIO(data)) for data in previews)
        video.save(run, path, RATE, size=last.image.size)
    elif output.suffix in (".jpg", ".jpeg"):
        path.write_bytes(_jpeg(last.image))
    else:
        recipes.save_png(last, path)
    return [path, *_save_files(last, path)]


def _save_film(first: Frame, more: Iterator[Frame], output: Output) -> list[Path]:
    _need_films()
    path = output.as_file(".mp4")
    last = first

    def pictures() -> Iterator[Image.Image]:
        nonlocal last
        for frame in chain([first], more):
            last = frame
            if frame.rate:
                yield frame.image

    video.save(pictures(), path, first.rate)
    return [path, *_save_files(last, path)]


def _save_reel(first: Frame, more: Iterator[Frame], output: Output) -> list[Path]:
    """A film that the method writes itself, as far as it came; nothing where it has no picture."""
    path, last = output.as_file(".mp4"), first
    with TemporaryFile() as reel:
        for last in chain([first], more):
            reel.write(last.film)
        film = reels.finished(reel, path)
    return [film, *_save_files(last, path)] if film else []


def _save_files(frame: Frame, beside: Path) -> list[Path]:
    """What else a frame has to take home, named after the picture."""
    paths = [beside.with_name(f"{beside.stem}-{Path(name).name}") for name in frame.files]
    for path, data in zip(paths, frame.files.values(), strict=True):
        path.write_bytes(data)
    return paths


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _need_films() -> None:
    if util.find_spec("av") is None:
        raise InputError("films need PyAV; install it with: pip install 'phosphene[ui]'")
