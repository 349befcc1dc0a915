"""The method for programs and agents: /NAME with its own parameters, a stream of its frames."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.hosting.turns import Waiting
from phosphene.methods import describe
from phosphene.methods.recipes import metadata
from phosphene.ui import controls
from phosphene.ui.form import Form
from phosphene.ui.runs import Run, checked, frames, user_error
from phosphene.ui.views import outcome, saved

Answer = tuple[Any, dict[str, Any], Any, Any]


def endpoint(form: Form) -> None:
    """Offer a form's method as /NAME: its pictures, facts about each, and all that the page gives.

    Previews are pictures with facts; the last answer holds the result as PNG with its recipe, the
    panels with their captions, the files that the method leaves, and its film if it makes one.
    """
    method, parameters = form.tab.method, form.tab.parameters

    def call(*values: Any) -> Iterator[Answer]:
        named = zip((p.name for p in parameters), values, strict=True)
        try:
            run = checked(method, {name: value for name, value in named if value is not None})
            with closing(frames(run)) as stream:  # type: ignore[type-var]
                for frame in stream:
                    if isinstance(frame, Waiting):
                        yield None, {"waiting": asdict(frame)}, None, None
                    else:
                        yield frame.image, _facts(frame, run), None, None
            if run.last is not None:
                yield from _result(run.last, run)
        except Exception as error:
            raise user_error(error) from None

    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    empty = inspect.Parameter.empty
    signature = inspect.Signature(
        [
            inspect.Parameter(p.name, keyword, default=empty if p.default is empty else None)
            for p in parameters
        ]
    )
    call.__name__ = method.__name__
    call.__doc__ = describe(method)
    setattr(call, "__signature__", signature)  # noqa: B010
    outputs = [
        gr.Image(visible=False, format="jpeg", label="Picture"),
        gr.JSON(visible=False, label="Facts"),
        gr.Gallery(visible=False, label="Panels"),
        gr.File(visible=False, file_count="multiple", label="Files"),
    ]
    gr.Button(visible=False).click(
        call,
        [controls.api_input(parameter) for parameter in parameters],
        outputs,
        api_name=method.__name__,
        api_description=call.__doc__,
        concurrency_limit=64,
    )


def _result(frame: Frame, run: Run) -> Iterator[Answer]:
    with outcome(frame, run, run.close_film()) as made:
        panels = saved(frame.panels, made.folder)
        files = made.files() + ([str(made.mp4)] if run.makes_film else [])
        facts = _facts(frame, run) | {"made": metadata(frame)}
        yield str(made.png), facts, panels or None, files or None


def _facts(frame: Frame, run: Run) -> dict[str, Any]:
    return {
        "step": frame.step,
        "steps": frame.steps,
        "seconds": round(frame.seconds, 3),
        "losses": dict(frame.losses),
        "metrics": dict(frame.metrics),
        "verdict": dict(frame.verdict),
        "tables": [
            {"title": t.title, "columns": list(t.columns), "rows": [list(row) for row in t.rows]}
            for t in frame.tables
        ],
        "panels": [
            {"caption": panel.caption, "note": panel.note, "sets": dict(panel.sets)}
            for panel in frame.panels
        ],
        "note": run.note or frame.note,
    }
