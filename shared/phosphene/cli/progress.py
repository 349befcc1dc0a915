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


class Count:
    """How many pictures of a batch are done, as a bar or now and then as a line."""

    def __init__(self, total: int, done: int = 0, quiet: bool = False) -> None:
        self.total, self.done, self.quiet = total, done, quiet
        self._begun, self._first = time.monotonic(), done
        self._said = self._begun
        hidden = quiet or not sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, unit="picture", disable=hidden)

    def __enter__(self) -> Count:
        if self.done and not self.quiet:
            print(f"{self.done} of {self.total} were there already", file=sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def add(self, failed: int) -> None:
        """One more is done; so many failed so far."""
        self.done += 1
        self._bar.set_postfix({"failed": failed}, refresh=False)
        self._bar.update()
        now = time.monotonic()
        if self._bar.disable and not self.quiet and now - self._said >= SECONDS:
            self._said = now
            each = (now - self._begun) / (self.done - self._first)
            left = tqdm.format_interval(each * (self.total - self.done))
            told = f"{self.done} of {self.total} pictures, {failed} failed, {left} left"
            print(told, file=sys.stderr)
