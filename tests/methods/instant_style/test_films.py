"""Painted films: still where nothing moves, whole wherever they are stopped, with their sound."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import av
import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from phosphene import InputError, images, paint_camera, paint_video
from phosphene.images import flow
from phosphene.images.clips import Clip
from phosphene.images.reels import finished
from phosphene.methods.films import Scenes
from phosphene.methods.instant_style.films import Camera, painter
from phosphene.methods.instant_style.hand import Hand, Wish
from phosphene.networks.stylizer import STYLES
from tests.images.test_clips import film, pictures_and_sound
from tests.pictures import PALACE, PANDA

QUICK = {"size": 96, "device": "cpu", "style": STYLES[15]}
RATE, SHIFT = 12, (2.6, 0.9)


def window(number, light=1.0):
    """A window of 96×72 that moves over a photograph; `light` is how bright it is."""
    wide = ImageOps.fit(images.load(PALACE), (160, 120))
    box = tuple(SHIFT[i % 2] * number + (0, 0, 96, 72)[i] for i in range(4))
    picture = wide.resize((96, 72), Image.Resampling.BICUBIC, box)
    return picture.point(lambda value: value * light)


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mp4", [window(n) for n in range(6)], rate=RATE, sound="aac")


def arrays(pictures):
    return [np.asarray(picture, np.float32) / 255 for picture in pictures]


def painted(pictures, steady):
    """Pictures one after the other by one hand."""
    hand, scenes = Hand("cpu", steady), Scenes(steady)
    hand.take(Wish(STYLES[15]))
    paint = painter(hand, 1.0, False)
    shown = []
    for number, picture in enumerate(pictures):
        *_, last = scenes.paint(picture, number / RATE, paint)
        shown.append(last)
    return arrays(shown)


def warping_error(paintings):
    """By the known motion, away from the edge that comes into sight."""
    there = np.broadcast_to(np.float32(SHIFT), (72, 96, 2)).copy()
    trust = np.zeros((72, 96), np.float32)
    trust[4:-4, 4:-4] = 1
    motion = flow.Motion(there, trust)
    return np.mean([flow.warping_error(b, a, motion) for a, b in pairwise(paintings)])


def test_paint_that_should_stay_moves_less_than_half_as_much():
    # Light that comes and goes, as a camera's own exposure makes it.
    clip = [window(n, 1 - 0.12 * (n % 2)) for n in range(6)]
    assert warping_error(painted(clip, True)) < 0.5 * warping_error(painted(clip, False))


def test_the_pictures_of_a_still_clip_do_not_move():
    first, *others = painted([window(0)] * 4, True)
    assert max(np.abs(other - first).max() for other in others) <= 1.01 / 255


def test_the_first_picture_is_painted_as_a_picture_alone_is():
    (first, *_), (alone, *_) = painted([window(0)], True), painted([window(0)], False)
    assert np.abs(first - alone).max() <= 1.01 / 255


def test_a_cut_begins_anew():
    other = ImageOps.fit(images.load(PANDA), (96, 72))
    both = painted([window(0), window(1), other], True)
    alone = painted([other], True)
    assert np.abs(both[-1] - alone[0]).max() <= 1.01 / 255


def test_a_film_has_every_picture_its_times_and_its_sound(clip, tmp_path):
    frames = list(paint_video(str(clip), **QUICK))
    assert [frame.step for frame in frames] == [1, 2, 3, 4, 5, 6]
    assert frames[-1].steps == 6
    assert frames[2].remaining > 0
    path = finished(io.BytesIO(b"".join(f.film for f in frames)), tmp_path / "painted.mp4")
    shown, heard = pictures_and_sound(path)
    assert [time for time, _ in shown] == pytest.approx([n / RATE for n in range(6)], abs=0.003)
    assert heard == pytest.approx(6 / RATE, abs=0.06)
    with av.open(str(path)) as container:
        (width, height) = container.streams.video[0].width, container.streams.video[0].height
    assert (width, height) == (96, 72)


def test_stopped_midway_what_came_is_a_film_and_nothing_is_left(clip, tmp_path):
    frames, kept = paint_video(str(clip), **QUICK), []
    for frame in frames:
        kept.append(frame.film)
        if len(kept) == 4:
            break
    before = set(tmp_path.iterdir())
    frames.close()
    path = finished(io.BytesIO(b"".join(kept)), tmp_path / "stopped.mp4")
    shown, heard = pictures_and_sound(path)
    assert len(shown) >= 3
    assert heard > 0.1
    assert set(tmp_path.iterdir()) == before | {path}


def test_fewer_pictures_a_second_are_painted_where_fewer_are_asked_for(clip):
    frames = list(paint_video(str(clip), rate=6, **QUICK))
    assert len(frames) == 3
    assert frames[-1].rate == 6


def test_none_of_it_paints_nothing_and_ones_own_colors_stay(clip):
    *_, frame = paint_video(str(clip), strength=0, steady=False, **QUICK)
    *_, shot = Clip(clip).shots(96)
    assert np.abs(np.asarray(frame.image, float) - np.asarray(shot.picture)).max() <= 1
    *_, own = paint_video(str(clip), keep_colors=True, **QUICK)
    *_, style = paint_video(str(clip), **QUICK)
    hue = [
        np.asarray(p.convert("YCbCr"), float)[..., 1:].mean((0, 1))
        for p in (shot.picture, own.image, style.image)
    ]
    assert np.abs(hue[1] - hue[0]).max() < np.abs(hue[2] - hue[0]).max()


def test_a_painting_paints_a_film_too(clip):
    frames = list(paint_video(str(clip), painting=str(PANDA), rate=6, **QUICK))
    assert all(frame.film for frame in frames)
    assert any("arbitrary" in text for text in frames[-1].recipe["weights"])


def test_what_cannot_be_painted_is_said(tmp_path):
    nothing = tmp_path / "nothing.mp4"
    nothing.write_bytes(b"")
    with pytest.raises(InputError, match=r"nothing.mp4 cannot be read as a video"):
        next(paint_video(str(nothing), **QUICK))


class Clock:
    now = 0.0

    def __call__(self):
        self.now += 0.05
        return self.now


def seen(camera, picture, **changes):
    given = {
        **{"style": STYLES[15], "brush": "", "strength": 1.0, "keep_colors": False},
        **{"steady": True, "size": 96, "device": "cpu", **changes},
    }
    return np.asarray(camera(picture, **given).image, np.float32) / 255


def test_a_camera_holds_still_and_takes_up_a_new_style_at_once():
    camera = Camera(Clock())
    first, second = seen(camera, window(0)), seen(camera, window(0))
    assert np.abs(first - second).max() <= 1.01 / 255
    other = seen(camera, window(0), style=STYLES[3])
    alone = seen(Camera(Clock()), window(0), style=STYLES[3])
    assert np.abs(other - alone).max() <= 1.01 / 255


def test_a_camera_that_turns_goes_on():
    camera = Camera(Clock())
    seen(camera, window(0))
    assert seen(camera, window(0).rotate(90, expand=True)).shape == (96, 72, 3)


def test_one_picture_of_a_camera_is_the_painting_of_it():
    (frame,) = paint_camera(window(0), **QUICK)
    assert np.abs(arrays([frame.image])[0] - seen(Camera(), window(0))).max() <= 1.01 / 255


def test_statistics_fade_with_the_time_that_passed():
    hand = Hand("cpu", True)
    hand.take(Wish(STYLES[0]))
    bright, dark = (images.to_tensor(window(0, light)) for light in (1.0, 0.6))
    alone = hand.paint(dark)
    hand.paint(bright)
    soon = hand.paint(dark, 0.04)
    hand.paint(bright)
    late = hand.paint(dark, 60.0)
    assert torch.allclose(late, alone, atol=1e-3)
    assert (soon - alone).abs().mean() > 5 * (late - alone).abs().mean()
    assert torch.equal(hand.paint(dark, math.inf), alone)
