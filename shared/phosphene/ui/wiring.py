"""What the page's controls do: run, stop, reset, examples, presets, taps, links, endpoint."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from phosphene import device, images, knobs
from phosphene.errors import PhospheneError
from phosphene.frame import Frame
from phosphene.knobs import Mask, NetworkChoice, Parameter, TapChoice
from phosphene.ui import controls, export, pieces, share
from phosphene.ui.stream import Run, frames, sentence

if TYPE_CHECKING:
    from phosphene.ui.page import Tab

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
SHOWN = 12
"""Steps in the gallery."""


@dataclass(frozen=True, eq=False)
class Form:
    """The components of one tab; `inputs` stand in the order of the method's parameters."""

    tab: Tab
    inputs: list[gr.components.Component]
    examples: gr.Dataset
    preset: gr.Radio
    run: gr.Button
    stop: gr.Button
    share: gr.Button
    reset: gr.Button
    link: gr.Textbox
    views: gr.Tabs
    stage: gr.Image
    slider: gr.ImageSlider
    gallery: gr.Gallery
    plot: gr.HTML
    status: gr.HTML
    measures: gr.HTML
    verdict: gr.Label
    png: gr.DownloadButton
    mp4: gr.DownloadButton
    webp: gr.DownloadButton
    badge: gr.HTML
    record: gr.State

    @property
    def outputs(self) -> list[Any]:
        """Everything a run may change."""
        shown = [self.stage, self.slider, self.gallery, self.plot, self.status, self.measures]
        files = [self.verdict, self.png, self.mp4, self.webp]
        return [*shown, *files, self.record, self.run, self.stop]

    @property
    def named(self) -> dict[str, tuple[Parameter, gr.components.Component]]:
        """Parameter and control by name."""
        pairs = zip(self.tab.parameters, self.inputs, strict=True)
        return {parameter.name: (parameter, control) for parameter, control in pairs}

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """The form's values as the method's arguments, not yet checked."""
        pairs = zip(self.tab.parameters, values, strict=True)
        return {p.name: controls.from_form(p, value) for p, value in pairs}


def connect(form: Form, demo: gr.Blocks, query: gr.Textbox, tab: str, js: str) -> None:
    """Wire one form; `tab` is its name in permalinks where a page has several."""
    running = form.run.click(
        lambda *values: (yield from _run(form, values)),
        form.inputs,
        form.outputs,
        api_visibility="private",
        concurrency_limit=8,
        trigger_mode="once",
        show_progress="minimal",
        show_progress_on=form.status,
    )
    form.stop.click(
        lambda run: (yield from _stopped(form, run)),
        form.record,
        form.outputs,
        cancels=[running],
        queue=True,
        **QUIET,
    )
    form.reset.click(
        lambda: _reset(form), None, [*form.inputs, form.preset, *form.outputs], **QUIET
    )
    form.preset.input(lambda name: _preset(form, name), form.preset, form.inputs, **QUIET)
    form.examples.click(lambda index: _example(form, index), form.examples, form.inputs, **QUIET)
    form.share.click(
        lambda *values: _link(form, values, tab), form.inputs, form.link, **QUIET
    ).then(None, form.link, form.link, js=PUBLISH, **QUIET)
    restored = demo.load(lambda text: _restore(form, text, tab), query, form.inputs, js=js, **QUIET)
    _follow_network(form, restored)
    _follow_picture(form, restored)
    _endpoint(form)


PUBLISH = """q => {
  const url = location.origin + location.pathname + (q === "?" ? "" : q);
  history.replaceState(null, "", url);
  if (navigator.clipboard) navigator.clipboard.writeText(url).catch(() => {});
  return url;
}"""


def _checked(form: Form, arguments: Mapping[str, Any]) -> Run:
    return Run(form.tab.method.__name__, knobs.check(form.tab.method, arguments))


def _run(form: Form, values: Sequence[Any]) -> Iterator[dict[Any, Any]]:
    try:
        run = _checked(form, form.arguments(values))
        yield {
            form.record: run,
            form.status: pieces.status("Getting ready", state="running"),
            form.run: gr.Button(interactive=False),
            form.stop: gr.Button(interactive=True),
        }
        with closing(frames(run)) as stream:  # type: ignore[type-var]
            for frame in stream:
                yield _preview(form, frame)
        yield from _finished(form, run)
    except Exception as error:
        yield _idle(form)
        raise sentence(error) from None


def _idle(form: Form, text: str = "Ready") -> dict[Any, Any]:
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
            **_idle(form),
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
            form.mp4: _file(export.mp4(reel, base.with_suffix(".mp4"))),
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


def _stopped(form: Form, run: Run | None) -> Iterator[dict[Any, Any]]:
    if run is None or run.last is None:
        yield _idle(form, "Stopped")
        return
    run.note = "stopped; this picture is yours to keep"
    yield from _finished(form, run)


