"""What Run, Stop and the endpoint do: frames in, updates of the page out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phosphene import device, images, knobs
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.knobs import NetworkChoice
from phosphene.networks import weights, zoo
from phosphene.ui import export
from phosphene.ui import html as pieces
from phosphene.ui.form import Form
from phosphene.ui.stream import Run, frames, sentence

SHOWN = 12
"""Steps in the gallery."""


def checked(form: Form, arguments: Mapping[str, Any]) -> Run:
    """A run of the form's method; InputError for the first argument that does not fit."""
    return Run(form.tab.method.__name__, knobs.check(form.tab.method, arguments))


def run(form: Form, values: Sequence[Any], last: Run | None = None) -> Iterator[dict[Any, Any]]:
    """Run: check the form, show previews, end with the result and its files.

    Given the visitor's last run, go on from its result, which is kept until there is a new one.
    """
    run = None
    try:
        run = checked(form, {**form.arguments(values), **_resumed(form, last)})
        run.result = last.result if last else b""
        yield {
            form.record: run,
            form.status: pieces.status("Getting ready", state="running"),
            form.run: gr.Button(interactive=False),
            form.stop: gr.Button(interactive=True),
            form.reset: gr.Button(interactive=False),
            form.proceed: gr.Button(visible=False),
        }
        fetch_weights(form, run, gr.Progress())
        with closing(frames(run)) as stream:  # type: ignore[type-var]
            for frame in stream:
                yield _preview(form, frame)
        yield from finished(form, run)
    except Exception as error:
        kept = {form.proceed: gr.Button(visible=True)} if last and last.result else {}
        if run and run.stopping:
            yield {**idle(form, "Stopped"), **kept}
            return
        told = sentence(error)
        yield {**idle(form), form.status: pieces.status(str(told.message), state="error"), **kept}
        raise told from None


def _resumed(form: Form, last: Run | None) -> dict[str, Any]:
    if last is None:
        return {}
    if not last.result:
        raise InputError("the last result is no longer kept; press Run")
    return {str(form.tab.resume): images.load(last.result)}


def fetch_weights(form: Form, run: Run, report: Callable[..., Any]) -> None:
    """Have the weights of the run's networks on the disk; a download reports its progress.

    InputError in the middle of one if the run is stopped.
    """

    def told(name: str, done: int, total: int) -> None:
        if run.stopping:
            raise InputError(f"stopped while {name} was on its way")
        report((done, total), desc=f"Downloading {name}", unit="B")

    kind = device.pick().type
    for parameter in form.tab.parameters:
        name = run.arguments.get(parameter.name)
        if isinstance(parameter.knob, NetworkChoice) and name and zoo.known(name):
            weights.fetch(name, device_type=kind, progress=partial(told, name))


def idle(form: Form, text: str = "Ready") -> dict[Any, Any]:
    """The buttons and the status line while nothing runs."""
    return {
        form.status: pieces.status(text),
        form.run: gr.Button(interactive=True),
        form.stop: gr.Button(interactive=False),
        form.reset: gr.Button(interactive=True),
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


def finished(form: Form, run: Run) -> Iterator[dict[Any, Any]]:
    """The result and its files; they are deleted here once Gradio has its own copies."""
    frame = run.last
    if frame is None:
        return
    film = run.close_film()
    with TemporaryDirectory(prefix="phosphene-") as folder:
        base = Path(folder) / f"phosphene-{run.name}"
        picture = export.png(frame, base.with_suffix(".png"))
        shown = _steps(frame, film, Path(folder))
        text = run.note or f"done in {pieces.spoken(frame.seconds)}"
        yield {
            **idle(form),
            **_told(form, frame),
            form.stage: str(picture),
            form.png: gr.DownloadButton(value=str(picture), interactive=True),
            form.status: pieces.status(f"step {frame.step} of {frame.steps} · {text}", 1.0, "done"),
            form.plot: pieces.plot(frame.history),
            form.gallery: shown,
            form.slider: _pair(form, run, frame),
            form.files: _files(frame, Path(folder)),
            **_scrubbed(form, shown[: len(frame.panels)], [panel.note for panel in frame.panels]),
        }
        reel = [data for _, data in film]
        yield {
            form.mp4: _file(export.mp4(reel, base.with_suffix(".mp4"), run.rate or export.RATE)),
            form.webp: _file(export.webp(reel, base.with_suffix(".webp"))),
        }
        run.close(picture.read_bytes() if form.tab.resume else b"")
        yield {form.record: run, form.proceed: gr.Button(visible=bool(run.result))}


def _file(path: Path) -> gr.DownloadButton:
    return gr.DownloadButton(value=str(path), interactive=True)


def _files(frame: Frame, folder: Path) -> gr.File:
    """What else the method has to take home, under its own names."""
    more = folder / "files"
    more.mkdir()
    paths = [more / Path(name).name for name in frame.files]
    for path, data in zip(paths, frame.files.values(), strict=True):
        path.write_bytes(data)
    return gr.File([str(path) for path in paths] or None, visible=bool(paths))


def _scrubbed(
    form: Form, panels: Sequence[tuple[str, str]], notes: Sequence[str]
) -> dict[Any, Any]:
    """The view through the panels, at its first one; hidden where there are none."""
    if not form.tab.scrub:
        return {}
    depth = form.depth
    if not panels:
        return {depth.view: gr.Tab(visible=False)}
    return {
        depth.view: gr.Tab(visible=True),
        depth.place: gr.Slider(maximum=len(panels), value=1),
        depth.picture: panels[0][0],
        depth.caption: pieces.captions([caption for _, caption in panels], notes),
    }


def _steps(frame: Frame, film: Sequence[tuple[int, bytes]], folder: Path) -> list[tuple[str, str]]:
    """The panels as they are, then steps of the run: files with captions."""
    shown = []
    for number, panel in enumerate(frame.panels):
        path = folder / f"panel-{number}.png"
        panel.image.save(path)
        shown.append((str(path), panel.caption))
    every = max(1, -(-len(film) // SHOWN))
    for step, data in film[::-1][::every][::-1]:
        path = folder / f"step-{step}.jpg"
        path.write_bytes(data)
        shown.append((str(path), f"step {step}"))
    return shown


def _pair(form: Form, run: Run, frame: Frame) -> Any:
    source = run.arguments.get(form.tab.before) if form.tab.before else None
    if source is None:
        return None
    return images.load(source).resize(frame.image.size), frame.image


def stop(run: Run | None) -> Any:
    """Stop: the run itself ends after the step it is in, so that nothing overtakes its result."""
    if run is not None:
        run.stopping = True
    return gr.Button(interactive=False)
