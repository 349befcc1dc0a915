"""Honesty: baselines always stand beside the maps, and what is found is in tables and charts."""

from __future__ import annotations

import numpy as np
import pytest

import phosphene
from phosphene import InputError
from phosphene.methods.saliency.findings import BLOB, CHANCE
from tests.methods.saliency.pairs import pair

QUICK = {
    "size": 128,
    "device": "cpu",
    "methods": ("gradient", "grad_cam"),
    "detail": 8,
    "stages": 2,
}


def run(**settings):
    return phosphene.honesty(pair(64), **{**QUICK, **settings})


@pytest.fixture(scope="module")
def frames():
    return list(run())


def table(frame, words):
    return next(table for table in frame.tables if words in table.title)


def test_every_picture_has_both_rows_that_know_nothing(frames):
    rows = table(frames[-1], "follow the map").rows
    assert [row[0] for row in rows[:2]] == [CHANCE, BLOB]
    assert {row[0] for row in rows[2:]} == {"Gradient", "Grad-CAM"}
    assert all(0 <= row[1] <= 1 and 0 <= row[2] <= 1 for row in rows)
    for name, deletion, insertion, words, _ in rows[2:]:
        better = deletion < min(row[1] for row in rows[:2])
        assert ("deletion" in words) == better, name
        assert ("insertion" in words) == (insertion > max(row[2] for row in rows[:2])), name


def test_agreement_is_a_matrix_with_ones_on_its_diagonal(frames):
    found = table(frames[-1], "agree")
    assert [row[0] for row in found.rows] == list(found.columns[1:])
    values = np.array([row[1:] for row in found.rows])
    assert np.array_equal(values, values.T)
    assert (values.diagonal() == 1).all()
    assert abs(values[0, 1]) < 0.1


def test_the_forgetting_network_has_a_row_and_a_panel_for_each_stage(frames):
    rows = table(frames[-1], "forgetting").rows
    assert [row[0] for row in rows] == [1, 50]
    assert rows[-1][3] < 0.6
    captions = [panel.caption for panel in frames[-1].panels]
    assert sum("forgotten:" in words for words in captions) == 2
    assert captions[-1] == "Gradient: what is left"


def test_frames_count_up_to_the_last_and_show_charts_early(frames):
    steps = [frame.step for frame in frames]
    assert steps == sorted(steps)
    assert all(frame.steps == frames[0].steps for frame in frames)
    assert [frame.last for frame in frames].index(True) == len(frames) - 1
    charts = [frame.image.size != frames[0].image.size for frame in frames]
    assert charts.index(True) <= len(frames) // 3


def test_completeness_is_shown_where_it_is_promised():
    *_, frame = run(methods=("integrated_gradients",), samples=8)
    promised = [row[-1] for row in table(frame, "follow the map").rows]
    assert promised[:2] == ["", ""]
    assert promised[2] >= 0


def test_closing_midway_and_interleaving_change_nothing(frames):
    gone, one = run(), run(seed=1)
    for _ in range(3):
        next(gone)
        next(one)
    gone.close()
    *_, again = run()
    assert again.tables == frames[-1].tables
    *_, other = one
    assert other.tables != again.tables


def test_a_channel_can_be_asked_about_too():
    *_, frame = run(target="blocks.4:7", methods=("gradient",), detail=4)
    assert len(table(frame, "follow the map").rows) == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"methods": ()}, "methods is empty"),
        ({"methods": ("tea_leaves",)}, "unknown methods 'tea_leaves'"),
        ({"target": "unicorn of the sea"}, "unknown class"),
        ({"forgets": "everything"}, "unknown forgets"),
        ({"detail": 1}, "detail is 1"),
    ],
)
def test_bad_settings_are_said(settings, words):
    with pytest.raises(InputError, match=words):
        list(run(**settings))
