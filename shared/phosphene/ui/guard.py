"""What Gradio leaves open where strangers call: calls that do not fit, streams cut off."""

from __future__ import annotations

import logging
from collections import OrderedDict
from itertools import islice
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.queueing import Queue
from gradio.utils import LRUCache
from pydantic import ValidationError
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phosphene.ui import html

log = logging.getLogger(__name__)

LONGEST = 300
"""Characters of a sentence of Gradio's, which repeats values and lists of choices whole."""
NOTES = 100
"""Calls that Gradio keeps a note of, for a page of figures that is off; each call read them all."""
FILE = "Upload the picture as a file."
TOLD = "the page's API says what it takes."
UNFIT = f"The call does not fit; {TOLD}"


class Sessions(LRUCache[str, Any]):
    """Messages on their way to visitors, by session.

    Gradio forgets the oldest of 2000 sessions even in the middle of a run, whose stream then ends
    cut off. Here the oldest that waits for nothing goes, and what is known of it.
    """

    def __init__(self, queue: Queue, most: int) -> None:
        super().__init__(most)
        self._queue = queue

    def __setitem__(self, session: str, messages: Any) -> None:
        """Keep a session's messages, and make room for them."""
        over = len(self) + 1 - self.max_size if session not in self else 0
        idle = (other for other in self if not self._awaits(other))
        for oldest in list(islice(idle, max(over, 0))):
            del self[oldest]
            self._queue.pending_event_ids_session.pop(oldest, None)
        OrderedDict.__setitem__(self, session, messages)

    def _awaits(self, session: str) -> bool:
        """Whether something of a session runs or is in line."""
        events = self._queue.pending_event_ids_session.get(session, ())
        return any(event in self._queue.event_ids_to_events for event in events)


class Middleware:
    """A request that Gradio itself stumbles over, such as of an unknown name: one sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            log.info("a request could not be answered", exc_info=True)
            await JSONResponse({"detail": UNFIT}, 400)(scope, receive, send)


def guard(demo: gr.Blocks) -> None:
    """Have a site tell what does not fit in a sentence, and cut no stream off."""
    plain: Any = demo.preprocess_data

    async def preprocess_data(fn: Any, inputs: Any, *rest: Any, **more: Any) -> Any:
        try:
            return await plain(fn, inputs, *rest, **more)
        except gr.Error as error:
            error.message = html.escaped(shortened(str(error.message)))
            raise
        except Exception as error:
            log.info("a call did not fit: %s", type(error).__name__)
            raise gr.Error(_words(fn, inputs, error), print_exception=False) from None

    queue: Any = demo._queue
    queue.pending_messages_per_session = Sessions(
        queue, queue.pending_messages_per_session.max_size
    )
    queue.ANALYTICS_MAX_EVENTS = NOTES
    queue.compute_analytics_summary = lambda records: {}
    setattr(demo, "preprocess_data", preprocess_data)  # noqa: B010


def shortened(text: str) -> str:
    """A sentence that is not longer than people read."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _words(fn: Any, inputs: Any, error: Exception) -> str:
    if isinstance(error, (InvalidPathError, ValidationError)):
        return FILE
    given = len(inputs) if isinstance(inputs, list) else 0
    if given != len(fn.inputs):
        return f"The call has {given} values, {len(fn.inputs)} are needed: {TOLD}"
    return UNFIT
