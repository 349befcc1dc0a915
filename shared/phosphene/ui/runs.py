"""From a click to frames on the page: one generator per run, closed when nobody looks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, partial
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import uuid4

import gradio as gr

from phosphene import device, knobs
from phosphene.device import on_gpu
from phosphene.errors import InputError, PhospheneError
from phosphene.frame import Frame
from phosphene.hosting import cost, ending, malloc, workers
from phosphene.hosting.clock import Clock
from phosphene.hosting.desks import AtDesk
from phosphene.hosting.turns import Rank, Turn, Turns, Waiting, places
from phosphene.hosting.worker import in_worker, sendable
from phosphene.knobs import NetworkChoice, Parameter
from phosphene.networks import weights, zoo
from phosphene.ui.export import jpeg
from phosphene.ui.strokes import Trail
from phosphene.ui.visitor import visitor

log = logging.getLogger(__name__)

PAUSE = 0.4
"""Seconds between two previews at least: each one is a file and a transfer."""
TOLD = 2.0
"""Seconds between two words to who waits: each is an event, and many wait."""
KEPT = 48
"""Pictures of a run that are kept for its film."""
LARGEST = 32_000_000
"""Bytes of a result that is kept for going on from it."""
STOPPED = "stopped; this picture is yours to keep"
SORRY = "Something went wrong on our side; your settings are kept. Try again, or press Reset."


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
    superseded: bool = False
    _every: int = 1
    _seen: int = 0
    rate: float = 0.0
    reel: IO[bytes] | None = None
    """A film that the method writes itself, as it grows: a file without a name."""
    result: bytes = b""
    size: int = 0
    trail: Trail | None = None
    sets: tuple[Mapping[str, Any], ...] = ()
    id: str = field(default_factory=lambda: uuid4().hex[:12])

    @property
    def asked_to_stop(self) -> bool:
        """By its visitor, or because the server ends."""
        return self.stopping or ending.over()

    def close(self, picture: bytes = b"") -> None:
        """Let go of everything but the result."""
        self.size = int(self.arguments.get("size") or 0)
        self.film, self.last, self.arguments = [], None, {}
        if self.reel:
            self.reel.close()
            self.reel = None
        self.result = picture if len(picture) <= LARGEST else b""

    def keep(self, frame: Frame) -> None:
        """Take in a frame; when the film is full, every second picture goes.

        Where a method makes pictures of a film, they are kept, all of them, and no previews; where
        it writes the film itself, its bytes are.
        """
        self.last = frame
        self.sets = tuple(panel.sets for panel in frame.panels)
        if frame.film:
            self.reel = self.reel or TemporaryFile()  # noqa: SIM115
            self.reel.write(frame.film)
        elif frame.rate:
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

    @property
    def makes_film(self) -> bool:
        """Whether what it makes is a film and not only a picture on its way."""
        return bool(self.rate or self.reel)

    def close_film(self) -> list[tuple[int, bytes]]:
        """The film as (step, JPEG), with the last picture at its end."""
        if self.last is None or self.rate:
            return self.film
        last = (self.last.step, jpeg(self.last.image, longest=640))
        return [item for item in self.film if item[0] != last[0]] + [last]


def checked(method: Callable[..., Iterator[Frame]], arguments: Mapping[str, Any]) -> Run:
    """A run of a method; InputError for the first argument that does not fit, or costs too much."""
    ending.check()
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

    pool = workers.pool()
    if pool and pool.asked.address:  # they have disks of their own, and fetch for themselves
        return
    kind = device.pick().type
    for parameter in parameters:
        chosen = run.arguments.get(parameter.name)
        if not isinstance(parameter.knob, NetworkChoice) or not chosen:
            continue
        for name in filter(zoo.known, zoo.members(chosen)):
            weights.fetch(name, device_type=kind, progress=partial(progress, name))


def turns() -> Turns:
    """The queue of the workers, or of this process's device."""
    pool = workers.pool()
    return pool.turns if pool else _turns_here()


