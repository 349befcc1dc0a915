"""Where the parts of a tab stand: pictures and presets, the result, settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.knobs import Parameter, Picture
from phosphene.ui import controls, html, permalinks, uploads, views
from phosphene.ui.form import Form
from phosphene.ui.tab import Tab


def form_of(tab: Tab) -> Form:
    """The components of one tab, laid out in the page that is being built."""
    parts: dict[str, Any] = {}
    made: dict[str, gr.components.Component] = {}
    with gr.Row(elem_classes=["ph-page"]):
        with gr.Column(elem_classes=["ph-intake"]):
            _intake(tab, made, parts)
        with gr.Column(elem_classes=["ph-result"]):
            _result(tab, parts)
        with gr.Column(elem_classes=["ph-knobs"]):
            _knobs(tab, made, parts)
    inputs = [made[parameter.name] for parameter in tab.parameters]
    return Form(tab=tab, inputs=inputs, **parts)


def _intake(tab: Tab, made: dict[str, gr.components.Component], parts: dict[str, Any]) -> None:
    media = [p for p in tab.parameters if isinstance(p.knob, controls.MEDIA)]
    needed = [p for p in media if not p.knob.advanced]
    for parameter in needed:
        made[parameter.name] = controls.build(parameter, tab.starting(parameter))
    shown = [p for p in media if isinstance(p.knob, Picture) and p.name in tab.starting_names]
    parts["examples"] = _examples(tab, shown)
    parts["preset"] = _presets(tab)
    with gr.Row(elem_classes=["ph-actions"]):
        parts["run"] = gr.Button(
            "Run", variant="primary", size="lg", scale=2, elem_classes=["ph-run"]
        )
        parts["resume"] = gr.Button(
            "Continue", size="lg", scale=2, visible=False, elem_classes=["ph-run"]
        )
        parts["stop"] = gr.Button("Stop", variant="stop", size="lg", scale=1, interactive=False)


def _presets(tab: Tab) -> gr.Radio:
    """The presets as radio buttons; those with a picture show it, through a style of their own."""
    classes = ["ph-presets"]
    if tab.thumbnails:
        scope = f"ph-looks-{tab.method.__name__}"
        classes += ["ph-looks", scope]
        gr.HTML(f"<style>{looks(scope, tab)}</style>", padding=False, elem_classes=["ph-style"])
    return gr.Radio(
        list(tab.presets),
        label="Looks" if tab.thumbnails else "Ready-made settings",
        value=None,
        visible=bool(tab.presets),
        elem_classes=classes,
    )


def looks(scope: str, tab: Tab) -> str:
    """Rules that put each preset's picture over its words, within the class `scope`."""
    rules = []
    for name, path in tab.thumbnails.items():
        label = json.dumps(f"{name}-radio-label", ensure_ascii=False).replace("<", "\\3c ")
        rules.append(f".{scope} label[data-testid={label}]::before {{ {_background(path)} }}")
    return " ".join(rules)


def _background(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f"background-image: url(data:image/jpeg;base64,{data})"


def _examples(tab: Tab, shown: Sequence[Parameter]) -> gr.Dataset:
    thumbs: list[Any] = [uploads.picture_input(render=False) for _ in shown[:1]]
    if not thumbs:
        thumbs = [gr.Textbox(render=False)]
        samples = [[permalinks.example_name(example)] for example in tab.examples]
    else:
        samples = [[str(example[shown[0].name])] for example in tab.examples]
    return gr.Dataset(
        components=thumbs,
        samples=samples,
        type="index",
        label="Examples",
        visible=bool(tab.examples),
        layout="gallery",
        samples_per_page=100,
        elem_classes=["ph-examples"],
    )


def _result(tab: Tab, parts: dict[str, Any]) -> None:
    words = "The first example. Press Run: yours forms here" if tab.opening else "Ready"
    parts["status"] = gr.HTML(
        html.status(words), padding=False, elem_classes=["ph-line", "ph-status-line"]
    )
    stages, below = tab.stages, views.below()
    with gr.Tabs(elem_classes=["ph-views"]) as parts["chooser"]:
        for view in stages:
            opened = bool(tab.opening) and _shows(view, tab.opening)
            with gr.Tab(view.title, id=view.title, visible=view.running or opened) as view.place:
                view.build(tab.opening)
    for view in below:
        view.build()
    parts["views"] = [*stages, *below]
    parts["badge"] = gr.HTML(padding=False, elem_classes=["ph-line"])
    parts["run_state"] = gr.State(None, time_to_live=1800)


def _shows(view: views.View, opening: Path | None) -> bool:
    """Whether a view shows the opening, which is a film or a picture."""
    film = opening is not None and opening.suffix == ".mp4"
    return isinstance(view, views.Film if film else views.Picture)


def _knobs(tab: Tab, made: dict[str, gr.components.Component], parts: dict[str, Any]) -> None:
    left = [p for p in tab.parameters if p.name not in made]
    basic = [p for p in left if not p.knob.advanced]
    advanced = [p for p in left if p.knob.advanced]
    if basic:
        with gr.Accordion("Settings", open=True, elem_classes=["ph-group"]):
            made.update({p.name: controls.build(p) for p in basic})
    if advanced:
        with gr.Accordion("For experts", open=False, elem_classes=["ph-group"]):
            made.update({p.name: controls.build(p) for p in advanced})
    with gr.Row(elem_classes=["ph-foot"]):
        parts["share"] = gr.Button("Share these settings", size="sm")
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
