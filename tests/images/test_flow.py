"""Flow finds a known motion, and trusts itself where the same thing is in both pictures."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps

from phosphene import InputError
from phosphene.images import flow
from tests.pictures import PALACE

SIZE = (128, 96)


def scene(shift=0.0, name=PALACE):
    """A photograph seen through a window that moves `shift` pixels to the right."""
    with Image.open(name) as photo:
        wide = ImageOps.fit(photo.convert("RGB"), (192, 144))
    box = (8 + shift, 8, 8 + shift + SIZE[0], 8 + SIZE[1])
    return np.asarray(wide.resize(SIZE, Image.Resampling.BICUBIC, box=box))


def dis():
    cv = flow.opencv("this test", "film")
    return cv.DISOpticalFlow_create(cv.DISOPTICAL_FLOW_PRESET_FAST)


def test_a_known_motion_is_found_and_trusted():
    motion = flow.motion_of(dis(), scene(0), scene(3))
    inside = motion.flow[16:-16, 16:-16]
    assert np.median(inside[..., 0]) == pytest.approx(3, abs=0.3)
    assert np.median(inside[..., 1]) == pytest.approx(0, abs=0.3)
    assert motion.trust[16:-16, 16:-16].mean() > 0.7
    there = motion.warped(scene(0).astype(np.float32) / 255)
    off = np.abs(there - scene(3) / 255)[16:-16, 16:-16].mean()
    still = np.abs(scene(0).astype(float) - scene(3))[16:-16, 16:-16].mean() / 255
    assert off < still / 3


def test_a_still_picture_has_no_motion_and_full_trust():
    motion = flow.motion_of(dis(), scene(0), scene(0))
    assert np.abs(motion.flow).max() < 1e-3
    assert motion.trust.min() > 0.99


def test_what_was_hidden_before_is_not_trusted():
    before, after = scene(0).copy(), scene(0).copy()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    after[30:70, 40:80] = noise
    motion = flow.motion_of(dis(), before, after)
    assert motion.trust[34:66, 44:76].mean() < 0.2
    assert motion.trust[:, 96:].mean() > 0.9


def test_another_scene_is_a_cut_and_a_quick_pan_is_none():
    track = flow.Steady()
    assert track.look(scene(0)) is None  # the first
    assert track.look(scene(6)) is not None
    assert track.look(255 - scene(0)[::-1]) is None


def test_a_still_scene_keeps_its_paint_whatever_is_painted_next():
    track, picture = flow.Steady(), scene(0)
    painted = picture.astype(np.float32) / 255
    track.settle(painted, track.look(picture), math.inf)
    flickered = (painted + 0.2).clip(0, 1)
    settled = track.settle(flickered, track.look(picture), 1 / 25)
    assert np.abs(settled - painted).mean() < 0.25 * np.abs(flickered - painted).mean()
    anew = track.settle(flickered, None, math.inf)
    assert np.array_equal(anew, flickered)


def test_pictures_of_another_size_are_refused():
    track = flow.Steady()
    track.look(scene(0))
    with pytest.raises(InputError, match="differ in size"):
        track.look(scene(0)[:64])


def test_the_warping_error_of_what_moves_along_is_small():
    motion = flow.motion_of(dis(), scene(0), scene(3))
    before, after = (scene(shift).astype(np.float32) / 255 for shift in (0, 3))
    assert flow.warping_error(after, before, motion) < 1e-3
    assert flow.warping_error(1 - after, before, motion) > 1e-2
    lost = flow.Motion(motion.flow, np.zeros_like(motion.trust))
    assert math.isnan(flow.warping_error(after, before, lost))


def test_without_opencv_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match=r"pip install 'phosphene\[film\]'"):
        flow.Steady()
