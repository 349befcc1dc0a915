"""A visit keeps what is its own, and the page is there once for all."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from gradio_client import Client, handle_file

from tests.tint import tint

gr = pytest.importorskip("gradio")

from gradio.state_holder import StateHolder  # noqa: E402

from phosphene import ui  # noqa: E402
from phosphene.ui import sessions, views  # noqa: E402
from phosphene.ui.runs import checked, frames  # noqa: E402


@pytest.fixture
def demo(picture, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PHOSPHENE_WARMUP", "0")
    return ui.page("Tint", "A picture turns red.", tabs=[ui.Tab("Tint", tint)])


@pytest.fixture
def visits(demo):
    sessions.share()
    holder = StateHolder()
    holder.set_blocks(demo)
    return holder


def test_what_a_visit_changes_is_its_own(demo, visits):
    with demo:
        slider, memory = gr.Slider(0, 9), gr.State(1)
    one, other = visits["one"], visits["other"]
    one[slider._id], one[memory._id] = gr.Slider(0, 5, render=False), 2
    assert (one[slider._id].maximum, one[memory._id]) == (5, 2)
    assert (other[slider._id], other[memory._id]) == (slider, 1)
    assert demo.default_config.blocks[slider._id] is slider


def test_a_visit_holds_no_page_of_its_own(demo, visits):
    def objects():
        gc.collect()
        return len(gc.get_objects())

    before = objects()
    for number in range(20):
        assert dict(visits[f"{number}"].blocks_config.blocks) == demo.default_config.blocks
    assert (objects() - before) / 20 < 30 < len(demo.default_config.blocks)


def test_calls_of_programs_leave_no_pages(demo, picture):
    options = ui.launch_options(demo, prevent_thread_lock=True, quiet=True)
    _, url, _ = demo.launch(**{**options, "server_port": None})
    try:
        client = Client(url, verbose=False)
        for _ in range(3):
            client.predict(image=handle_file(picture), api_name="/tint")
            client.reset_session()
        held = list(demo.app.state_holder.session_data.values())
        assert len(held) >= 3
        assert all(len(session.blocks_config.blocks.maps[0]) < 20 for session in held)
    finally:
        demo.close()


def test_a_run_that_ends_in_two_ways_at_once_ends_once(demo):
    sessions.end_once(demo)
    ended = []

    class Stream:
        async def aclose(self):
            ended.append(self)
            app.iterators.pop("event")  # a Stop that was on its way

    async def both():
        app.lock = asyncio.Lock()
        await demo._queue.reset_iterators("event")
        await demo._queue.reset_iterators("event")

    app = SimpleNamespace(iterators={"event": Stream()})
    demo._queue.server_app = app
    asyncio.run(both())
    assert len(ended) == 1


def test_files_of_a_visitor_who_left_stay_until_gradio_has_them(picture, monkeypatch):
    monkeypatch.setattr(views, "LINGERS", 0.2)
    run = checked(tint, {"image": str(picture), "steps": 2})
    list(frames(run))
    with closing(_opened(run)) as stream:
        made = next(stream)
    assert made.png.exists(), "it was closed, and Gradio is in the middle of a copy"
    deadline = time.monotonic() + 5
    while made.folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not made.folder.exists()


def _opened(run):
    with views.outcome(run.last, run, run.close_film()) as made:
        made.png.read_bytes()
        yield made
