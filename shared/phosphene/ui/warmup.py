"""The first visitor does not wait: after an app has started, its networks are loaded and tried."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

import gradio as gr

from phosphene import device
from phosphene.hosting import malloc, workers
from phosphene.methods import start
from phosphene.ui.tab import Tab

log = logging.getLogger(__name__)

VARIABLE = "PHOSPHENE_WARMUP"
"""0 turns it off."""
PATIENCE = 120.0
"""Seconds that a server may take to start."""
PAUSE = 1.0
"""Seconds for the page that opens with it, which comes first."""


def wanted(demo: gr.Blocks) -> bool:
    """Whether to warm up: one app alone, in this very process.

    A site of all apps would load every network, and most visitors use few of them.
    """
    elsewhere = device.zero_gpu() or workers.pool() is not None
    one = bool(vars(demo).get("tabs")) and not vars(demo).get("pages_by_route")
    return one and not elsewhere and os.environ.get(VARIABLE, "1") != "0"


def after_start(demo: gr.Blocks) -> threading.Thread | None:
    """Warm up in the background once the pages are served."""
    if not wanted(demo):
        return None
    thread = threading.Thread(target=_warm, args=(demo,), name="warmup", daemon=True)
    thread.start()
    return thread


def _warm(demo: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not demo.is_running:
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    time.sleep(PAUSE)
    begun = time.monotonic()
    try:
        first_picture(vars(demo)["tabs"][0])
    except Exception:  # whoever runs it is told then
        log.info("the warm-up did not work", exc_info=True)
        return
    malloc.release()
    log.info("warm after %.1f s", time.monotonic() - begun)


def first_picture(tab: Tab) -> None:
    """A tab's method, quickly, on its first example, up to its first picture."""
    quick = {p.name: p.knob.quick for p in tab.parameters if p.knob.quick is not None}
    given = dict(tab.examples[0]) if tab.examples else {}
    if any(p.required and p.name not in given for p in tab.parameters):
        return
    settings = {p.name: p.default for p in tab.parameters if not p.required}
    stream: Any = start(tab.method, {**settings, **given, **quick})
    try:
        next(stream, None)
    finally:
        stream.close()