@cache
def _turns_here() -> Turns:
    return Turns(places(device.pick().type, device.zero_gpu()))


def _stream(run: Run, turn: Turn) -> Any:
    """The run's frames: from the worker at whose place it is, ZeroGPU's, or this process."""
    pool = workers.pool()
    if pool and turn.place is not None and sendable(run.name, run.arguments):
        return pool.run(run.name, run.arguments, turn.place)
    stream = run_method(run.name, run.arguments)
    return stream if device.zero_gpu() else AtDesk(stream, lambda: turn.place)


def _rank(run: Run) -> Rank:
    pool = workers.pool()
    return pool.rank(run.name, run.arguments) if pool else lambda place: ()


def frames(run: Run) -> Iterator[Frame | Waiting]:
    """Previews of a run, at most one per PAUSE, until it is done, stopped or over the budget.

    While others have the device, what to tell who waits. `run.last` is the result. An error after
    the first picture becomes the run's note: the last good picture is kept.
    """
    clock, ended = Clock(), "left"
    try:
        yield from _by_turns(run, clock)
        ended = "stopped" if run.stopping else "cut short" if run.note else "done"
    except PhospheneError as error:
        ended = "refused" if run.last is None else "cut short"
        if run.last is None:
            raise
        run.note = str(error)
    except Exception:
        ended = "failed"
        raise
    finally:
        malloc.release()
        _logged(run, ended, clock)
    if run.last is None and ending.over():
        raise InputError(ending.SOON)
    if run.last is None:
        raise InputError(f"{run.name} made no picture; try other settings")


def _by_turns(run: Run, clock: Clock) -> Iterator[Frame | Waiting]:
    queue = turns()
    with queue.joined(visitor(), _rank(run)) as turn:
        yield from _lined_up(run, queue, turn, clock)
        if turn.holds:
            with closing(_stream(run, turn)) as stream:  # over before the place is another's
                yield from _worked(run, queue, turn, stream, clock)


def _worked(
    run: Run, queue: Turns, turn: Turn, stream: Iterator[Frame | Exception | None], clock: Clock
) -> Iterator[Frame | Waiting]:
    budget = cost.allowed(run.name, run.arguments, asked=device.zero_gpu())
    shown = begun = 0.0
    for frame in stream:
        if isinstance(frame, Exception):
            raise frame
        if frame is None:  # the worker is there, and nothing was worked before
            clock.waited = clock.seconds
            continue
        run.keep(frame)
        if run.asked_to_stop:
            run.note = STOPPED
            break
        if clock.worked > budget:
            run.note = f"ended after {budget:g} seconds, the most one run may take"
            break
        if clock.seconds - shown >= PAUSE or not shown:
            if isinstance(stream, AtDesk) and clock.seconds - begun < PAUSE:
                stream.ahead()  # while the page shows this one; of a slow step others would wait
            shown = clock.seconds
            yield frame
        if not frame.last and not queue.go_on(turn):
            yield from _lined_up(run, queue, turn, clock)
            if not turn.holds:
                run.note = STOPPED
                break
        begun = clock.seconds


def _lined_up(run: Run, queue: Turns, turn: Turn, clock: Clock) -> Iterator[Waiting]:
    """Until it is the run's turn, or it was stopped; that time does not count."""
    since, told = clock.seconds, -TOLD
    for place in queue.wait(turn):
        if clock.seconds - told >= TOLD:
            told = clock.seconds
            yield place
        if run.asked_to_stop:
            break
    clock.waited += clock.seconds - since


def _logged(run: Run, ended: str, clock: Clock) -> None:
    """One line of JSON for each run: no picture, no text of a visitor, no address."""
    step, steps = (run.last.step, run.last.steps) if run.last else (0, 0)
    line = {
        "run": run.id,
        "method": run.name,
        "ended": ended,
        "step": step,
        "steps": steps,
        "size": run.arguments.get("size"),
        "seconds": round(clock.seconds, 2),
        "waited": round(clock.waited, 2),
    }
    log.info("%s", json.dumps(line))
