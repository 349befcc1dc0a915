"""Runs are worked on by few threads, one for each place of the queue.

Whoever serves pages has a thread for each visitor, and each that ever computed keeps memory of its
own for the shapes it saw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
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

    def ask(self, call: Callable[[], T]) -> Future[T]:
        """What the call will give or raise, made in the desk's thread."""
        future: Future[T] = Future()
        self._told.put((future, call))
        return future

    def do(self, call: Callable[[], T]) -> T:
        """What the call gives or raises, made in the desk's thread."""
        return self.ask(call).result()

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


class AtDesk(Iterator[T]):
    """A generator whose items are made one by one at the desk of the place where the run is."""

    def __init__(self, generator: Iterator[T], place: Callable[[], int | None]) -> None:
        self._stream: Any = generator
        self._place = place
        self._coming: Future[T] | None = None

    def ahead(self) -> Future[T]:
        """Begin with the next item, while the last one is on its way to whoever looks."""
        if self._coming is None:
            self._coming = self._desk().ask(lambda: next(self._stream, _END))
        return self._coming

    def __next__(self) -> T:
        """The next item; what the generator raises."""
        coming, self._coming = self.ahead(), None
        item = coming.result()
        if item is _END:
            raise StopIteration
        return item

    def close(self) -> None:
        """End the generator, after the item that it is at."""
        if self._coming is not None:  # perhaps at another place
            wait([self._coming])
        self._coming = None
        self._desk().do(self._stream.close)

    def _desk(self) -> Desk:
        return desk(self._place() or 0)
