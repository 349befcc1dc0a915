"""Fixtures of pages."""

from __future__ import annotations

import pytest

from tests.tint import tint


@pytest.fixture
def form_for(monkeypatch, tmp_path):
    """Options of a tab over `tint` -> its form, without a server."""
    gr = pytest.importorskip("gradio")
    from phosphene import ui
    from phosphene.ui import layout

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))

    def make(**options):
        with gr.Blocks():
            return layout.form_of(ui.Tab("Tint", tint, **options))

    return make
