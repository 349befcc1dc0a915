"""The page frame of every app, generated from its methods' knobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.knobs import Parameter, Picture, parameters
from phosphene.ui import controls, pieces, wiring
from phosphene.ui.form import Form

QUERY = "() => [window.location.search]"
FILES = {"png": "Picture · PNG", "mp4": "Film · MP4", "webp": "Film · WebP"}


@dataclass(frozen=True)
class Tab:
    """One method on a page: its name, presets {name: {knob: value}} and examples [{knob: value}].

    `explain` is markdown under the controls; `before` names the picture that the result is
    compared with, None for none.
    """

    name: str
    method: Callable[..., Iterator[Frame]]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    examples: Sequence[Mapping[str, Any]] = ()
    explain: str = ""
    before: str | None = "image"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The method's parameters in the order of the form."""
        return parameters(self.method)

    def starting(self, parameter: Parameter) -> Any:
        """What a picture control holds at first: the first example's."""
        return self.examples[0].get(parameter.name) if self.examples else None

    @property
    def starting_names(self) -> set[str]:
        """The parameters that the first example sets."""
        return set(self.examples[0]) if self.examples else set()


def page(
    title: str,
    idea: str,
    papers: Sequence[tuple[str, str]] = (),
    tabs: Sequence[Tab] = (),
    emoji: str = "✨",
) -> gr.Blocks:
    """An app: title, idea, papers as (label, url), and a tab per method; ready to launch."""
    gr.set_static_paths(_example_files(tabs))
    demo: gr.Blocks
    with gr.Blocks(
        title=title,
        analytics_enabled=False,
        delete_cache=(600, 3600),
        fill_width=True,
    ) as demo:
        gr.HTML(_heading(title, idea, papers), elem_classes=["ph-head"], padding=False)
        query = gr.Textbox(visible=False)
        several = len(tabs) > 1
        forms = []
        if several:
            with gr.Tabs(elem_classes=["ph-methods"]) as chooser:
                for tab in tabs:
                    with gr.Tab(tab.name, id=tab.name):
                        forms.append(_form(tab))
            demo.load(
                lambda text: gr.Tabs(selected=wiring.wanted_tab(text, [t.name for t in tabs])),
                query,
                chooser,
                js=QUERY,
                **wiring.QUIET,
            )
        else:
            forms = [_form(tab) for tab in tabs]
        for form in forms:
            wiring.connect(form, demo, query, form.tab.name if several else "", QUERY)
    # What the gallery writes on the app's card.
    vars(demo).update(idea=idea, emoji=emoji)
    demo.queue(max_size=64, default_concurrency_limit=8)
    return demo


def _heading(title: str, idea: str, papers: Sequence[tuple[str, str]]) -> str:
    links = " · ".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(label)}</a>'
        for label, url in papers
    )
    return f"<h1>{escape(title)}</h1><p>{escape(idea)} {links}</p>"


def _example_files(tabs: Sequence[Tab]) -> list[str | Path]:
    values = [value for tab in tabs for example in tab.examples for value in example.values()]
    return [value for value in values if isinstance(value, (str, Path)) and Path(value).is_file()]


def _form(tab: Tab) -> Form:
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
    parts["preset"] = gr.Radio(
        list(tab.presets),
        label="Looks",
        value=None,
        visible=bool(tab.presets),
        elem_classes=["ph-presets"],
    )
    with gr.Row(elem_classes=["ph-actions"]):
        parts["run"] = gr.Button("Run", variant="primary", size="lg", scale=3)
        parts["stop"] = gr.Button("Stop", variant="stop", size="lg", scale=1, interactive=False)


def _examples(tab: Tab, shown: Sequence[Parameter]) -> gr.Dataset:
    thumbs: list[Any] = [controls.picture_input(render=False) for _ in shown[:1]]
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
        label="Link to these settings", visible=False, buttons=["copy"], interactive=False
    )
    if tab.explain:
        gr.Markdown(tab.explain, elem_classes=["ph-explain"])


def _result(tab: Tab, parts: dict[str, Any]) -> None:
    with gr.Tabs(elem_classes=["ph-views"]) as parts["views"]:
        with gr.Tab("Picture", id="picture"):
            parts["stage"] = gr.Image(
                show_label=False,
                format="jpeg",
                interactive=False,
                buttons=["fullscreen"],
                elem_classes=["ph-stage"],
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
        for name, label in (
            ("png", "Picture · PNG"),
            ("mp4", "Film · MP4"),
            ("webp", "Film · WebP"),
        ):
            parts[name] = gr.DownloadButton(label, size="sm", interactive=False)
    parts["badge"] = gr.HTML(padding=False, elem_classes=["ph-line"])
    parts["record"] = gr.State(None, time_to_live=1800)
