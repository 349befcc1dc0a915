"""Runs on two workers: the bits of a run here, and one run lost with a worker that ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

import phosphene
from phosphene.errors import PhospheneError
from phosphene.hosting import turns, worker, workers
from phosphene.hosting.cluster import Wish
from phosphene.knobs import check
from phosphene.methods import METHODS
from tests.hosting.errand import errand
from tests.tint import tint

ray = pytest.importorskip("ray")
pytest.importorskip("gradio")

from phosphene.ui import runs  # noqa: E402


@pytest.fixture(scope="module")
def pool():
    """Two workers of a Ray of our own, on this machine."""
    pool = workers.Pool(Wish(2))
    yield pool
    pool.close()
    ray.shutdown()


@pytest.fixture
def page(pool, monkeypatch):
    """A page whose runs go to the pool, each a visitor's of its own."""
    people = iter(range(1000))
    monkeypatch.setattr(workers, "_pool", pool)
    monkeypatch.setattr(runs, "visitor", lambda: str(next(people)))
    monkeypatch.setattr(runs, "PAUSE", 0.0)
    return pool


def sent(pool, method, place=0, **arguments):
    """The frames of a run at one of the workers, without what says that it is there."""
    stream = pool.run(method.__name__, check(method, arguments), place)
    assert next(stream) is None
    return stream


def kill(pid):
    os.kill(int(pid), signal.SIGKILL)


def shown(frame):
    """All of a frame but its clock."""
    return (
        *(frame.image.tobytes(), frame.step, frame.steps, frame.losses, frame.history),
        *(frame.verdict, frame.metrics, frame.recipe, [p.sets for p in frame.panels]),
    )


def test_frames_are_those_of_a_run_here_to_the_bit(pool, picture):
    settings = {"layer": "blocks.2", "size": 64, "octaves": 2, "steps": 2, "seed": 3}
    here = [shown(frame) for frame in phosphene.dream(str(picture), **settings)]
    for place in (0, 1):
        there = sent(pool, METHODS["dream"], place, image=str(picture), **settings)
        assert [shown(frame) for frame in there] == here


def test_recipes_and_panels_name_the_files_of_the_page(pool, picture):
    for path in (str(picture), Path(picture)):
        frame = next(sent(pool, errand, image=path))
        assert frame.recipe["arguments"]["image"] == str(picture)
        assert frame.panels[0].sets == {"image": str(picture)}


def test_a_page_shows_what_it_shows_without_workers(page, picture):
    run = runs.checked(tint, {"image": str(picture), "steps": 4})
    assert [frame.step for frame in runs.frames(run)] == [1, 2, 3, 4]
    (*_, here) = tint(str(picture), steps=4)
    assert run.last.image.tobytes() == here.image.tobytes()
    assert len(page.turns) == 0


def test_what_is_wrong_keeps_its_sentence_and_what_broke_is_not_told(page, picture, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    for path, told in ((tmp_path / "no.png", "no.png is not a picture"), ("gone.png", "gone.png")):
        run = runs.checked(tint, {"image": str(path)})
        with pytest.raises(PhospheneError, match=told):
            list(runs.frames(run))
    run = runs.checked(tint, {"image": str(picture), "words": "crash"})
    with pytest.raises(RuntimeError) as raised:
        list(runs.frames(run))
    assert "secret" not in str(runs.user_error(raised.value).message)


@pytest.mark.parametrize("way", ["stop", "leave"])
def test_stop_and_a_closed_page_end_the_work_within_a_step(page, picture, tmp_path, way):
    notes = tmp_path / "notes"
    run = runs.checked(
        errand, {"image": str(picture), "steps": 500, "pause": 0.05, "notes": str(notes)}
    )
    with closing(runs.frames(run)) as stream:
        for frame in stream:
            if frame.step == 3:
                run.stopping = way == "stop"
                if way == "leave":
                    break
    after = len(notes.read_text().split())
    assert after <= 6
    assert len(page.turns) == 0
    time.sleep(0.3)
    assert len(notes.read_text().split()) == after


def test_a_run_that_waits_for_its_turn_does_not_work_on(pool, picture, tmp_path):
    notes = tmp_path / "notes"
    with closing(
        sent(pool, errand, image=str(picture), steps=500, pause=0.01, notes=str(notes))
    ) as stream:
        next(stream)
        time.sleep(0.5)
        assert len(notes.read_text().split()) <= 3


def test_runs_go_where_their_network_is(page, picture):
    def process(network):
        run = runs.checked(errand, {"image": str(picture), "network": network})
        list(runs.frames(run))
        return run.last.note

    for life in page._lives:
        life.networks.clear()
    names = ("efficientnet_lite0", "vgg19", "efficientnet_lite2")
    first = {name: process(name) for name in names}
    assert len(set(first.values())) == 2
    for name in (*names, *reversed(names)):
        assert process(name) == first[name]


def test_a_worker_that_ends_takes_along_the_run_it_was_at_and_no_other(pool, picture):
    waiting = sent(pool, errand, 0, image=str(picture), steps=9)
    there = [next(waiting) for _ in range(4)]
    working = sent(pool, errand, 0, image=str(picture), steps=500)
    beside = sent(pool, errand, 1, image=str(picture), steps=9)
    assert next(working).note == there[0].note != next(beside).note
    kill(there[0].note)
    with pytest.raises(PhospheneError, match="the worker that ran this has ended"):
        list(working)
    rest = list(waiting)
    assert [frame.step for frame in [*there, *rest]] == [*range(1, 10)]
    assert rest[-1].note != there[0].note
    assert [frame.step for frame in beside] == [*range(2, 10)]


def test_a_worker_that_ends_while_nothing_runs_takes_nothing_along(pool, picture):
    (*_, last) = sent(pool, errand, 1, image=str(picture))
    kill(last.note)
    (*_, again) = sent(pool, errand, 1, image=str(picture))
    assert (again.step, again.note == last.note) == (3, False)


def test_two_workers_killed_among_many_runs_lose_two(page, picture, monkeypatch):
    monkeypatch.setattr(turns, "SLICE", 0.1)
    monkeypatch.setattr(turns, "FIRST", 0.1)
    (*_, alone) = errand(str(picture), steps=12)
    people = [
        runs.checked(errand, {"image": str(picture), "steps": 12, "pause": 0.02}) for _ in range(10)
    ]
    failed = []

    def visit(run):
        list(runs.frames(run))
        if run.note:
            failed.append(run.note)

    threads = [threading.Thread(target=visit, args=(run,)) for run in people]
    for thread in threads:
        thread.start()
    while sum(run.last is not None for run in people) < 6:
        time.sleep(0.01)
    for pid in {run.last.note for run in people if run.last}:
        kill(pid)
    for thread in threads:
        thread.join(60)
    assert failed == [workers.LOST] * 2
    done = [run for run in people if not run.note]
    assert {run.last.step for run in done} == {12}
    assert {run.last.image.tobytes() for run in done} == {alone.image.tobytes()}
    assert len(page.turns) == 0


def test_what_only_this_process_has_runs_here(page, picture, monkeypatch):
    monkeypatch.setitem(worker.zoo.OWN, "fruits", None)
    run = runs.checked(errand, {"image": str(picture), "network": "fruits"})
    list(runs.frames(run))
    assert run.last.note == str(os.getpid())


def test_the_badge_names_the_workers(page):
    from phosphene.ui.follow import device_words

    assert device_words().startswith("2 workers, ")
