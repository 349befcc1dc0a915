"""Where the parts of a tab stand: pictures and presets, the result, settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.knobs import Parameter, Picture
from phosphene.ui import controls
from phosphene.ui import events as wiring
from phosphene.ui import html as pieces
from phosphene.ui import uploads as media
from phosphene.ui.form import Depth, Form
from phosphene.ui.tab import Tab

FILES = {"png": "Picture · PNG", "mp4": "Film · MP4", "webp": "Film · WebP"}


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
        parts["run"] = gr.Button("Run", variant="primary", size="lg", scale=2)
        parts["proceed"] = gr.Button("Continue", size="lg", scale=2, visible=False)
        parts["stop"] = gr.Button("Stop", variant="stop", size="lg", scale=1, interactive=False)


def _presets(tab: Tab) -> gr.Radio:
    """The presets as radio buttons; those with a picture show it, through a style of their own."""
    classes = ["ph-presets"]
    if tab.thumbnails:
        scope = f"ph-looks-{tab.method.__name__}"
        classes += ["ph-looks", scope]
        _style(looks(scope, tab))
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


def _style(rules: str) -> None:
    gr.HTML(f"<style>{rules}</style>", padding=False, elem_classes=["ph-style"])


def _examples(tab: Tab, shown: Sequence[Parameter]) -> gr.Dataset:
    thumbs: list[Any] = [media.picture_input(render=False) for _ in shown[:1]]
    if not thumbs:
        thumbs = [gr.Textbox(render=False)]
        samples = [[wiring.example_name(example)] for example in tab.examples]
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


def _result(tab: Tab, parts: dict[str, Any]) -> None:
    classes = ["ph-stage"]
    if tab.opening:
        scope = f"ph-opening-{tab.method.__name__}"
        classes += ["ph-opening", scope]
        _style(f".{scope} .empty {{ {_background(tab.opening)} }}")
    with gr.Tabs(elem_classes=["ph-views"]) as parts["views"]:
        with gr.Tab("Picture", id="picture"):
            parts["stage"] = gr.Image(
                show_label=False,
                format="jpeg",
                interactive=False,
                buttons=["fullscreen"],
                elem_classes=classes,
            )
        with gr.Tab("Compare", id="compare", visible=tab.before is not None):
            parts["slider"] = gr.ImageSlider(
                show_label=False,
                format="jpeg",
                type="filepath",
                interactive=False,
                max_height=720,
                buttons=["fullscreen"],
                elem_classes=["ph-slider"],
            )
        parts["depth"] = _depth(tab)
        with gr.Tab("Steps", id="steps"):
            parts["gallery"] = gr.Gallery(
                show_label=False, format="jpeg", columns=4, height="auto", interactive=False
            )
        with gr.Tab("Loss", id="loss"):
            parts["plot"] = gr.HTML(pieces.plot(()))
    parts["status"] = gr.HTML(pieces.status("Ready"), padding=False, elem_classes=["ph-line"])
    parts["measures"] = gr.HTML(padding=False, visible=False, elem_classes=["ph-line"])
    parts["verdict"] = gr.Label(label="What the network sees", num_top_classes=5, visible=False)
    with gr.Row(elem_classes=["ph-downloads"]):
        for name, label in FILES.items():
            parts[name] = gr.DownloadButton(label, size="sm", interactive=False)
    parts["files"] = gr.File(
        label="Files", file_count="multiple", interactive=False, visible=False, height=120
    )
    parts["badge"] = gr.HTML(padding=False, elem_classes=["ph-line"])
    parts["record"] = gr.State(None, time_to_live=1800)


def _depth(tab: Tab) -> Depth:
    with gr.Tab(tab.scrub or "Panels", id="depth", visible=False) as view:
        caption = gr.HTML(elem_classes=["ph-line"], padding=False)
        place = gr.Slider(
            1, 2, 1, step=1, show_label=False, interactive=True, elem_classes=["ph-depth"]
        )
        picture = gr.Image(
            show_label=False,
            interactive=False,
            buttons=["fullscreen"],
            elem_classes=["ph-stage"],
        )
    return Depth(view, place, picture, caption)
