"""Whether this server lives and how busy it is: GET /health, for whoever watches over it."""

from __future__ import annotations

import time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from phosphene.hosting import ending
from phosphene.ui import runs
from phosphene.version import __version__


class Middleware:
    """Answers GET /health; asks neither the device nor a network, and names nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._begun = app, time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A few numbers as JSON; every other request goes on."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == "/health":
            running, waiting = runs.turns().busy()
            told = {
                "status": "stopping" if ending.begun() else "ok",
                "version": __version__,
                "seconds": round(time.monotonic() - self._begun),
                "running": running,
                "waiting": waiting,
            }
            status = 503 if ending.begun() else 200  # what is before it sends nobody any more
            answer = JSONResponse(told, status, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
