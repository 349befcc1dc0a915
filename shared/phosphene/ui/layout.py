"""Where the parts of a tab stand: pictures and looks, the result, settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.knobs import LayerChoice, Mask, NetworkChoice, Parameter, Picture
from phosphene.ui import camera, controls, footers, html
from phosphene.ui.form import Form
from phosphene.ui.quick import await_look
from phosphene.ui.strips import Item, strip
from phosphene.ui.tab import Tab, example_name

OPENED = "Made from the first example. Press Run: yours forms here"


def form_of(tab: Tab) -> Form:
    """The components of one tab, laid out in the page that is being built."""
    parts: dict[str, Any] = {}
    made: dict[str, gr.components.Component] = {}
    with gr.Row(elem_classes=["ph-page"]):
        pictures = [p for p in tab.parameters if p.name in tab.strips]
        with gr.Column(elem_classes=["ph-intake", *(["ph-pair"] if len(pictures) > 1 else [])]):
            _intake(tab, made, parts)
        with gr.Column(elem_classes=["ph-result"]):
            _result(tab, parts)
        with gr.Column(elem_classes=["ph-knobs"]):
            _knobs(tab, made, parts)
    inputs = [made[parameter.name] for parameter in tab.parameters]
    return Form(tab=tab, inputs=inputs, **parts)


def _intake(tab: Tab, made: dict[str, gr.components.Component], parts: dict[str, Any]) -> None:
    media = [p for p in tab.parameters if isinstance(p.knob, controls.MEDIA)]
    needed = [p for p in media if not p.knob.advanced and not isinstance(p.knob, Mask)]
    offered = tab.strips
    parts["strips"] = {}
    for parameter in needed:
        if tab.stream and isinstance(parameter.knob, Picture):
            made[parameter.name] = camera.control(parameter)
            continue
        made[parameter.name] = controls.build(parameter, tab.starting(parameter))
        paths = offered.get(parameter.name, []) if isinstance(parameter.knob, Picture) else []
        items = [Item(_words(Path(path).stem), Path(path)) for path in paths]
        if len(items) > 1:
            few = len(offered) > 1 and not parts["strips"]  # both pictures in sight at once
            parts["strips"][parameter.name] = strip("", items, one_row=few)
        _masks(tab, parameter, made)
    parts["examples"] = strip("Examples", _examples(tab), captions=not offered)
    pictured = tab.thumbnails
    looks = [Item(name, pictured.get(name)) for name in tab.presets]
    label = "Looks" if pictured else "Ready-made settings"
    parts["looks"] = strip(label, looks, captions=True)
    with gr.Row(elem_classes=["ph-actions"], visible=tab.stream is None):
        parts["run"] = gr.Button(
            "Run", variant="primary", size="lg", scale=2, elem_classes=["ph-run"]
        )
        parts["resume"] = gr.Button(
            "Continue", size="lg", scale=2, visible=False, elem_classes=["ph-run"]
        )
        parts["large"] = gr.Button(
            "Make it large", size="lg", scale=2, visible=False, elem_classes=["ph-run"]
        )
        parts["stop"] = gr.Button("Stop", variant="stop", size="lg", scale=1, interactive=False)


def _masks(tab: Tab, picture: Parameter, made: dict[str, gr.components.Component]) -> None:
    """The brushes over a picture lie beside it, open where painting is all there is to do."""
    for parameter in tab.parameters:
        knob = parameter.knob
        if isinstance(knob, Mask) and knob.of == picture.name and not knob.advanced:
            with gr.Accordion(parameter.label, open=tab.live, elem_classes=["ph-brush"]) as drawer:
                brush = made[parameter.name] = controls.build(parameter)
            if not tab.live:
                await_look([brush], drawer.expand)


def _examples(tab: Tab) -> list[Item]:
    """The examples by what they make; none where the strip of the one picture holds them all."""
    offered = tab.strips
    if len(offered) == 1 and all(set(example) <= set(offered) for example in tab.examples):
        return []
    return [Item(_words(example_name(e)), _picture(tab, e)) for e in tab.examples]


def _picture(tab: Tab, example: Any) -> Path | None:
    result = tab.made(example)
    if result and result.suffix == ".jpg":
        return result
    files = (Path(str(value)) for value in example.values())
    return next((path for path in files if path.is_file()), None)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _result(tab: Tab, parts: dict[str, Any]) -> None:
    parts["status"] = gr.HTML(
        html.status(OPENED if tab.opening else "Ready"),
        padding=False,
        elem_classes=["ph-line", "ph-status-line"],
    )
    stages = tab.stages
    below = footers.below(stages, bool(tab.asks), tab.teaches)
    seen = [v.title for v in stages if v.running or v.opens(tab.opening)]
    # Named, for Gradio opens with the first one even where that is not seen.
    opens = next((v.title for v in stages if v.opens(tab.opening)), seen[0] if seen else None)
    with gr.Tabs(selected=opens, elem_classes=["ph-views"]) as parts["chooser"]:
        for view in stages:
            with gr.Tab(view.title, id=view.title, visible=view.title in seen) as view.place:
                view.build(tab.opening)
    for view in below:
        view.build()
    parts["views"] = [*stages, *below]
    parts["badge"] = gr.HTML(padding=False, elem_classes=["ph-line"])
    parts["run_state"] = gr.State(None, time_to_live=1800)
    parts["asked"] = gr.State(False)


def _knobs(tab: Tab, made: dict[str, gr.components.Component], parts: dict[str, Any]) -> None:
    left = [p for p in tab.parameters if p.name not in made]
    basic = [p for p in left if not p.knob.advanced]
    parts["layers"] = {}
    if basic:
        with gr.Accordion("Settings", open=True, elem_classes=["ph-group"]):
            for parameter in basic:
                if isinstance(parameter.knob, LayerChoice) and not parameter.knob.several:
                    parts["layers"][parameter.name] = _layers(tab)
                made[parameter.name] = controls.build(parameter)
    _experts([p for p in left if p.knob.advanced], made)
    with gr.Row(elem_classes=["ph-foot"]):
        parts["share"] = gr.Button("Share these settings", size="sm")
        parts["recipe"] = gr.UploadButton(
            "Settings of a picture", size="sm", file_types=[".png"], elem_classes=["ph-recipe"]
        )
        parts["reset"] = gr.Button("Reset", size="sm")
    parts["link"] = gr.Textbox(
        label="Link to these settings",
        visible=False,
        buttons=["copy"],
        interactive=False,
        elem_classes=["ph-link"],
    )
    if tab.explain:
        gr.Markdown(tab.explain, elem_classes=["ph-explain"])


def _layers(tab: Tab) -> dict[str, gr.HTML]:
    """A strip of pictured layers for each network, that of the default one shown."""
    defaults = {p.default for p in tab.parameters if isinstance(p.knob, NetworkChoice)}
    return {
        network: strip(
            "",
            [Item(word, picture) for _, word, picture in layers],
            captions=True,
            visible=network in defaults,
        )
        for network, layers in tab.pictured_layers.items()
    }


def _experts(advanced: Sequence[Parameter], made: dict[str, gr.components.Component]) -> None:
    """The other knobs, those of one group together under its name."""
    if not advanced:
        return
    groups = list(dict.fromkeys(parameter.knob.group for parameter in advanced))
    with gr.Accordion("For experts", open=False, elem_classes=["ph-group"]) as drawer:
        for group in groups:
            if group:
                gr.Markdown(f"**{group}**", elem_classes=["ph-group-name"])
            own = [p for p in advanced if p.knob.group == group]
            made.update({p.name: controls.build(p) for p in own})
    await_look([made[p.name] for p in advanced], drawer.expand)
