"""Views below the stage: what to take home, figures, what the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.ui import html
from phosphene.ui.stages import Compare
from phosphene.ui.taught import Taught
from phosphene.ui.views import Outcome, Updates, View

FILES = {
    "png": "Picture · PNG",
    "card": "Before and after · JPEG",
    "mp4": "Film · MP4",
    "webp": "Film · WebP",
}


class Measures(View):
    """The frame's figures in a row below the stage."""

    def build(self, opening: Path | None = None) -> None:
        """A hidden row."""
        self.row = gr.HTML(padding=False, visible=False, elem_classes=["ph-line"])

    @property
    def outputs(self) -> list[Any]:
        """The row."""
        return [self.row]

    def preview(self, frame: Frame) -> Updates:
        """The figures so far."""
        if not frame.metrics:
            return {}
        return {self.row: gr.HTML(html.measures(frame.metrics), visible=True)}

    def result(self, outcome: Outcome) -> Updates:
        """The figures, or nothing of an earlier run."""
        return self.preview(outcome.frame) or self.reset()

    def reset(self) -> Updates:
        """No figures."""
        return {self.row: gr.HTML("", visible=False)}


class Verdict(View):
    """What the network takes the picture for, most probable first; `asked` where a click asks."""

    def __init__(self, asked: bool = False) -> None:
        self.asked = asked

    def build(self, opening: Path | None = None) -> None:
        """Hidden bars."""
        label = f"What the network sees{'; click on a class to ask why' * self.asked}"
        self.bars = gr.Label(label=label, num_top_classes=5, visible=False)

    @property
    def outputs(self) -> list[Any]:
        """The bars."""
        return [self.bars]

    def preview(self, frame: Frame) -> Updates:
        """The verdict so far."""
        return {self.bars: gr.Label(dict(frame.verdict), visible=True)} if frame.verdict else {}

    def result(self, outcome: Outcome) -> Updates:
        """The verdict, or nothing of an earlier run."""
        return self.preview(outcome.frame) or self.reset()

    def reset(self) -> Updates:
        """No verdict."""
        return {self.bars: gr.Label(None, visible=False)}


class Downloads(View):
    """What to take home: the result with its recipe, the run as a film, the method's own files.

    `before` names the parameter whose picture stands beside the result on a card, "" for none.
    """

    def __init__(self, before: str = "") -> None:
        self.before = before

    def build(self, opening: Path | None = None) -> None:
        """A button each, and a hidden list."""
        with gr.Row(elem_classes=["ph-downloads"]):
            self.buttons = {
                name: gr.DownloadButton(label, size="sm", interactive=False)
                for name, label in FILES.items()
                if name != "card" or self.before
            }
        self.files = gr.File(
            label="Files", file_count="multiple", interactive=False, visible=False, height=120
        )

    @property
    def outputs(self) -> list[Any]:
        """The buttons and the list."""
        return [*self.buttons.values(), self.files]

    def result(self, outcome: Outcome) -> Updates:
        """The picture and the files; the films are being made."""
        files = outcome.files()
        return {
            self.buttons["png"]: _offered(outcome.png),
            self.files: gr.File(files or None, visible=bool(files)),
        }

    def later(self, outcome: Outcome) -> Updates:
        """The films of a run that took more than one step."""
        made: dict[str, Path] = {}
        if len(outcome.film) > 1:
            made = {"mp4": outcome.mp4, "webp": outcome.webp}
        if self.before and (before := outcome.before(self.before)):
            made["card"] = outcome.card(before)
        return {
            button: _offered(made[name]) if name in made else _withdrawn()
            for name, button in self.buttons.items()
            if name != "png"
        }

    def reset(self) -> Updates:
        """Nothing to take home."""
        empty = {button: _withdrawn() for button in self.buttons.values()}
        return {**empty, self.files: gr.File(None, visible=False)}


def _offered(path: Path) -> gr.DownloadButton:
    return gr.DownloadButton(value=str(path), interactive=True)


def _withdrawn() -> gr.DownloadButton:
    return gr.DownloadButton(value=None, interactive=False)


def below(stages: Sequence[View], asked: bool = False, teaches: str = "") -> tuple[View, ...]:
    """What stands below the stage of every tab; a result that is compared has a card.

    `asked`: whether a click on a class of the verdict asks about it; `teaches`: the tab that paints
    with a brush of this one.
    """
    compared = next((view.before for view in stages if isinstance(view, Compare)), "")
    own = (Taught(teaches),) if teaches else ()
    return (*own, Downloads(compared), Measures(), Verdict(asked))
