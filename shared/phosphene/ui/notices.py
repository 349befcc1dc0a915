"""Notices over the page. Gradio reads them as HTML: whatever a visitor wrote is escaped here."""

from __future__ import annotations

import gradio as gr

from phosphene.ui import html
from phosphene.ui.runs import user_error


def failed(error: Exception) -> gr.Error:
    """The error to raise for the page: `user_error` with its sentence escaped."""
    told = user_error(error)
    shown = html.escaped(str(told.message))
    return gr.Error(shown, title=told.title, print_exception=False)


def warn(text: str) -> None:
    """A notice that something is not as it was asked for."""
    gr.Warning(html.escaped(text))


def tell(text: str) -> None:
    """A notice that passes."""
    gr.Info(html.escaped(text), duration=4)
