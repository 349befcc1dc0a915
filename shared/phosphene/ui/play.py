"""What Run, Stop and a live tab do: arguments in, updates of the page out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Any

import gradio as gr

from phosphene import images
from phosphene.errors import InputError
from phosphene.hosting.turns import Waiting
from phosphene.ui import follow, html, notices, strokes
from phosphene.ui.form import Form
from phosphene.ui.runs import Run, checked, fetch_weights, frames, user_error
from phosphene.ui.views import Updates, outcome

SOON = 0.5
"""Seconds within which a browser may take two updates for one."""


def run(
    form: Form, values: Sequence[Any], last: Run | None = None, **changes: Any
) -> Iterator[Updates]:
    """Run: check the form, show previews, end with the result and its files.

    Given the visitor's last run, go on from its result, which is kept until there is a new one;
    `changes` are arguments that differ from the form's.
    """
    current = None
    try:
        arguments = {**form.arguments(values), **_resumed(form, last), **changes}
        current = checked(form.tab.method, arguments)
        current.result, current.size = (last.result, last.size) if last else (b"", 0)
        yield {form.run_state: current, **({} if form.tab.live else form.started())}
        fetch_weights(form.tab.parameters, current, gr.Progress())
        with closing(frames(current)) as stream:  # type: ignore[type-var]
            for frame in stream:
                yield form.waiting(frame) if isinstance(frame, Waiting) else form.preview(frame)
        if not current.superseded:
            yield from finished(form, current)
    except Exception as error:
        kept = form.going_on(True, last.size) if last and last.result else {}
        if current and current.stopping:
            yield form.unchanged() if current.superseded else {**form.idle("Stopped"), **kept}
            return
        shown = user_error(error)
        status = html.status(str(shown.message), state="error")
        yield {**form.idle(), form.status: status, **kept}
        raise notices.failed(shown) from None


def live(form: Form, values: Sequence[Any], last: Run | None) -> Iterator[Updates]:
    """A run of what the form now holds; over strokes of a brush, of the last stroke alone."""
    brush = form.brush
    if brush is None or form.tab.resume is None:
        with suppress(gr.Error):  # the status line says it; notices of every change would pile up
            yield from run(form, values)
        return
    arguments = form.arguments(values)
    picture = arguments.get(form.tab.resume)
    painted = strokes.painted_on(arguments.get(brush))
    if picture is None or painted is None:
        yield form.unchanged()
        return
    trail = strokes.trail_of(last.trail if last else None, str(picture)).until(painted)
    fresh = trail.fresh(painted)
    if not fresh.any():
        yield from _taken_back(form, last, trail)
        return
    current: Run | None = None
    for updates in run(form, values, **trail.changes(fresh, form.tab.resume, brush)):
        current = updates.get(form.run_state, current)
        if current is not None:
            current.trail = trail.then(painted, current.result) if current.result else trail
        yield updates


def _taken_back(form: Form, last: Run | None, trail: strokes.Trail) -> Iterator[Updates]:
    """The result of before, where the last stroke was taken back."""
    stage = form.stage
    before = last.trail.results if last and last.trail else ()
    if last is None or stage is None or not 0 < len(trail.results) < len(before):
        yield form.unchanged()
    else:
        last.trail = trail
        shown = images.load(trail.results[-1])
        yield {stage: shown, form.run_state: last, form.status: html.status("Taken back")}


def _resumed(form: Form, last: Run | None) -> dict[str, Any]:
    if last is None:
        return {}
    if not last.result:
        raise InputError("the last result is no longer kept; press Run")
    return {str(form.tab.resume): images.load(last.result)}


def finished(form: Form, current: Run) -> Iterator[Updates]:
    """The result and its files; they are deleted here once Gradio has its own copies."""
    frame = current.last
    if frame is None:
        return
    text = current.note or f"done in {html.format_duration(frame.seconds)}"
    steps = f"step {frame.step} of {frame.steps} · " if frame.steps > 1 else ""
    with outcome(frame, current, current.close_film()) as made:
        shown = {
            **form.idle(),
            **form.result(made),
            form.status: html.status(f"{steps}{text}", 1.0, "done"),
            form.badge: html.badge(frame.recipe.get("weights", ()), follow.device_words()),
        }
        at_once, begun = len(made.film) < 2, time.monotonic()  # there is no film to make
        if not at_once:
            yield shown
        later = form.later(made)
        current.close(made.png.read_bytes() if form.tab.resume else b"")
        # Of two updates in quick succession a browser may show the last one alone. One that comes
        # later leaves the visitor at the view that was chosen meanwhile.
        again = shown if at_once or time.monotonic() - begun < SOON else {}
        going_on = form.going_on(bool(current.result), current.size)
        yield {**again, **later, form.run_state: current, **going_on}


def supersede(current: Run | None) -> None:
    """A newer change: the run ends after the step it is in, and what it made is not needed."""
    if current is not None:
        current.superseded = current.stopping = True


def stop(current: Run | None) -> Any:
    """Stop: the run itself ends after the step it is in, so that nothing overtakes its result."""
    if current is not None:
        current.stopping = True
    return gr.Button(interactive=False)
