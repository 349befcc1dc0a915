"""From a click to frames on the page: one generator per run, closed when nobody looks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr

from phosphene import device, knobs
from phosphene.device import on_gpu
from phosphene.errors import InputError, PhospheneError
from phosphene.frame import Frame
from phosphene.hosting import cost, malloc
from phosphene.knobs import NetworkChoice, Parameter
from phosphene.methods import METHODS, start
from phosphene.networks import weights, zoo
from phosphene.ui.export import jpeg
from phosphene.ui.strokes import Trail

log = logging.getLogger(__name__)

PAUSE = 0.4
"""Seconds between two previews at least: each one is a file and a transfer."""
KEPT = 48
"""Pictures of a run that are kept for its film."""
LARGEST = 32_000_000
"""Bytes of a result that is kept for going on from it."""
SORRY = "Something went wrong on our side; your settings are kept. Try again, or press Reset."


def in_worker(name: str, arguments: Mapping[str, Any]) -> Iterator[Frame | Exception | None]:
    """None once the worker is there, then a method's frames, or at last what ended them.

    Arguments and frames can be pickled. Of an error that is raised in ZeroGPU's worker only the
    name of its class comes through, so one that is meant for people is handed over.
    """
    yield None
    stream: Any = start(METHODS[name], arguments)
    try:
        yield from stream
    except PhospheneError as error:
        yield error
    finally:
        stream.close()


run_method = on_gpu(cost.seconds)(in_worker)


def user_error(error: Exception) -> gr.Error:
    """The error for the page: its own sentence, or an apology while the log has the rest."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, PhospheneError):
        return gr.Error(str(error), title="Please check", print_exception=False)
    log.error("a run failed", exc_info=error)
    return gr.Error(SORRY, title="Sorry", print_exception=False)


@dataclass
class Run:
    """What the page remembers of a run: its last frame and a film of bounded length.

    When it is over, only `result` stays, a PNG of `size`, where the page can go on from it, and
    `sets`, the knobs that each of its panels fills in.
    """

    name: str
    arguments: dict[str, Any]
    last: Frame | None = None
    film: list[tuple[int, bytes]] = field(default_factory=list)
    note: str = ""
    stopping: bool = False
    _every: int = 1
    _seen: int = 0
    rate: float = 0.0
    result: bytes = b""
    size: int = 0
    trail: Trail | None = None
    sets: tuple[Mapping[str, Any], ...] = ()

    def close(self, picture: bytes = b"") -> None:
        """Let go of everything but the result."""
        self.size = int(self.arguments.get("size") or 0)
        self.film, self.last, self.arguments = [], None, {}
        self.result = picture if len(picture) <= LARGEST else b""

    def keep(self, frame: Frame) -> None:
        """Take in a frame; when the film is full, every second picture goes.

        Where a method makes a film itself, its pictures are kept, all of them, and no previews.
        """
        self.last = frame
        self.sets = tuple(panel.sets for panel in frame.panels)
        if frame.rate:
            self.film = self.film if self.rate else []
            self.rate = frame.rate
            self.film.append((frame.step, jpeg(frame.image, longest=1024)))
        if self.rate:
            return
        if self._seen % self._every == 0:
            self.film.append((frame.step, jpeg(frame.image, longest=640)))
        if len(self.film) > KEPT:
            self.film, self._every = self.film[::2], self._every * 2
        self._seen += 1

    def close_film(self) -> list[tuple[int, bytes]]:
        """The film as (step, JPEG), with the last picture at its end."""
        if self.last is None or self.rate:
            return self.film
        last = (self.last.step, jpeg(self.last.image, longest=640))
        return [item for item in self.film if item[0] != last[0]] + [last]


def checked(method: Callable[..., Iterator[Frame]], arguments: Mapping[str, Any]) -> Run:
    """A run of a method; InputError for the first argument that does not fit, or costs too much."""
    fitting = knobs.check(method, arguments)
    cost.check(method.__name__, fitting)
    return Run(method.__name__, fitting)


def fetch_weights(parameters: Sequence[Parameter], run: Run, report: Callable[..., Any]) -> None:
    """Have the weights of the run's networks on the disk; a download reports its progress.

    InputError in the middle of one if the run is stopped.
    """

    def progress(name: str, done: int, total: int) -> None:
        if run.stopping:
            raise InputError(f"stopped while {name} was on its way")
        report((done, total), desc=f"Downloading {name}", unit="B")

    kind = device.pick().type
    for parameter in parameters:
        chosen = run.arguments.get(parameter.name)
        if not isinstance(parameter.knob, NetworkChoice) or not chosen:
            continue
        for name in filter(zoo.known, zoo.members(chosen)):
            weights.fetch(name, device_type=kind, progress=partial(progress, name))


def frames(run: Run) -> Iterator[Frame]:
    """Previews of a run, at most one per PAUSE, until it is done, stopped or over the budget.

    `run.last` is the result. An error after the first picture becomes the run's note: the last
    good picture is kept.
    """
    started, shown = time.monotonic(), 0.0
    budget = cost.allowed(run.name, run.arguments, asked=device.zero_gpu())
    stream: Any = run_method(run.name, run.arguments)
    try:
        for frame in stream:
            if isinstance(frame, Exception):
                raise frame
            if frame is None:  # waiting for a worker does not count
                started = time.monotonic()
                continue
            run.keep(frame)
            now = time.monotonic()
            if run.stopping:
                run.note = "stopped; this picture is yours to keep"
                break
            if now - started > budget:
                run.note = f"ended after {budget:g} seconds, the most one run may take"
                break
            if now - shown >= PAUSE:
                shown = now
                yield frame
    except PhospheneError as error:
        if run.last is None:
            raise
        run.note = str(error)
    finally:
        stream.close()
        malloc.release()
    if run.last is None:
        raise InputError(f"{run.name} made no picture; try other settings")
