"""Whose run is on the device: few at a time, whoever has had least of it first.

A run holds a place while it works. After a slice of time it gives the place to whoever has had
less, and goes on later: so a new visitor and a short run never wait for a long one to end, ten
clicks of one person count as one person, and a long run goes on as soon as the others had theirs
(least attained service, with what was had long ago forgotten by halves).

Where places are processes of their own, a run stays at the place where it began, and chooses that
by what is ready there.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from phosphene import limits
from phosphene.errors import InputError

SLICE = 2.0
"""Seconds that a run keeps its place before it may have to give it up."""
FIRST = 0.5
"""Seconds of a run's first slice: enough for a first picture, which all shall have soon."""
HALF_LIFE = 60.0
"""Seconds after which half of what a visitor had is forgotten."""
PATIENCE = 8.0
"""Seconds of waiting that count as one second less of what was had: nobody waits for ever."""
MOST = 16
"""Runs that have begun at one place, where each stays: they take up memory there."""

Rank: TypeAlias = Callable[[int], tuple[float, ...]]
"""How well a place suits a run, the least best."""


@dataclass(eq=False)
class Turn:
    """One run's place in the queue: `visitor` is whose it is, `place` where it is or stays."""

    visitor: str
    number: int
    arrived: float
    rank: Rank = lambda place: ()
    holds: bool = False
    place: int | None = None
    since: float = 0.0
    had: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """What one who waits is told: the place in the queue from 1, of how many, about how long."""

    place: int
    of: int
    seconds: float


class Turns:
    """A queue for one device with `places` runs at a time (None: whoever comes may run).

    With `stay`, a run goes on where it began.
    """

    def __init__(
        self,
        places: int | None = 1,
        clock: Callable[[], float] = time.monotonic,
        stay: bool = False,
    ) -> None:
        self.places, self._clock, self._stay = places, clock, stay
        self._changed = threading.Condition()
        self._turns: list[Turn] = []
        self._had: dict[str, tuple[float, float]] = {}
        self._lengths: deque[float] = deque([10.0], maxlen=20)
        self._count = 0

    @contextmanager
    def joined(self, visitor: str, rank: Rank = lambda place: ()) -> Iterator[Turn]:
        """A turn in the queue, gone from it in the end; InputError where the house is full."""
        most = limits.VISITORS.read()
        with self._changed:
            inside = {turn.visitor for turn in self._turns}
            if visitor not in inside and len(inside) >= most:
                raise InputError(f"{len(inside)} visitors are here already; try again in a minute")
            self._count += 1
            turn = Turn(visitor, self._count, self._clock(), rank)
            self._turns.append(turn)
        begun = self._clock()
        try:
            yield turn
        finally:
            with self._changed:
                self._release(turn)
                self._turns.remove(turn)
                self._lengths.append(self._clock() - begun)
                self._changed.notify_all()

    def wait(self, turn: Turn, every: float = 0.5) -> Iterator[Waiting]:
        """Until the turn holds a place; meanwhile what to tell, every so many seconds."""
        while True:
            with self._changed:
                if self._take(turn):
                    return
                told = self._told(turn)
            yield told
            with self._changed:
                if self._take(turn):
                    return
                self._changed.wait(every)

    def go_on(self, turn: Turn) -> bool:
        """Whether a run keeps its place; False where it gave it up and has to wait again."""
        with self._changed:
            now = self._clock()
            if not turn.holds or now - turn.since < (SLICE if turn.had else FIRST):
                return turn.holds
            self._count_in(turn, now)
            least = min(map(self._order, self._rivals(turn.place)), default=None)
            if least is None or least >= self._order(turn):
                return True
            self._release(turn)
            turn.arrived = now
            self._changed.notify_all()
            return False

    def busy(self) -> tuple[int, int]:
        """How many run, and how many wait."""
        with self._changed:
            running = sum(turn.holds for turn in self._turns)
            return running, len(self._turns) - running

    def __len__(self) -> int:
        return len(self._turns)

    def _take(self, turn: Turn) -> bool:
        """Hold a place if one is free and nobody comes before; with the condition held."""
        if turn.holds:
            return True
        for place in self._free(turn):
            if self.places is None or min(self._rivals(place), key=self._order) is turn:
                turn.holds, turn.place, turn.since = True, place, self._clock()
                self._changed.notify_all()
                return True
        return False

    def _free(self, turn: Turn) -> list[int]:
        """The places that a turn may take now, the best first: where few are, and as it likes."""
        if self.places is None:
            return [0]
        held = {other.place for other in self._turns if other.holds}
        free = [place for place in range(self.places) if place not in held]
        if not self._stay:
            return free
        if turn.place is not None:
            return [place for place in free if place == turn.place]
        open_ = [place for place in free if self._begun(place) < MOST]
        return sorted(open_, key=lambda place: (self._begun(place), turn.rank(place)))

    def _begun(self, place: int) -> int:
        return sum(turn.place == place for turn in self._turns)

    def _rivals(self, place: int | None) -> list[Turn]:
        """Those who wait and might have a place."""
        waiting = [turn for turn in self._turns if not turn.holds]
        if not self._stay:
            return waiting
        more = place is None or self._begun(place) < MOST
        return [t for t in waiting if t.place == place or (t.place is None and more)]

    def _order(self, turn: Turn) -> tuple[bool, float, int]:
        """Least first: who has no picture yet, then by what was had, less what was waited."""
        had = self._had_by(turn.visitor, self._clock())
        # Clicks of the same visitor come one after the other, behind others' first.
        before = sum(t.visitor == turn.visitor and t.number < turn.number for t in self._turns)
        waited = 0.0 if turn.holds else self._clock() - turn.arrived
        new = not turn.had and not before and had < FIRST
        return not new, had + SLICE * before - waited / PATIENCE, turn.number

    def _had_by(self, visitor: str, now: float) -> float:
        seconds, when = self._had.get(visitor, (0.0, now))
        return float(seconds * 0.5 ** ((now - when) / HALF_LIFE))

    def _count_in(self, turn: Turn, now: float) -> None:
        self._had[turn.visitor] = (self._had_by(turn.visitor, now) + now - turn.since, now)
        turn.had, turn.since = turn.had + now - turn.since, now
        for visitor in [v for v in self._had if self._had_by(v, now) < 0.01]:
            del self._had[visitor]

    def _release(self, turn: Turn) -> None:
        if turn.holds:
            self._count_in(turn, self._clock())
            turn.holds = False
            turn.place = turn.place if self._stay else None

    def _told(self, turn: Turn) -> Waiting:
        waiting = sorted((t for t in self._turns if not t.holds), key=self._order)
        place = waiting.index(turn) + 1
        running = len(self._turns) - len(waiting)
        typical = sorted(self._lengths)[len(self._lengths) // 2]
        # Places are handed on after a slice at the latest.
        each = min(typical, SLICE) / max(self.places or 1, 1)
        return Waiting(place, len(waiting), each * (place if running else 0))


def places(device_type: str, zero: bool = False) -> int | None:
    """How many runs at a time: one on a GPU, one for two cores; ZeroGPU has a queue of its own."""
    if zero:
        return None
    return 1 if device_type == "cuda" else max(1, (os.cpu_count() or 1) // 2)
