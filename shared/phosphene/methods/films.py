"""A clip painted picture by picture into a film, whatever paints it: with its times and sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

import numpy as np
from PIL import Image

from phosphene.frame import Frame, Progress
from phosphene.images.clips import Clip, Shot
from phosphene.images.flow import Array, Steady
from phosphene.images.reels import Reel

Painter: TypeAlias = Callable[[Image.Image, "Image.Image | None", float], Iterator[Image.Image]]
"""A picture, the painting before it moved to where its parts are now (None at first and after a
cut), seconds since then (infinite in another light too) -> the painting, after its previews."""

FIRST = math.inf
"""Seconds since a picture that there is not."""


class Scenes:
    """Pictures that follow each other, each painting holding on to the one before.

    Without `steady`, which needs OpenCV, each is painted for itself.
    """

    def __init__(self, steady: bool) -> None:
        self._track = Steady() if steady else None
        self._time = -FIRST

    def paint(self, picture: Image.Image, time: float, paint: Painter) -> Iterator[Image.Image]:
        """Previews of the painting of a picture shown at `time` seconds, then the painting."""
        elapsed, self._time = time - self._time, time
        track = self._track
        if track is None:
            yield from paint(picture, None, FIRST)
            return
        motion = track.look(np.asarray(picture))
        carried = track.carried(motion)
        since = elapsed if motion and motion.same_light and elapsed > 0 else FIRST
        painting = None
        for stage in paint(picture, None if carried is None else image(carried), since):
            if painting is not None:
                yield painting
            painting = stage
        yield image(track.settle(np.asarray(painting, np.float32) / 255, motion, elapsed))


def filmed(
    clip: Clip, size: int, rate: float | None, paint: Painter, steady: bool
) -> Generator[Frame, None, None]:
    """Frames of a film with the clip's times and sound, one for each of its pictures.

    Each carries the film's next bytes: stopped anywhere, those that came are a film. Frames without
    are previews of a picture. No more than two pictures are held at a time.
    """
    scenes, progress = Scenes(steady), Progress(clip.count(rate))
    pace = min(clip.rate, rate or clip.rate)
    shots, reel = clip.shots(size, rate), None
    try:
        for shot, last in told_last(shots):
            reel = reel or Reel(shot.picture.size, pace, clip)
            painting = None
            for stage in scenes.paint(shot.picture, shot.time, paint):
                if painting is not None:
                    yield progress.frame(painting)
                painting = stage
            assert painting is not None
            number = progress.done + 1  # what the file says of its length may be wrong
            progress.steps = number if last else max(progress.steps, number + 1)
            film = reel.add(painting, shot.time) + (reel.close() if last else b"")
            note = f"picture {number} of {'' if last else 'about '}{progress.steps}"
            yield progress.frame(painting, steps=1, note=note, rate=pace, film=film)
    finally:
        shots.close()
        if reel:
            reel.close()


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
