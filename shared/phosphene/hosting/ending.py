"""The end of a server that was told to stop: no new runs, a while for those that work."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from phosphene import limits
from phosphene.errors import InputError

log = logging.getLogger(__name__)

SOON = "this server is about to stop; try again in a minute"
LAST = 3.0
"""Seconds in which a run that is out of time ends its step and hands over its picture."""
AFTER = 0.5
"""Seconds in which the last answers leave."""

_begun, _over = threading.Event(), threading.Event()


def check() -> None:
    """InputError where no new run may begin."""
    if _begun.is_set():
        raise InputError(SOON)


def begun() -> bool:
    """Whether the server was told to stop."""
    return _begun.is_set()


def over() -> bool:
    """Whether those that still run have to end with the picture that they have."""
    return _over.is_set()


def begin(busy: Callable[[], int], sleep: Callable[[float], object] = time.sleep) -> None:
    """Refuse what comes, wait for what goes on, within the operator's bound; returns then."""
    _begun.set()
    log.info("stopping: %d runs go on", busy())
    for event, seconds in ((_over, limits.SHUTDOWN.read()), (None, LAST)):
        deadline = time.monotonic() + seconds
        while busy() and time.monotonic() < deadline:
            sleep(0.1)
        if event and busy():
            event.set()
    sleep(AFTER)


def at_signal(busy: Callable[[], int], hang_up: Callable[[], None] = lambda: None) -> None:
    """End the program so on SIGTERM, and at once on a second one; does nothing off its main thread.

    What serves must run on other threads, as Gradio does; `hang_up` closes what visitors hold open.
    """
    if threading.current_thread() is not threading.main_thread():
        return

    def end(number: int, frame: FrameType | None) -> None:
        if not _begun.is_set():
            begin(busy)
        hang_up()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def reset() -> None:
    """As if nobody had told the server to stop."""
    _begun.clear()
    _over.clear()
