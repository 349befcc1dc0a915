"""The method for programs and agents: /NAME with its own parameters, a stream of pictures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.knobs import Parameter
from phosphene.ui import controls, export
from phosphene.ui.form import Form
from phosphene.ui.running import checked
from phosphene.ui.stream import Run, frames, sentence


def endpoint(form: Form) -> None:
    """Offer a form's method as /NAME: its pictures, and facts about each."""
    method, parameters = form.tab.method, form.tab.parameters

    def call(*values: Any) -> Iterator[Any]:
        named = zip((p.name for p in parameters), values, strict=True)
        try:
            run = checked(form, {name: value for name, value in named if value is not None})
            with closing(frames(run)) as stream:  # type: ignore[type-var]
                for frame in stream:
                    yield frame.image, _facts(frame, run)
            if run.last is None:
                return
            with TemporaryDirectory(prefix="phosphene-") as folder:
                picture = export.png(run.last, Path(folder) / f"phosphene-{run.name}.png")
                yield str(picture), _facts(run.last, run) | {"made": export.metadata(run.last)}
        except Exception as error:
            raise sentence(error) from None

    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    empty = inspect.Parameter.empty
    signature = inspect.Signature(
        [
            inspect.Parameter(p.name, keyword, default=empty if p.default is empty else None)
            for p in parameters
        ]
    )
    call.__name__ = method.__name__
    call.__doc__ = _description(method, parameters)
    setattr(call, "__signature__", signature)  # noqa: B010
    picture = gr.Image(visible=False, format="jpeg", label="Picture")
    facts = gr.JSON(visible=False, label="Facts")
    gr.Button(visible=False).click(
        call,
        [controls.api_input(parameter) for parameter in parameters],
        [picture, facts],
        api_name=method.__name__,
        api_description=call.__doc__,
        concurrency_limit=8,
    )


def _facts(frame: Frame, run: Run) -> dict[str, Any]:
    return {
        "step": frame.step,
        "steps": frame.steps,
        "seconds": round(frame.seconds, 3),
        "losses": dict(frame.losses),
        "metrics": dict(frame.metrics),
        "verdict": dict(frame.verdict),
        "note": run.note or frame.note,
    }


def _description(method: Callable[..., Any], parameters: Sequence[Parameter]) -> str:
    about = inspect.getdoc(method) or method.__name__
    lines = (f"    {p.name}: {p.label}. {p.knob.help}".rstrip() for p in parameters)
    return "\n".join([about, "", "Args:", *lines])
