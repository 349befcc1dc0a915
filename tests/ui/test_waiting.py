"""Two visitors and one device: who waits is told, takes turns, can stop, and gets the same bits."""

from __future__ import annotations

import pytest

from phosphene.hosting import turns as module
from phosphene.hosting.turns import Turns, Waiting
from tests.tint import tint

pytest.importorskip("gradio")

from phosphene.ui import html, runs


@pytest.fixture
def queue(monkeypatch):
    """A device with one place, whose slices are over after each frame."""
    queue, people = Turns(1), iter("abcdefgh")
    monkeypatch.setattr(runs, "turns", lambda: queue)
    monkeypatch.setattr(runs, "visitor", lambda: next(people))
    monkeypatch.setattr(runs, "PAUSE", 0.0)
    monkeypatch.setattr(runs, "TOLD", 0.0)
    monkeypatch.setattr(module, "SLICE", 0.0)
    monkeypatch.setattr(module, "FIRST", 0.0)
    return queue


def run_of(picture, steps=6):
    return runs.checked(tint, {"image": str(picture), "steps": steps})


def test_who_waits_is_told_the_place_and_then_runs(queue, picture):
    first, second = run_of(picture), run_of(picture)
    ahead, behind = runs.frames(first), runs.frames(second)
    assert next(ahead).step == 1
    told = next(behind)
    assert isinstance(told, Waiting)
    assert (told.place, told.of) == (1, 1)
    ahead.close()
    assert [frame.step for frame in behind] == [1, 2, 3, 4, 5, 6]
    assert len(queue) == 0


def test_runs_that_take_turns_have_the_pictures_of_runs_alone(queue, picture):
    (*_, alone) = tint(str(picture), steps=6)
    both = [run_of(picture), run_of(picture)]
    streams = [runs.frames(run) for run in both]
    seen = []
    while streams:
        for stream in list(streams):
            item = next(stream, None)
            if item is None:
                streams.remove(stream)
            seen.append(type(item))
    assert [run.last.image.tobytes() for run in both] == [alone.image.tobytes()] * 2
    assert seen.count(Waiting) >= 3
    assert len(queue) == 0


def test_stop_while_waiting_leaves_the_queue(queue, picture):
    ahead = runs.frames(run_of(picture))
    next(ahead)
    waiting = run_of(picture)
    behind = runs.frames(waiting)
    next(behind)
    assert len(queue) == 2
    waiting.stopping = True
    with pytest.raises(runs.InputError):  # the page says "Stopped"
        list(behind)
    assert len(queue) == 1
    ahead.close()


def test_time_in_the_queue_does_not_count(queue, picture, monkeypatch):
    monkeypatch.setenv("PHOSPHENE_BUDGET", "0.3")
    ahead = runs.frames(run_of(picture))
    next(ahead)
    later = run_of(picture)
    behind = runs.frames(later)
    assert isinstance(next(behind), Waiting)
    assert isinstance(next(behind), Waiting)  # half a second later
    ahead.close()
    list(behind)
    assert (later.last.step, later.note) == (6, "")


def test_the_page_says_it_in_words():
    assert "Next in line · about 4 s" in html.waiting(1, 3, 4.2)
    assert "Number 2 of 3 in line · about 2 min 05 s" in html.waiting(2, 3, 125)
