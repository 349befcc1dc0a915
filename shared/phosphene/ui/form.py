"""The components of one tab of a page, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from phosphene.knobs import Parameter
from phosphene.ui import controls
from phosphene.ui.tab import Tab


@dataclass(frozen=True, eq=False)
class Depth:
    """The view with a slider over the result's panels, which are the gallery's first pictures."""

    view: gr.Tab
    place: gr.Slider
    picture: gr.Image
    caption: gr.HTML

    @property
    def outputs(self) -> list[Any]:
        """Everything a run may change."""
        return [self.view, self.place, self.picture, self.caption]


@dataclass(frozen=True, eq=False)
class Form:
    """The components of one tab; `inputs` stand in the order of the method's parameters."""

    tab: Tab
    inputs: list[gr.components.Component]
    examples: gr.Dataset
    preset: gr.Radio
    run: gr.Button
    stop: gr.Button
    proceed: gr.Button
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
    files: gr.File
    depth: Depth
    record: gr.State

    @property
    def outputs(self) -> list[Any]:
        """Everything a run may change."""
        shown = [self.stage, self.slider, self.gallery, self.plot, self.status, self.measures]
        files = [self.verdict, self.png, self.mp4, self.webp, self.files]
        buttons = [self.run, self.stop, self.reset, self.proceed]
        return [*shown, *files, *self.depth.outputs, self.record, *buttons]

    @property
    def named(self) -> dict[str, tuple[Parameter, gr.components.Component]]:
        """Parameter and control by name."""
        pairs = zip(self.tab.parameters, self.inputs, strict=True)
        return {parameter.name: (parameter, control) for parameter, control in pairs}

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """The form's values as the method's arguments, not yet checked."""
        pairs = zip(self.tab.parameters, values, strict=True)
        return {p.name: controls.from_form(p, value) for p, value in pairs}
