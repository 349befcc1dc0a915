"""A clip painted picture by picture into a film, whatever paints it: with its times and sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

import numpy as np
from PIL import Image

from phosphene.frame import Frame, Progress
from phosphene.images.clips import Clip, Reel, Shot
from phosphene.images.flow import Array, Steady

Painter: TypeAlias = Callable[[Image.Image, "Image.Image | None", float], Iterator[Image.Image]]
"""A picture, the painting before it moved to where its parts are now (None at first and after a
cut), seconds since then -> the painting, after previews of it where there are some."""

FIRST = math.inf
"""Seconds since a picture that there is not."""


def filmed(
    clip: Clip, size: int, rate: float | None, paint: Painter, steady: bool
) -> Generator[Frame, None, None]:
    """Frames of a film with the clip's times and sound, one for each of its pictures.

    Each carries the film's next bytes: stopped anywhere, those that came are a film. No more than
    two pictures are held at a time. `steady` holds flicker down (`images.flow`), which needs
    OpenCV; without it each picture is painted for itself.
    """
    track = Steady() if steady else None
    progress, reel = Progress(clip.count(rate)), None
    shots = clip.shots(size, rate)
    try:
        before = FIRST
        for shot, last in told_last(shots):
            reel = reel or Reel(shot.picture.size, min(clip.rate, rate or clip.rate), clip)
            painting = yield from painted(track, shot, shot.time - before, paint, progress)
            before = shot.time
            progress.steps = counted(progress, last)
            film = reel.add(painting, shot.time) + (reel.close() if last else b"")
            note = f"picture {progress.done + 1} of {'' if last else 'about '}{progress.steps}"
            yield progress.frame(painting, steps=1, note=note, rate=clip.rate, film=film)
    finally:
        shots.close()
        if reel:
            reel.close()


def painted(
    track: Steady | None, shot: Shot, elapsed: float, paint: Painter, progress: Progress
) -> Generator[Frame, None, Image.Image]:
    """A picture's painting, after frames of its previews."""
    picture = np.asarray(shot.picture)
    motion = track.look(picture) if track else None
    carried = track.carried(motion) if track else None
    since = elapsed if motion is not None and elapsed > 0 else FIRST
    painting = None
    for stage in paint(shot.picture, image(carried) if carried is not None else None, since):
        if painting is not None:
            yield progress.frame(painting)
        painting = stage
    assert painting is not None
    if track is None:
        return painting
    return image(track.settle(np.asarray(painting, np.float32) / 255, motion, elapsed))


def image(array: Array) -> Image.Image:
    """Float (H, W, 3) in [0, 1] -> RGB picture."""
    return Image.fromarray((array * 255).round().clip(0, 255).astype(np.uint8))


def told_last(shots: Iterator[Shot]) -> Iterator[tuple[Shot, bool]]:
    """Each picture with whether it is the last one."""
    held = next(shots)
    for shot in shots:
        yield held, False
        held = shot
    yield held, True


def counted(progress: Progress, last: bool) -> int:
    """How many pictures there are: what the file says may be wrong."""
    now = progress.done + 1
    return now if last else max(progress.steps, now + 1)
