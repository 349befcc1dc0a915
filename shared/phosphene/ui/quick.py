"""Ways around what takes Gradio longer, on a page with many tabs, than a picture takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import gradio as gr
from gradio import blocks, utils
from gradio.brotli_middleware import BrotliResponder, Mode
from gradio.data_classes import FileData
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

SKIPPED = {"__type__": "update"}
"""How Gradio says that a component stays as it is."""
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""How an event is made that no program calls and no bar tells of."""
HEAVY = (gr.ImageEditor, gr.Video)
"""Components with libraries of hundreds of kB: the browser gets them where somebody looks."""


def await_look(components: Sequence[Any], *looks: Any) -> None:
    """Have the heavy ones of `components` there from the first of `looks`, which are events, on."""
    waiting = [part for part in components if isinstance(part, HEAVY) and part.visible is True]
    if not waiting:
        return
    for part in waiting:
        part.visible = False
    shown = ", ".join(["{__type__: 'update', visible: true}"] * len(waiting))
    js = f"() => [{shown}]" if len(waiting) > 1 else f"() => ({shown})"
    for look in looks:
        look(None, None, waiting, js=js, **QUIET)


@contextmanager
def building() -> Iterator[None]:
    """Within it pages are put together: what serving them needs is made once, at their launch.

    Gradio makes a configuration, a server and a schema at the end of every page and of every page
    that holds it: of all apps together that took longer than all else.
    """
    without = SimpleNamespace(create_app=lambda *_, **__: None)
    with (
        patch.object(blocks, "App", without),
        patch.object(gr.Blocks, "get_config_file", lambda self: {}),
    ):
        yield


def events(demo: gr.Blocks, unseen: gr.components.Component) -> None:
    """Have events that show no progress show it on one component, that nobody sees.

    At every step of an event the browser tells its status to whatever any event ever had as an
    output, and looks each of them up in the whole page.
    """
    for event in demo.fns.values():
        if event.show_progress == "hidden" and not event.show_progress_on:
            event.show_progress_on = [unseen]


def answers(demo: gr.Blocks) -> None:
    """Have an answer deal with the outputs that it changes: Gradio makes all of them anew."""
    plain: Any = demo.postprocess_data

    async def postprocess_data(fn: Any, predictions: Any, state: Any) -> Any:
        changed = predictions if isinstance(predictions, dict) else {}
        kept = [place for place, block in enumerate(fn.outputs) if block in changed]
        if not kept or len(kept) < len(changed) or len(fn.outputs) == 1:
            return await plain(fn, predictions, state)
        fewer = copy(fn)
        fewer.outputs = [fn.outputs[place] for place in kept]
        given = [changed[block] for block in fewer.outputs]
        made = await plain(fewer, given if len(given) > 1 else given[0], state)
        whole: list[Any] = [None if one.stateful else dict(SKIPPED) for one in fn.outputs]
        for place, value in zip(kept, made, strict=True):
            whole[place] = value
        return whole

    setattr(demo, "postprocess_data", postprocess_data)  # noqa: B010


def files() -> None:
    """Have Gradio find out by few questions to the disk whether a picture is one of the page's own.

    It resolves every folder of every app once more for every picture that it sends.
    """

    def is_static_file(file: Any, folders: list[Path]) -> bool:
        path = file.path if isinstance(file, FileData) else file
        if not isinstance(path, (str, Path)) or not Path(path).exists():
            return False
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(_real(folder)) for folder in folders)

    setattr(utils, "_is_static_file", is_static_file)  # noqa: B010


@cache
def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


class Middleware:
    """Sends a page compressed: it holds every control of every tab, megabytes in a row.

    Brotli looks further back than gzip does, and finds what one tab has in common with the next.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain, self._zipped = app, GZipMiddleware(app, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is no page, streams among it, goes as it is."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        page = "text/html" in headers.get("accept", "")
        if page and "br" in headers.get("accept-encoding", ""):
            brotli = BrotliResponder(
                self._plain, quality=5, mode=Mode.text, lgwin=22, lgblock=0, minimum_size=400
            )
            await brotli(scope, receive, send)
        else:
            await (self._zipped if page else self._plain)(scope, receive, send)
