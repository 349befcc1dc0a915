"""What is quicker than Gradio's own way is the same as Gradio's own way."""

from __future__ import annotations

import asyncio
import gzip
import io
from urllib.request import Request, urlopen

import brotli
import pytest
from PIL import Image

from tests.images.test_clips import film, shade
from tests.tint import tint

gr = pytest.importorskip("gradio")

from gradio import utils  # noqa: E402
from gradio.data_classes import FileData  # noqa: E402
from gradio.state_holder import SessionState  # noqa: E402

from phosphene import ui  # noqa: E402
from phosphene.ui import quick  # noqa: E402
from phosphene.ui.sessions import Session  # noqa: E402

GRADIOS = utils._is_static_file
"""Gradio's own, before any page is launched."""
HEAVY = ("video", "imageeditor", "gallery")


@pytest.fixture
def demo(picture, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PHOSPHENE_WARMUP", "0")
    tabs = [
        ui.Tab(name, tint, examples=[{"image": str(picture)}], live=name == "Live")
        for name in ("Live", "Tint")
    ]
    return ui.page("Tint", "A picture turns red.", tabs=tabs)


def test_an_answer_to_some_outputs_is_what_gradio_answers(demo):
    with demo:
        words, number, stage = gr.Textbox(), gr.Slider(0, 9), gr.Image()
        memory, row = gr.State(), gr.Row()
        button = gr.Button()
        button.click(lambda: None, None, [words, number, stage, memory, row, button])
    click = list(demo.fns.values())[-1]
    answers = (
        {words: "a", memory: 7},
        {number: gr.Slider(maximum=5, value=3), row: gr.Row(visible=False)},
        {stage: Image.new("RGB", (8, 8), "red")},
        {button: gr.skip()},
        ["a", 2, None, 8, gr.skip(), gr.Button("b")],
    )
    for given in answers:
        told = []
        for quickly in (False, True):
            state = (Session if quickly else SessionState)(demo)
            if quickly:
                quick.answers(demo)
            answer = asyncio.run(demo.postprocess_data(click, given, state))
            told.append((answer, state[memory._id]))
            vars(demo).pop("postprocess_data", None)
        assert told[0] == told[1]


def test_an_answer_to_what_is_no_output_is_refused_as_by_gradio(demo):
    with demo:
        words, other = gr.Textbox(), gr.Textbox()
        gr.Button().click(lambda: None, None, [words, gr.Textbox()])
    click = list(demo.fns.values())[-1]
    quick.answers(demo)
    with pytest.raises(ValueError, match="not specified as output"):
        asyncio.run(demo.postprocess_data(click, {words: "a", other: "b"}, SessionState(demo)))


def test_events_without_progress_tell_one_hidden_component(demo):
    quiet = [event for event in demo.fns.values() if event.show_progress == "hidden"]
    shown_on = {part for event in quiet for part in event.show_progress_on or [None]}
    assert len(quiet) > 20
    statuses = {part for part in shown_on if part.visible is not False}
    assert len(shown_on - statuses) == 1
    assert all("ph-status-line" in part.elem_classes for part in statuses), "those of live tabs"


def test_what_is_heavy_waits_until_somebody_looks(picture, tmp_path):
    made = tmp_path / "results" / "tint" / f"{picture.stem}.mp4"
    made.parent.mkdir(parents=True)
    film(made, [shade(number) for number in range(3)])
    own = {"examples": [{"image": str(picture)}], "results": tmp_path / "results"}
    tabs = [ui.Tab(name, tint, views=[ui.Film(), ui.Panels()], **own) for name in ("One", "Two")]
    config = ui.page("Tint", "A picture turns red.", tabs=tabs).get_config_file()
    parts = {part["id"]: part for part in config["components"]}
    seen = [(p["type"], p["props"]["visible"]) for p in parts.values() if p["type"] in HEAVY]
    assert [visible for kind, visible in seen if kind == "video"] == [True, False]
    assert not any(visible for kind, visible in seen if kind != "video")
    looks = [
        (event, parts[place]["props"]["label"], [parts[one]["type"] for one in rule["outputs"]])
        for rule in config["dependencies"]
        for place, event in rule["targets"]
        if "visible: true" in str(rule["js"])
    ]
    assert looks == [
        ("expand", "For experts", ["imageeditor"]),
        ("expand", "For experts", ["imageeditor"]),
        ("select", "Two", ["video"]),
    ]


def test_the_page_knows_its_own_files_as_gradio_does(tmp_path, monkeypatch):
    shown, other = tmp_path / "shown", tmp_path / "shown too"
    for folder in (shown, other):
        folder.mkdir()
        (folder / "a.png").write_bytes(b"")
    (tmp_path / "link.png").symlink_to(shown / "a.png")
    asked = [shown / "a.png", other / "a.png", tmp_path / "link.png", shown / ".." / "shown too"]
    asked += [f"{path}" for path in (*asked, shown / "none.png", "words", tmp_path)]
    asked += [FileData(path=str(shown / "a.png")), None, 7]
    plain = [GRADIOS(path, [shown]) for path in asked]
    monkeypatch.setattr(utils, "_is_static_file", None)
    quick.files()
    assert [utils._is_static_file(path, [shown]) for path in asked] == plain
    assert set(plain) == {True, False}


def test_a_page_comes_compressed_and_a_stream_as_it_is(demo):
    options = ui.launch_options(
        demo, server_port=None, share=False, quiet=True, prevent_thread_lock=True
    )
    demo.launch(**options)
    try:
        asks = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        with urlopen(Request(demo.local_url, headers=asks)) as answer:
            packed = answer.read()
            assert answer.headers["Content-Encoding"] == "gzip"
        with urlopen(Request(demo.local_url, headers={"Accept": "text/html"})) as answer:
            plain = answer.read()
        assert len(packed) < len(plain) / 5
        whole = gzip.GzipFile(fileobj=io.BytesIO(packed)).read()
        assert whole[:300] == plain[:300]
        asks["Accept-Encoding"] = "gzip, br"
        with urlopen(Request(demo.local_url, headers=asks)) as answer:
            smaller = answer.read()
            assert answer.headers["Content-Encoding"] == "br"
        assert len(smaller) < 0.7 * len(packed)
        assert brotli.decompress(smaller)[:300] == plain[:300]
        asks["Accept"] = "*/*"
        address = f"{demo.local_url}gradio_api/info"
        with urlopen(Request(address, headers=asks)) as answer:
            assert answer.headers["Content-Encoding"] is None
    finally:
        demo.close()
