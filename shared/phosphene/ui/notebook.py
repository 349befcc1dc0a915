"""A page about a model of one's own, from one line in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from torch import nn

from phosphene.methods.saliency.attribute import attribute
from phosphene.methods.saliency.compare import compare
from phosphene.methods.saliency.depth import attribute_layers
from phosphene.methods.saliency.honesty import honesty
from phosphene.networks.own import adopt
from phosphene.ui.launch import launch_options
from phosphene.ui.pages import page
from phosphene.ui.tab import Tab


def open(
    model: nn.Module, classes: Sequence[str], *, launch: bool = True, **settings: Any
) -> gr.Blocks:
    """The saliency page over a classifier of your own; `settings` are those of `adopt`.

    Without `launch` it is only built. The model is copied: train on, and open it again.
    """
    name = adopt(model, classes, **settings)
    own: dict[str, Any] = {"defaults": {"network": name}, "asks": "target"}
    demo = page(
        "Saliency",
        f"Which pixels made {name} say so?",
        tabs=[
            Tab("Compare", compare, **own),
            Tab("One method", attribute, **own),
            Tab("Watch it decide", attribute_layers, **own),
            Tab("Honest?", honesty, **own),
        ],
        emoji="🔎",
    )
    if launch:
        demo.launch(**launch_options(demo, prevent_thread_lock=True))
    return demo
