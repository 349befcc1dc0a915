"""What Run, Stop and the endpoint do: frames in, updates of the page out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phosphene import device, images, knobs, weights, zoo
from phosphene.frame import Frame
from phosphene.knobs import NetworkChoice, Parameter
from phosphene.ui import controls, export, pieces
from phosphene.ui.form import Form
from phosphene.ui.stream import Run, frames, sentence

SHOWN = 12
"""Steps in the gallery."""


def _checked(form: Form, arguments: Mapping[str, Any]) -> Run:
    return Run(form.tab.method.__name__, knobs.check(form.tab.method, arguments))


def run(form: Form, values: Sequence[Any]) -> Iterator[dict[Any, Any]]:
    """Run: check the form, show previews, end with the result and its files."""
    try:
        run = _checked(form, form.arguments(values))
        yield {
            form.record: run,
            form.status: pieces.status("Getting ready", state="running"),
            form.run: gr.Button(interactive=False),
            form.stop: gr.Button(interactive=True),
        }
        fetch_weights(form, run, gr.Progress())
        with closing(frames(run)) as stream:  # type: ignore[type-var]
            for frame in stream:
                yield _preview(form, frame)
        yield from _finished(form, run)
    except Exception as error:
        yield idle(form)
        raise sentence(error) from None


def fetch_weights(form: Form, run: Run, report: Callable[..., Any]) -> None:
    """Have the weights of the run's networks on the disk; a download reports its progress."""
    kind = device.pick().type
    for parameter in form.tab.parameters:
        name = run.arguments.get(parameter.name)
        if isinstance(parameter.knob, NetworkChoice) and name and zoo.known(name):
            bar = partial(report, desc=f"Downloading {name}", unit="B")
            weights.fetch(name, device_type=kind, progress=lambda *part, bar=bar: bar(part))


def idle(form: Form, text: str = "Ready") -> dict[Any, Any]:
    """The buttons and the status line while nothing runs."""
    return {
        form.status: pieces.status(text),
        form.run: gr.Button(interactive=True),
        form.stop: gr.Button(interactive=False),
    }


def _preview(form: Form, frame: Frame) -> dict[Any, Any]:
    small = frame.image
    if max(small.size) > 1024:
        small = small.copy()
        small.thumbnail((1024, 1024))
    update = {form.stage: small, form.status: pieces.running(frame), **_told(form, frame)}
    if frame.history:
        update[form.plot] = pieces.plot(frame.history)
    return update


def _told(form: Form, frame: Frame) -> dict[Any, Any]:
    update: dict[Any, Any] = {}
    if frame.metrics:
        update[form.measures] = gr.HTML(pieces.measures(frame.metrics), visible=True)
    if frame.verdict:
        update[form.verdict] = gr.Label(dict(frame.verdict), visible=True)
    return update


def _finished(form: Form, run: Run) -> Iterator[dict[Any, Any]]:
    """The result and its files; they are deleted here once Gradio has its own copies."""
    frame = run.last
    if frame is None:
        return
    film = run.close_film()
    with TemporaryDirectory(prefix="phosphene-") as folder:
        base = Path(folder) / f"phosphene-{run.name}"
        picture = export.png(frame, base.with_suffix(".png"))
        text = run.note or f"done in {pieces.spoken(frame.seconds)}"
        yield {
            **idle(form),
            **_told(form, frame),
            form.stage: str(picture),
            form.png: gr.DownloadButton(value=str(picture), interactive=True),
            form.status: pieces.status(f"step {frame.step} of {frame.steps} · {text}", 1.0, "done"),
            form.plot: pieces.plot(frame.history),
            form.gallery: _steps(frame, film),
            form.slider: _pair(form, run, frame),
        }
        reel = [data for _, data in film]
        yield {
            form.mp4: _file(export.mp4(reel, base.with_suffix(".mp4"), run.rate or export.RATE)),
            form.webp: _file(export.webp(reel, base.with_suffix(".webp"))),
        }
    run.film, run.last = [], None


def _file(path: Path) -> gr.DownloadButton:
    return gr.DownloadButton(value=str(path), interactive=True)


def _steps(frame: Frame, film: Sequence[tuple[int, bytes]]) -> list[tuple[Any, str]]:
    every = max(1, -(-len(film) // SHOWN))
    chosen = film[::-1][::every][::-1]
    panels = [(picture, caption) for caption, picture in frame.panels]
    return [*panels, *((export.opened(data), f"step {step}") for step, data in chosen)]


def _pair(form: Form, run: Run, frame: Frame) -> Any:
    source = run.arguments.get(form.tab.before) if form.tab.before else None
    if source is None:
        return None
    return images.load(source).resize(frame.image.size), frame.image


def stopped(form: Form, run: Run | None) -> Iterator[dict[Any, Any]]:
    """Stop: the run is closed already; its last picture becomes the result."""
    if run is None or run.last is None:
        yield idle(form, "Stopped")
        return
    run.note = "stopped; this picture is yours to keep"
    yield from _finished(form, run)


def endpoint(form: Form) -> None:
    """The method for programs and agents: /NAME with its own parameters, a stream of pictures."""
    method, parameters = form.tab.method, form.tab.parameters

    def call(*values: Any) -> Iterator[Any]:
        named = zip((p.name for p in parameters), values, strict=True)
        try:
            run = _checked(form, {name: value for name, value in named if value is not None})
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
