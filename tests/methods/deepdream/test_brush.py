"""The brush of dreams: only what is painted changes, stroke by stroke."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import phosphene
from phosphene import images
from phosphene.methods.deepdream.brush import feathered
from tests.pictures import PALACE

SMALL = {"size": 192, "steps": 4}


def stroke(box, size=(192, 128)):
    mask = Image.new("RGB", size)
    ImageDraw.Draw(mask).ellipse(box, fill="white")
    return mask


@pytest.fixture(scope="module")
def photo():
    return images.load(PALACE).resize((192, 128))


def dreamt(photo, **settings):
    *_, frame = phosphene.dream_brush(photo, **SMALL, **settings)
    return frame.image


def changed(one, other):
    return (np.asarray(one).astype(int) != np.asarray(other).astype(int)).any(-1)


def test_creatures_grow_under_the_stroke_and_nowhere_else(photo):
    painted = stroke((20, 30, 80, 90))
    where = changed(dreamt(photo, stroke=painted), photo)
    under = np.asarray(painted)[..., 0] > 0
    assert not where[~under].any()
    assert where[under].mean() > 0.7


def test_a_second_stroke_keeps_the_first(photo):
    first = dreamt(photo, stroke=stroke((10, 20, 60, 70)))
    both = dreamt(first, stroke=stroke((120, 40, 170, 90)))
    left, right = slice(0, 70), slice(110, 192)
    assert not changed(both, first)[:, left].any()
    assert changed(both, first)[:, right].any()


def test_without_a_stroke_the_picture_stays_as_it_is(photo):
    assert dreamt(photo).tobytes() == photo.tobytes()


@pytest.mark.parametrize("creatures", [0.5, 2.0])
@pytest.mark.parametrize("box", [(0, 0, 12, 12), (180, 110, 191, 127), (0, 0, 191, 127)])
def test_any_stroke_is_dreamt_at_any_scale(photo, box, creatures):
    painted = stroke(box)
    where = changed(dreamt(photo, stroke=painted, creatures=creatures), photo)
    assert where.any()
    assert not where[np.asarray(painted)[..., 0] == 0].any()


def test_what_the_layer_shows_grows_under_the_stroke(photo):
    painted = stroke((20, 30, 80, 90))
    *_, last = phosphene.dream_brush(photo, stroke=painted, layer="blocks.3", **SMALL)
    octave = [losses["blocks.3"] for losses in last.history[-SMALL["steps"] :]]
    assert octave[-1] < octave[0]
    assert last.step == last.steps == SMALL["steps"] * (last.steps // SMALL["steps"])


def test_the_edge_of_a_stroke_fades_inwards_and_thin_strokes_are_whole():
    for wide in (6, 40):
        inside = torch.zeros(1, 1, 64, 64)
        inside[..., 32 - wide // 2 : 32 + wide // 2] = 1
        share = feathered(inside, 8)[0, 0, 32]
        assert share[32 - wide // 2 - 1] == 0
        assert share[32 - wide // 2] < 0.6
        assert share[31:33].min() > 0.9
