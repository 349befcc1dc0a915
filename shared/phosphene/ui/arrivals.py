"""Uploads by size and rate: what an operator does not let in is refused before it is read."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from phosphene import limits
from phosphene.ui.visitor import address

MINUTE, HOUR = 60.0, 3600.0
EVERYBODY = "*"


class Middleware:
    """Counts what uploads announce: per visitor and minute, and of all in an hour."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._clock = app, clock
        self._guard = threading.Lock()
        self._seen: deque[tuple[float, str, int]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 411, 413 or 429 with a sentence."""
        if scope["type"] == "http" and scope["method"] == "POST" and _upload(scope["path"]):
            status, words = self._refused(scope)
            if status:
                await JSONResponse({"detail": words}, status)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> tuple[int, str]:
        headers = Headers(scope=scope)
        text = headers.get("content-length", "")
        if not text.isdecimal():
            return 411, "the upload does not say how large it is; send its Content-Length"
        size, now = int(text), self._clock()
        host = (scope.get("client") or ("",))[0]
        visitor = address(host, headers) or host
        rate, total = limits.UPLOAD_RATE.read() * 1e6, limits.UPLOAD_TOTAL.read() * 1e6
        with self._guard:
            while self._seen and self._seen[0][0] < now - HOUR:
                self._seen.popleft()
            own = sum(n for when, who, n in self._seen if who == visitor and when > now - MINUTE)
            every = sum(n for _, _, n in self._seen)
            if rate and own + size > rate:
                most = f"{limits.UPLOAD_RATE.read():g} MB"
                return 429, f"more than {most} in a minute; wait a minute, or send a smaller file"
            if total and every + size > total:
                return 429, "too much was uploaded here within an hour; try again later"
            self._seen.append((now, visitor, size))
        return 0, ""


def _upload(path: str) -> bool:
    return path.rstrip("/").endswith("/upload")
