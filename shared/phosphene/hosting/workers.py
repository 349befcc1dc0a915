"""A pool of processes behind one page: runs are sent out, their frames come back as they are made.

WORKERS=4 starts four on this machine, RAY_ADDRESS=HOST:PORT takes those of a cluster: one for each
GPU, or for a few cores. Each has its networks loaded, and a run goes where its networks are. A
worker that ends takes one run along, the one it was at, and is replaced; runs that had begun there
and were waiting for their next turn are made again from the start, which is the same bit for bit.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from phosphene import device
from phosphene.errors import InputError, PhospheneError
from phosphene.frame import Frame
from phosphene.hosting import cluster, worker
from phosphene.hosting.cluster import Cluster, Wish
from phosphene.hosting.turns import MOST, Rank, Turns
from phosphene.hosting.worker import About, Order, Worker

log = logging.getLogger(__name__)

LOST = "the worker that ran this has ended, perhaps for want of memory; run it again, or smaller"
NONE = "no worker could be had for this run; try again in a minute"
PATIENCE = 300.0
"""Seconds for all workers to be there."""
AFTER = 2.0
"""Seconds for the first page, which needs the cores too."""
TRIES = 4
"""How often a run is sent out where workers end before it was their turn to work on it."""


@dataclass(eq=False)
class _Life:
    """A worker's process: `living` is over when it is, `lost` once a run has gone with it."""

    actor: Any
    living: Any
    lost: bool = False
    networks: set[str] = field(default_factory=set)


