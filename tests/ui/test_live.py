"""A live tab without a server: each change runs, and a newer one ends it; strokes of a brush."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from phosphene.errors import InputError
from tests.ui.forms import downloads, final, values_for, view

gr = pytest.importorskip("gradio")

from phosphene.ui import play, stages, strokes  # noqa: E402


def test_run_stays_ready_on_a_live_tab_alone(form_for):
    for live in (True, False):
        form = form_for(live=live)
        assert form.started()[form.run].interactive is live


def painted(*boxes):
    """What the editor hands in after strokes over these boxes of a picture of 96×64."""
    layer = Image.new("RGBA", (96, 64))
    for box in boxes:
        layer.paste((255, 255, 255, 255), box)
    return {"layers": [layer]}


def test_a_mask_among_other_settings_is_no_brush_of_strokes(form_for):
    assert form_for(live=True).brush is None
    assert form_for(live=True, resume="image").brush == "mask"


def test_each_stroke_goes_on_from_the_ones_before_and_can_be_taken_back(form_for, picture):
    form = form_for(resume="image", live=True)
    first, second = (5, 5, 20, 20), (40, 5, 60, 20)
    stage = view(form, stages.Picture).stage

    def after_strokes(*boxes, last=None):
        values = values_for(form, image=str(picture), mask=painted(*boxes), steps=1, amount=0.5)
        return final(play.live(form, values, last))

    one = after_strokes(first)[form.run_state]
    assert len(one.trail.results) == 1
    two = after_strokes(first, second, last=one)[form.run_state]
    assert len(two.trail.results) == 2
    again = Image.open(io.BytesIO(two.trail.results[1])).convert("RGB")
    before = Image.open(io.BytesIO(two.trail.results[0])).convert("RGB")
    red = Image.new("RGB", before.size, "red")
    assert again.tobytes() == Image.blend(before, red, 0.5).tobytes(), "from the last result"
    back = after_strokes(first, last=two)
    assert back[stage].tobytes() == before.tobytes()
    assert len(back[form.run_state].trail.results) == 1
    nothing = after_strokes(last=back[form.run_state])
    assert nothing.keys() == {form.stop}, "nothing is painted: nothing runs, nothing is emptied"
    again = after_strokes(first, last=back[form.run_state])
    assert again.keys() == {form.stop}


def test_another_picture_starts_a_new_trail(form_for, picture, tmp_path):
    trail = strokes.trail_of(None, "a").then(np.ones((2, 2), bool), b"png")
    assert strokes.trail_of(trail, "a") is trail
    assert strokes.trail_of(trail, "b").results == ()
    for _ in range(strokes.MOST + 3):
        trail = trail.then(np.ones((2, 2), bool), b"png")
    assert len(trail.results) == strokes.MOST


def test_a_live_tab_says_what_is_wrong_in_its_status_line_alone(form_for, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    form = form_for(live=True)
    page = final(play.live(form, values_for(form, image=str(bad)), None))
    assert "bad.png is not a picture" in page[form.status]
    assert "ph-error" in page[form.status]


def test_a_live_move_says_no_more_to_the_page_than_it_must(form_for, picture):
    form = form_for(live=True)
    state, preview, result = play.live(form, values_for(form, image=str(picture), steps=1), None)
    stage = view(form, stages.Picture).stage
    assert state.keys() == {form.run_state}
    assert {form.status, stage} <= preview.keys()
    assert not preview.keys() & {form.chooser, form.run, stage.parent}
    assert form.chooser not in result, "it stays at the view that was chosen"
    assert result[downloads(form).buttons["png"]].interactive


def test_a_live_run_that_goes_on_can_be_stopped(form_for, picture):
    form = form_for(live=True)
    updates = list(play.live(form, values_for(form, image=str(picture), steps=3), None))
    assert updates[1][form.stop].interactive
    assert not updates[-1][form.stop].interactive


def test_a_newer_change_ends_a_live_run_without_a_word(form_for, picture):
    form = form_for(live=True)
    updates = play.live(form, values_for(form, image=str(picture), steps=50), None)
    current = next(updates)[form.run_state]
    next(updates)
    play.supersede(current)
    assert list(updates) == []
    play.supersede(None)


def test_a_run_that_had_no_turn_before_a_newer_change_changes_nothing(
    form_for, picture, monkeypatch
):
    form = form_for(live=True)

    def none(run):
        play.supersede(run)
        raise InputError("tint made no picture")
        yield

    monkeypatch.setattr(play, "frames", none)
    _, last = play.live(form, values_for(form, image=str(picture)), None)
    assert last == form.unchanged()
