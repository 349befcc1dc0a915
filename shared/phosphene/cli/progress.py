"""A run as the terminal shows it, and as it ends: done, stopped by hand, or with an error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from phosphene.errors import PhospheneError
from phosphene.frame import Frame

SECONDS = 10
"""Between two lines where no terminal shows a bar."""


class Watched:
    """The frames of a run as they come; `last` is the newest, `ended` what ended it early."""

    def __init__(self, frames: Iterator[Frame], name: str, quiet: bool = False) -> None:
        self.frames: Any = frames
        self.name, self.quiet = name, quiet
        self.last: Frame | None = None
        self.ended: PhospheneError | KeyboardInterrupt | None = None
        self._said = time.monotonic()

    def __iter__(self) -> Iterator[Frame]:
        hidden = self.quiet or not sys.stderr.isatty()
        bar = tqdm(desc=self.name, unit="step", disable=hidden, leave=False, dynamic_ncols=True)
        try:
            for frame in self.frames:
                self.last = frame
                bar.total = frame.steps
                bar.set_postfix_str(frame.note, refresh=False)
                bar.update(frame.step - bar.n)
                if hidden and not self.quiet:
                    self._say(frame)
                yield frame
        except (PhospheneError, KeyboardInterrupt) as error:
            self.ended = error
        finally:
            bar.close()
            self.frames.close()

    def _say(self, frame: Frame) -> None:
        now = time.monotonic()
        if now - self._said >= SECONDS and not frame.last:
            self._said = now
            left = tqdm.format_interval(frame.remaining)
            print(f"{self.name}: step {frame.step} of {frame.steps}, {left} left", file=sys.stderr)
