"""What a running method yields: one picture with all that is known about it."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

ITSELF = "itself"
"""In what a panel sets: the panel's own picture."""


@dataclass(frozen=True)
class Panel:
    """A further picture beside the result, with a caption and a longer note on what it shows.

    `sets` names the knobs that choosing it fills in, with their values; a picture may be `ITSELF`.
    """

    image: Image.Image
    caption: str
    note: str = ""
    sets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Glimpses:
    """What lies under the pointer on a part of a picture: `count` rows of as many small pictures.

    `sheet` is one WebP of all of them without gaps, `box` (left, top, right, bottom) the part, in
    shares of the whole picture.
    """

    sheet: bytes
    count: int
    box: tuple[float, float, float, float]

    @classmethod
    def of(cls, sheet: Image.Image, count: int, box: tuple[float, float, float, float]) -> Glimpses:
        """The same from the sheet as a picture."""
        buffer = io.BytesIO()
        sheet.save(buffer, format="WEBP", quality=50, method=0)  # the quickest: somebody waits
        return cls(buffer.getvalue(), count, box)


@dataclass(frozen=True)
class Table:
    """Rows of words and numbers under the names of their columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


@dataclass(frozen=True)
class Frame:
    """A moment of a run, complete in itself and safe to pickle; the last one is the result.

    `losses` holds each weighted term at this step and `history` those of every step so far.
    `metrics` are measures of the picture (PSNR, score), `verdict` the network's top classes
    with their probabilities, `panels` and `tables` what belongs beside the picture, `glimpses`
    what the pointer finds on it, `rate` the pictures a second of the film that this picture belongs
    to (0: it is a preview), `film` the next bytes of a film that the method writes itself, with its
    sound: those of all frames so far, in a row, are an MP4 that plays; `files` what else to take
    home by file name, `recipe` what `phosphene.repeat` needs to make the same picture again. A
    method that makes its picture at once yields one frame: step 1 of 1.
    """

    image: Image.Image
    step: int = 1
    steps: int = 1
    losses: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Mapping[str, float], ...] = ()
    seconds: float = 0.0
    note: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    verdict: Mapping[str, float] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    tables: tuple[Table, ...] = ()
    glimpses: tuple[Glimpses, ...] = ()
    rate: float = 0.0
    film: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The sum of the loss's terms at this step."""
        return sum(self.losses.values())

    @property
    def last(self) -> bool:
        """Whether the frame is the run's last one."""
        return self.step >= self.steps

    @property
    def remaining(self) -> float:
        """Seconds left at the pace so far."""
        return self.seconds / self.step * (self.steps - self.step) if self.step else 0.0


class Progress:
    """The count and the clock of a run: of parts that count for themselves, or of single steps."""

    def __init__(self, steps: int) -> None:
        """`steps` is the sum over all parts; a part that ends early makes the run shorter."""
        self.steps, self.done = steps, 0
        self.history: tuple[Mapping[str, float], ...] = ()
        self._begun = time.monotonic()
        self._planned = 0  # the steps of the part that is under way

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._begun

    def of(self, frame: Frame, note: str = "") -> Frame:
        """A part's frame as one of the whole run; its last one ends the part."""
        self._planned = self._planned or frame.steps
        if frame.last:
            self.steps -= self._planned - frame.step
        joined = replace(
            frame,
            step=self.done + frame.step,
            steps=self.steps,
            history=self.history + frame.history,
            seconds=self.seconds,
            note=frame.note or note,
        )
        if frame.last:
            self.done, self.history, self._planned = joined.step, joined.history, 0
        return joined

    def frame(self, image: Image.Image, *, steps: int = 0, **parts: Any) -> Frame:
        """A frame of the run `steps` further on, with whatever else it holds."""
        self.done += steps
        losses = self.history[-1] if self.history else {}
        return Frame(image, self.done, self.steps, losses, self.history, self.seconds, **parts)
