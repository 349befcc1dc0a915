"""The components of one tab of a page, by name, and what they hold in each state of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.hosting.turns import Waiting
from phosphene.knobs import Mask, Parameter, Range
from phosphene.ui import controls, html
from phosphene.ui.footers import Downloads
from phosphene.ui.stages import Picture
from phosphene.ui.tab import Tab
from phosphene.ui.views import Outcome, Updates, View

LARGER = 2
"""What *Make it large* multiplies the size of a result by."""


@dataclass(frozen=True, eq=False)
class Form:
    """The components of one tab; `inputs` stand in the order of the method's parameters."""

    tab: Tab
    inputs: list[gr.components.Component]
    strips: dict[str, gr.HTML]
    examples: gr.HTML
    looks: gr.HTML
    layers: dict[str, dict[str, gr.HTML]]
    run: gr.Button
    stop: gr.Button
    resume: gr.Button
    large: gr.Button
    share: gr.Button
    reset: gr.Button
    recipe: gr.UploadButton
    link: gr.Textbox
    status: gr.HTML
    chooser: gr.Tabs
    views: list[View]
    badge: gr.HTML
    run_state: gr.State
    asked: gr.State

    @property
    def working(self) -> dict[str, Any]:
        """How every run is queued and shown."""
        return {
            "api_visibility": "private",
            "concurrency_limit": 64,  # whose turn it is, hosting.turns says
            "trigger_mode": "once",
            "show_progress": "minimal",
            "show_progress_on": self.status,
        }

    @property
    def outputs(self) -> list[Any]:
        """Everything a run may change."""
        shown = [output for view in self.views for output in view.outputs]
        places = [view.place for view in self.views if view.place]
        buttons = [self.run, self.stop, self.reset, self.resume, self.large]
        return [*shown, *places, self.chooser, self.status, self.badge, self.run_state, *buttons]

    @property
    def brush(self) -> str | None:
        """The parameter that is painted, where strokes are what the tab is about."""
        masks = (p for p in self.tab.parameters if isinstance(p.knob, Mask))
        told = (p.name for p in masks if self.tab.resume or not p.knob.advanced)
        return next(told, None)

    @property
    def stage(self) -> gr.Image | None:
        """Where the picture forms, if some view shows it."""
        return next((view.stage for view in self.views if isinstance(view, Picture)), None)

    @property
    def files(self) -> gr.File:
        """The method's own files."""
        return next(view.files for view in self.views if isinstance(view, Downloads))

    @property
    def downloads(self) -> dict[str, gr.DownloadButton]:
        """The buttons that hand out a result."""
        return next(view.buttons for view in self.views if isinstance(view, Downloads))

    @property
    def named(self) -> dict[str, tuple[Parameter, gr.components.Component]]:
        """Parameter and control by name."""
        pairs = zip(self.tab.parameters, self.inputs, strict=True)
        return {parameter.name: (parameter, control) for parameter, control in pairs}

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """The form's values as the method's arguments, not yet checked."""
        pairs = zip(self.tab.parameters, values, strict=True)
        return {p.name: controls.from_form(p, value) for p, value in pairs}

    def unchanged(self) -> Updates:
        """What an event that does nothing yields: where it yields nothing, all would be emptied."""
        return {self.stop: gr.skip()}

    def started(self) -> Updates:
        """While a run gets ready: Stop can be pressed, the view that shows it is in front."""
        return {
            self.status: html.status("Getting ready", state="running"),
            self.chooser: _front(next((v for v in self.views if v.running), None)),
            self.run: gr.Button(interactive=self.tab.live),
            self.stop: gr.Button(interactive=True),
            self.reset: gr.Button(interactive=False),
            **self.going_on(False),
        }

    def going_on(self, possible: bool, size: int = 0) -> Updates:
        """The buttons that take up a result, where there is one of `size` pixels to take up."""
        possible = possible and not self.tab.live
        knob = next((p.knob for p in self.tab.parameters if p.name == "size"), None)
        room = isinstance(knob, Range) and size * LARGER <= knob.high
        return {
            self.resume: gr.Button(visible=possible),
            self.large: gr.Button(visible=possible and room),
        }

    def premade(self, path: Path, words: str) -> Updates:
        """What was made beforehand, in the views that show such a thing."""
        updates: Updates = {self.status: html.status(words)}
        front: View | None = None
        for view in self.views:
            shown = view.premade(path)
            updates |= shown | (_shown(view) if shown else {})
            front = front or (view if shown else None)
        return updates | {self.chooser: _front(front)}

    def waiting(self, told: Waiting) -> Updates:
        """Others have the device: how many come first, and for about how long."""
        return {self.status: html.waiting(told.place, told.of, told.seconds)}

    def preview(self, frame: Frame) -> Updates:
        """A frame on its way."""
        updates: Updates = {self.status: html.running(frame)}
        for view in self.views:
            shown = view.preview(frame)
            # A live tab keeps to the views that are seen: each word to the page takes its time.
            updates |= shown | (_shown(view) if shown and not self.tab.live else {})
        if self.tab.live and not frame.last:
            updates[self.stop] = gr.Button(interactive=True)
        return updates

    def result(self, outcome: Outcome) -> Updates:
        """A run that is over: every view that has something, the first of them in front."""
        updates: Updates = {}
        front: View | None = None
        for view in self.views:
            shown = view.result(outcome)
            updates |= shown | _shown(view, bool(shown))
            front = front or (view if shown and view.place else None)
        if not self.tab.live:  # there it stays at the view that was chosen
            updates[self.chooser] = _front(front)
        return updates

    def later(self, outcome: Outcome) -> Updates:
        """What takes a while after the end of a run."""
        return {part: value for view in self.views for part, value in view.later(outcome).items()}

    def idle(self, text: str = "Ready") -> Updates:
        """The buttons and the status line while nothing runs."""
        return {
            self.status: html.status(text),
            self.run: gr.Button(interactive=True),
            self.stop: gr.Button(interactive=False),
            self.reset: gr.Button(interactive=True),
        }

    def cleared(self) -> Updates:
        """Everything that a run may change, as it was before the first one."""
        updates = {**self.idle(), self.run_state: None, **self.going_on(False)}
        for view in self.views:
            updates |= view.reset() | _shown(view, view.running)
        return updates


def _shown(view: View, visible: bool = True) -> Updates:
    return {view.place: gr.Tab(visible=visible)} if view.place else {}


def _front(view: View | None) -> Any:
    return gr.Tabs(selected=view.title) if view else gr.skip()
