"""The landing page: every app has its turn with a photograph, whatever one of them does."""

from __future__ import annotations

import base64
import io
from functools import partial

import pytest
from PIL import Image

from tests.apps import PAGES, tabs_of
from tests.tint import tint

gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import landing  # noqa: E402


@pytest.fixture
def sites(picture):
    page = partial(ui.page, idea="A picture turns red.")
    tab = ui.Tab("Tint", tint, examples=[{"image": str(picture)}])
    return {name: page(name.title(), tabs=[tab]) for name in ("first", "second")}


def test_each_app_makes_its_picture_one_after_the_other(sites, picture):
    shown = list(landing.parade(sites, str(picture)))
    assert list(dict.fromkeys(step["app"] for step in shown)) == ["first", "second"]
    assert [step["app"] for step in shown if step["state"] == "done"] == ["first", "second"]
    data = shown[-1]["image"].partition("base64,")[2]
    assert Image.open(io.BytesIO(base64.b64decode(data))).format == "JPEG"


def test_an_app_that_fails_says_so_and_the_next_has_its_turn(sites, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    shown = list(landing.parade(sites, str(bad)))
    errors = [step for step in shown if step["state"] == "error"]
    assert [step["app"] for step in errors] == ["first", "second"]
    assert "bad.png is not a picture" in errors[0]["words"]


def test_no_photograph_runs_nothing(sites):
    assert not list(landing.parade(sites, None))


def test_a_card_has_a_method_that_shows_its_picture_as_it_forms():
    for app in PAGES:
        chosen = landing.method_of(tabs_of(app))
        if chosen:
            tab, parameter = chosen
            assert parameter in tab.parameters
    assert any(landing.method_of(tabs_of(app)) for app in PAGES)
