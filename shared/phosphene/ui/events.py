"""What the page's controls do: run, stop, reset, examples, presets, taps, links."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene import device, images
from phosphene.errors import PhospheneError
from phosphene.knobs import LayerChoice, Mask, NetworkChoice, Picture
from phosphene.ui import controls, running
from phosphene.ui import html as pieces
from phosphene.ui import permalinks as share
from phosphene.ui.api import endpoint
from phosphene.ui.form import Form
from phosphene.ui.stream import Run, sentence

BRUSHED = 512
"""Pixels of the longer side of a picture under the brush."""
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def connect(form: Form, demo: gr.Blocks, query: gr.Textbox, tab: str, js: str) -> None:
    """Wire one form; `tab` is its name in permalinks where a page has several."""
    working: dict[str, Any] = {
        "api_visibility": "private",
        "concurrency_limit": 8,
        "trigger_mode": "once",
        "show_progress": "minimal",
        "show_progress_on": form.status,
    }
    form.run.click(
        lambda *values: (yield from running.run(form, values)),
        form.inputs,
        form.outputs,
        **working,
    )
    form.proceed.click(
        lambda last, *values: (yield from running.run(form, values, last or Run("", {}))),
        [form.record, *form.inputs],
        form.outputs,
        **working,
    )
    gr.on([form.run.click, form.proceed.click], None, js=WATCH, **QUIET)
    form.stop.click(running.stop, form.record, form.stop, queue=False, **QUIET)
    form.reset.click(
        lambda: cleared(form), None, [*form.inputs, form.preset, *form.outputs], **QUIET
    )
    form.preset.input(lambda name: _preset(form, name), form.preset, form.inputs, **QUIET)
    form.examples.click(lambda index: _example(form, index), form.examples, form.inputs, **QUIET)
    form.share.click(
        lambda *values: _link(form, values, tab), form.inputs, form.link, **QUIET
    ).then(None, form.link, form.link, js=PUBLISH, **QUIET)
    restored = demo.load(lambda text: _restore(form, text, tab), query, form.inputs, js=js, **QUIET)
    _follow_network(form, restored)
    _follow_pictures(form, restored)
    depth = form.depth
    depth.place.input(
        None,
        [depth.place, form.gallery, depth.caption],
        [depth.picture, depth.caption],
        js=SCRUB,
        **QUIET,
    )
    endpoint(form)


# On a phone the picture forms below the form.
WATCH = """() => {
  const result = [...document.querySelectorAll(".ph-result")].find(part => part.offsetParent);
  if (result && result.getBoundingClientRect().top > innerHeight / 2) result.scrollIntoView();
}"""

# The browser has the panels already: moving through them asks nobody.
SCRUB = """(place, gallery, captions) => {
  const panel = gallery?.[place - 1];
  if (!panel) return [null, ""];
  const words = new DOMParser().parseFromString(captions, "text/html").body;
  [...words.children].forEach((caption, index) => { caption.hidden = index !== place - 1; });
  return [panel.image, words.innerHTML];
}"""

PUBLISH = """q => {
  const url = location.origin + location.pathname + (q === "?" ? "" : q);
  history.replaceState(null, "", url);
  if (navigator.clipboard) navigator.clipboard.writeText(url).catch(() => {});
  return url;
}"""


def cleared(form: Form) -> list[Any]:
    """What Reset puts into the form, the presets and everything a run may change."""
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
        **running.idle(form),
        **{button: gr.DownloadButton(value=None, interactive=False) for button in files},
        form.plot: pieces.plot(()),
        form.measures: gr.HTML("", visible=False),
        form.verdict: gr.Label(None, visible=False),
        form.files: gr.File(None, visible=False),
        form.proceed: gr.Button(visible=False),
        form.depth.view: gr.Tab(visible=False),
        form.depth.place: gr.Slider(value=1),
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
    files = [path for value in example.values() if (path := Path(str(value))).is_file()]
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
    taps = [n for n, (p, _) in named.items() if isinstance(p.knob, LayerChoice)]
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
    from phosphene.networks.loading import load_network

    try:
        network = load_network(str(name))
    except PhospheneError as error:
        gr.Warning(str(error))
        return [gr.skip() for _ in range(1 + len(current))]
    except Exception as error:
        gr.Warning(str(sentence(error).message))
        return [gr.skip() for _ in range(1 + len(current))]
    choices = list(network.taps)
    updates = [_listing(choices, value, network.default_tap) for value in current]
    told = pieces.credit(network.weights.name, network.weights.badge)
    return [pieces.badge(told, _device()), *updates]


def _listing(taps: Sequence[str], value: Any, default: str) -> Any:
    """The taps to choose from; a value that fits is left alone: it may be newer than `value`."""
    fitting = _fitting(value, taps, default)
    if fitting == value:
        return gr.Dropdown(choices=list(taps))
    return gr.Dropdown(choices=list(taps), value=fitting)


def _fitting(value: Any, taps: Sequence[str], default: str) -> Any:
    if isinstance(value, list):
        # None chosen stays so: it has a meaning of its own, such as a walk through all.
        return [tap for tap in value if tap in taps] or [default] * bool(value)
    return value if value in taps or not value else default


def _follow_pictures(form: Form, restored: Any) -> None:
    """A file that is no picture is named at once; a new picture gives clean masks."""
    for name, (parameter, control) in form.named.items():
        picture: Any = control
        if isinstance(parameter.knob, Picture):
            picture.upload(_check, picture, None, **QUIET)
        masks = [
            brush
            for other, brush in form.named.values()
            if isinstance(other.knob, Mask) and other.knob.of == name
        ]
        if masks:
            blank = partial(_blank, masks)
            picture.change(blank, picture, masks, **QUIET)
            restored.then(blank, picture, masks, **QUIET)


def _check(path: str) -> None:
    try:
        images.load(path, BRUSHED)
    except PhospheneError as error:
        raise sentence(error) from None


def _blank(masks: Sequence[Any], path: str | None) -> dict[Any, Any]:
    """The brushes over a picture, nothing painted."""
    clean = None
    with suppress(PhospheneError):  # whoever uploaded it has been told
        if path:
            clean = {"background": images.load(path, BRUSHED), "layers": [], "composite": None}
    return dict.fromkeys(masks, clean)
