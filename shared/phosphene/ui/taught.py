"""A view of a brush that was taught: it goes on the browser's shelf, and has a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.ui.scripts import script
from phosphene.ui.views import Outcome, Updates, View

KNOB = "brush"
"""The parameter that takes a brush."""


class Taught(View):
    """What to do with the brush of a run: paint with it in the tab `tab`, or send its link."""

    def __init__(self, tab: str) -> None:
        self.tab = tab

    def build(self, opening: Path | None = None) -> None:
        """An empty row."""
        self.row = gr.HTML(
            None,
            html_template='<div class="ph-taught"></div>',
            js_on_load=script("taught"),
            padding=False,
        )

    @property
    def outputs(self) -> list[Any]:
        """The row."""
        return [self.row]

    def result(self, outcome: Outcome) -> Updates:
        """The brush that a panel of the result would fill in, with its name."""
        for panel in outcome.frame.panels:
            if KNOB in panel.sets:
                brush = {"name": panel.caption, "text": panel.sets[KNOB], "tab": self.tab}
                return {self.row: brush}
        return {}

    def reset(self) -> Updates:
        """No brush."""
        return {self.row: None}