class Pool:
    """Workers and the turns at them; they start in the background."""

    def __init__(self, asked: Wish, served: Callable[[], bool] = lambda: True) -> None:
        """With an address, Ray is asked for its machines at once; InputError if it cannot be.

        Processes are started once `served` says that the pages are there, which need the cores too.
        """
        self.asked, self._served = asked, served
        self.about: About | None = None
        self._cluster: Cluster | None = None
        self._lives: list[_Life] = []
        self._guard = threading.Lock()
        self._numbers = itertools.count()
        self._ready, self._closed = threading.Event(), threading.Event()
        self._failed = ""
        if asked.address:
            self._cluster = cluster.connect(asked)
        count = self._cluster.count if self._cluster else max(asked.count, 1)
        self.turns = Turns(count, stay=True)
        # Ray's own processes end with the thread that started them: this one lasts.
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)
        self._thread.start()

    @property
    def words(self) -> str:
        """A few words for a badge."""
        count = self.turns.places or 1
        of = f", {self.about.words}" if self.about else ", starting"
        return f"{count} worker{'s' * (count != 1)}{of}"

    def rank(self, name: str, arguments: Mapping[str, Any]) -> Rank:
        """How well a worker suits a run: fewest of its networks to load, fewest others there."""
        wanted = set(worker.networks(name, arguments))

        def rank(place: int) -> tuple[float, ...]:
            there = self._lives[place].networks if place < len(self._lives) else set()
            return len(wanted - there), len(there)

        return rank

    def run(
        self, name: str, arguments: Mapping[str, Any], place: int
    ) -> Iterator[Frame | Exception | None]:
        """What `in_worker` yields, from the worker at a place; PhospheneError if it was lost."""
        order, step, told = worker.packed(name, arguments), 0, False
        for again in range(TRIES):
            life, begun, held = self._life(place), False, None
            life.networks.update(worker.networks(name, arguments))
            try:
                for item in self._frames(life, order):
                    begun = True
                    if item is None:
                        if not told:
                            told = True
                            yield None
                    elif again and isinstance(item, Frame) and item.step <= step:
                        held = item  # as far as it had come before a worker ended
                    else:
                        held, step = None, item.step if isinstance(item, Frame) else step
                        yield item
                if held is not None:  # frames come by time: fewer, perhaps, than at first
                    yield held
                return
            except self._errors() as error:
                if isinstance(error, self._ray.exceptions.RayTaskError):
                    raise  # the method's own
                with self._guard:
                    first, life.lost = not life.lost, True
                if first:
                    log.warning("worker %d has ended: %s", place, str(error).splitlines()[0])
                self._renew(place, life)
                if first and begun:
                    raise PhospheneError(LOST) from None
        raise PhospheneError(NONE)

    def close(self) -> None:
        """End all workers."""
        atexit.unregister(self.close)
        self._closed.set()
        self._thread.join()
        for life in self._lives:
            with suppress(Exception):
                self._ray.kill(life.actor)
        self._lives = []

    @property
    def _ray(self) -> Any:
        assert self._cluster
        return self._cluster.ray

    def _errors(self) -> type[Exception]:
        error: type[Exception] = self._ray.exceptions.RayError
        return error

    def _life(self, place: int) -> _Life:
        """The worker at a place, once there is one."""
        self._ready.wait()
        if self._failed:
            raise PhospheneError(self._failed)
        return self._lives[place]

    def _frames(self, life: _Life, order: Order) -> Iterator[Frame | Exception | None]:
        """The frames of one run; closed, it ends after the step it is in, and then this does."""
        number, over = next(self._numbers), False
        # The worker stops after each frame until it is taken: a run whose turn is over waits.
        call = life.actor.run.options(
            num_returns="streaming", _generator_backpressure_num_objects=1
        )
        stream = call.remote(number, order)
        try:
            for item in stream:
                yield self._ray.get(item)
            over = True
        finally:
            if not over:
                with suppress(Exception):
                    life.actor.end.remote(number)
                    for _ in stream:
                        pass

    def _watch(self) -> None:
        """Start the workers, and replace those that end, for as long as this process lives."""
        deadline = time.monotonic() + PATIENCE
        waited = False
        while not self._served() and time.monotonic() < deadline:
            waited = True
            if self._closed.wait(0.05):
                return
        if waited and self._closed.wait(AFTER):
            return
        try:
            self._start()
        except Exception as error:
            told = str(error) if isinstance(error, PhospheneError) else "the log says why"
            self._failed = f"the workers could not be started: {told}"
            log.exception("the workers could not be started")
        self._ready.set()
        while not self._closed.wait(0.1):
            living = {life.living: (place, life) for place, life in enumerate(self._lives)}
            ended, _ = self._ray.wait(list(living), timeout=1.0) if living else ([], [])
            for ref in ended:
                self._closed.wait(1.0)  # where none can live, not one after the other in no time
                self._renew(*living[ref])

    def _start(self) -> None:
        self._cluster = self._cluster or cluster.connect(self.asked)
        atexit.register(self.close)  # before Ray's own: a call after that would start it anew
        lives = [self._born() for _ in range(self._cluster.count)]
        told = [life.actor.about.remote() for life in lives]
        there, _ = self._ray.wait(told, num_returns=len(told), timeout=PATIENCE)
        if len(there) < len(told):
            raise InputError(f"only {len(there)} of {len(told)} came up; ask for fewer")
        facts: list[About] = self._ray.get(told)
        ours = worker.about()
        for other in facts:
            if other[:2] != ours[:2]:
                raise InputError(
                    f"a worker has Phosphene {other.phosphene} and PyTorch {other.torch}, "
                    f"this page {ours.phosphene} and {ours.torch}; install the same everywhere"
                )
        self.about, self._lives = facts[0], lives

    def _born(self) -> _Life:
        assert self._cluster
        made = self._ray.remote(max_concurrency=MOST + 4, **self._cluster.share)(Worker)
        actor = made.remote(cluster.settings(), self._cluster.threads)
        return _Life(actor, actor.live.remote())

    def _renew(self, place: int, life: _Life) -> None:
        """Another worker where one has ended."""
        with self._guard:
            if self._lives and self._lives[place] is life and not self._closed.is_set():
                self._lives[place] = self._born()


_pool: Pool | None = None


def pool() -> Pool | None:
    """The workers of this process's pages, None where runs take place here."""
    return _pool


def begin(served: Callable[[], bool] = lambda: True) -> None:
    """Start the workers that WORKERS and RAY_ADDRESS ask for, once; InputError where it fails."""
    global _pool  # noqa: PLW0603
    asked = cluster.wish(os.environ.get("WORKERS"), os.environ.get("RAY_ADDRESS"))
    if asked is None or _pool is not None:
        return
    if device.zero_gpu():
        raise InputError("workers do not go with ZeroGPU, which has its own; leave WORKERS unset")
    _pool = Pool(asked, served)
