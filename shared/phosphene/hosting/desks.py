"""Runs are worked on by few threads, one for each place of the queue.

Whoever serves pages has a thread for each visitor, and each that ever computed keeps memory of its
own for the shapes it saw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


class Desk:
    """A thread that is told what to compute, one thing after the other."""

    def __init__(self, name: str) -> None:
        self._told: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        # A daemon: whoever ends the server does not wait for the step that it is at.
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def do(self, call: Callable[[], T]) -> T:
        """What the call gives or raises, made in the desk's thread."""
        future: Future[T] = Future()
        self._told.put((future, call))
        return future.result()

    def _work(self) -> None:
        while True:
            future, call = self._told.get()
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
            del future, call  # nothing of a run is held until the next one


_desks: dict[int, Desk] = {}
_guard = threading.Lock()


def desk(place: int) -> Desk:
    """The desk of a place."""
    with _guard:
        if place not in _desks:
            _desks[place] = Desk(f"desk-{place}")
        return _desks[place]


def at_desk(generator: Iterator[T], place: Callable[[], int | None]) -> Iterator[T]:
    """What a generator yields, each item made at the desk of the place where the run is then."""
    stream: Any = generator
    try:
        while True:
            item = desk(place() or 0).do(lambda: next(stream, _END))
            if item is _END:
                return
            yield item
    finally:
        desk(place() or 0).do(stream.close)