def _reset(form: Form) -> list[Any]:
    first = form.tab.examples[0] if form.tab.examples else {}
    blank: list[Any] = [
        None if p.default is inspect.Parameter.empty else p.default for p in form.tab.parameters
    ]
    values = [
        controls.to_form(p, first.get(p.name, value))
        for p, value in zip(form.tab.parameters, blank, strict=True)
    ]
    files = (form.png, form.mp4, form.webp)
    state: dict[Any, Any] = {
        **_idle(form),
        **{button: gr.DownloadButton(value=None, interactive=False) for button in files},
        form.plot: pieces.plot(()),
        form.measures: gr.HTML("", visible=False),
        form.verdict: gr.Label(None, visible=False),
    }
    return [*values, None, *(state.get(component) for component in form.outputs)]


def _updates(form: Form, values: Mapping[str, Any]) -> list[Any]:
    return [
        controls.to_form(p, values[p.name]) if p.name in values else gr.skip()
        for p in form.tab.parameters
    ]


def _preset(form: Form, name: str) -> list[Any]:
    touched = {knob for preset in form.tab.presets.values() for knob in preset}
    base = {p.name: p.default for p in form.tab.parameters if p.name in touched}
    return _updates(form, base | dict(form.tab.presets.get(name, {})))


def _example(form: Form, index: int) -> list[Any]:
    return _updates(form, form.tab.examples[index])


def example_name(example: Mapping[str, Any]) -> str:
    """An example's name in a permalink: that of its first file, or its first value."""
    files = [Path(str(value)) for value in example.values() if Path(str(value)).suffix]
    return files[0].stem if files else str(next(iter(example.values()), ""))


def _link(form: Form, values: Sequence[Any], tab: str) -> Any:
    arguments = form.arguments(values)
    given = {_digest(value) for value in arguments.values()} - {""}
    names = [
        example_name(example)
        for example in form.tab.examples
        if given & {_digest(value) for value in example.values()}
    ]
    query = share.link(form.tab.parameters, arguments, tab=tab, example=(names or [""])[0])
    return gr.Textbox(query, visible=True)


def _digest(value: Any) -> str:
    is_file = isinstance(value, (str, Path)) and Path(value).suffix and Path(value).is_file()
    return hashlib.sha256(Path(value).read_bytes()).hexdigest() if is_file else ""


def wanted_tab(query: str, names: Sequence[str]) -> str:
    """The tab that a permalink names, or the first."""
    tab = share.restore((), query or "")[1].get("tab", "")
    return tab if tab in names else names[0]


def _restore(form: Form, query: str, tab: str) -> list[Any]:
    values, others, notices = share.restore(form.tab.parameters, query or "")
    if tab and others.get("tab", tab) != tab:
        return _updates(form, {})
    for notice in notices:
        gr.Warning(notice)
    examples = {example_name(example): example for example in form.tab.examples}
    name = others.get("example", "")
    if name and name not in examples:
        gr.Warning(f"The link names an example that is not here: {name[:80]}")
    return _updates(form, dict(examples.get(name, {})) | values)


def _follow_network(form: Form, restored: Any) -> None:
    """Taps and badge follow the network, on opening the page and on each change."""
    named = form.named
    network = next((n for n, (p, _) in named.items() if isinstance(p.knob, NetworkChoice)), None)
    taps = [n for n, (p, _) in named.items() if isinstance(p.knob, TapChoice)]
    if network is None:
        restored.then(lambda: pieces.badge("", _device()), None, form.badge, **QUIET)
        return
    inputs = [named[network][1], *(named[name][1] for name in taps)]
    outputs = [form.badge, *(named[name][1] for name in taps)]
    restored.then(_taps, inputs, outputs, **QUIET)
    named[network][1].change(_taps, inputs, outputs, **QUIET)  # type: ignore[attr-defined]


def _device() -> str:
    return device.describe(device.pick())


def _taps(name: str, *current: Any) -> list[Any]:
    from phosphene.networks import load_network

    try:
        network = load_network(str(name))
    except PhospheneError as error:
        gr.Warning(str(error))
        return [gr.skip() for _ in range(1 + len(current))]
    except Exception as error:
        gr.Warning(str(sentence(error).message))
        return [gr.skip() for _ in range(1 + len(current))]
    choices = list(network.taps)
    updates = [
        gr.Dropdown(choices=choices, value=_fitting(value, choices, network.default_tap))
        for value in current
    ]
    return [pieces.badge(str(network.weights.badge), _device()), *updates]


def _fitting(value: Any, taps: Sequence[str], default: str) -> Any:
    if isinstance(value, list):
        return [tap for tap in value if tap in taps] or [default]
    return value if value in taps or not value else default


def _follow_picture(form: Form, restored: Any) -> None:
    """The brush paints over the picture: a new picture gives a clean mask."""
    for parameter, control in form.named.values():
        if isinstance(parameter.knob, Mask) and parameter.knob.of in form.named:
            picture: Any = form.named[parameter.knob.of][1]
            picture.change(_background, picture, control, **QUIET)
            restored.then(_background, picture, control, **QUIET)


def _background(path: str | None) -> Any:
    if path is None:
        return None
    try:
        return {"background": images.load(path, 768), "layers": [], "composite": None}
    except PhospheneError as error:
        raise sentence(error) from None


def _endpoint(form: Form) -> None:
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
