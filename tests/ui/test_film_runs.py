"""A film that a method writes itself, on the page: whole at the end, and where it was stopped."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from tests.images.test_clips import film, pictures_and_sound, shade

pytest.importorskip("gradio")

from phosphene import paint_video
from phosphene.ui import runs, stages, views


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mp4", [shade(n) for n in range(8)], sound="aac")


def run_of(clip, stop_after=None):
    run = runs.checked(paint_video, {"video": str(clip), "size": 64, "steady": False})
    kept = 0
    with closing(runs.frames(run)) as frames:
        keep = run.keep

        def counted(frame):
            nonlocal kept
            keep(frame)
            kept += 1
            run.stopping = kept == stop_after

        run.keep = counted
        list(frames)
    return run


def outcome_of(run, folder):
    return views.Outcome(run.last, run, run.close_film(), folder)


def test_the_page_has_the_whole_film_and_keeps_few_pictures_of_it(clip, tmp_path):
    run = run_of(clip)
    outcome = outcome_of(run, tmp_path)
    shown, heard = pictures_and_sound(outcome.mp4)
    assert len(shown) == 8
    assert heard == pytest.approx(0.8, abs=0.06)
    assert all(max(Image.open(views.export.io.BytesIO(d)).size) <= 640 for _, d in outcome.film)
    player = stages.Film()
    player.video = "player"
    player_now = player.result(outcome)["player"].constructor_args
    assert player_now == {"value": str(outcome.mp4), "visible": True}


def test_stopped_midway_there_is_the_film_so_far_and_nothing_else(clip, tmp_path):
    def left():
        return set(Path(tempfile.gettempdir()).glob("phosphene-*"))

    before = left()
    run = run_of(clip, stop_after=4)
    assert run.note == runs.STOPPED
    shown, heard = pictures_and_sound(outcome_of(run, tmp_path).mp4)
    assert 3 <= len(shown) <= 4
    assert heard > 0.1
    run.close()
    assert run.reel is None
    assert left() <= before


def test_a_film_of_many_pictures_keeps_few_of_them(tmp_path):
    run = runs.Run("paint_video", {})
    for step in range(1, 400):
        run.keep(runs.Frame(Image.new("RGB", (64, 48)), step, 400, rate=10, film=b"."))
    assert len(run.film) <= runs.KEPT
    assert run.makes_film
