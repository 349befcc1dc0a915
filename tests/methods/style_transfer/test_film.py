"""A film painted by optimization: each picture from the one before it."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from phosphene import images, stylize_video
from phosphene.images.reels import finished
from tests.images.test_clips import film, pictures_and_sound
from tests.pictures import PALACE, PANDA

QUICK = {"size": 64, "steps": 3, "network": "efficientnet_lite0", "device": "cpu"}


@pytest.fixture
def clip(tmp_path):
    wide = ImageOps.fit(images.load(PALACE), (96, 72))
    shots = [
        wide.resize((64, 48), Image.Resampling.BICUBIC, (n, 0, 64 + n, 48)) for n in range(0, 6, 2)
    ]
    return film(tmp_path / "clip.mp4", shots, rate=4, sound="aac")


def test_every_picture_is_painted_and_the_film_has_its_sound(clip, tmp_path):
    frames = list(stylize_video(str(clip), str(PANDA), **QUICK))
    painted = [frame for frame in frames if frame.film]
    assert [frame.step for frame in painted] == [1, 2, 3]
    assert frames[-1] is painted[-1]
    assert len(frames) > len(painted)  # previews of each picture
    path = finished(io.BytesIO(b"".join(f.film for f in painted)), tmp_path / "painted.mp4")
    shown, heard = pictures_and_sound(path)
    assert len(shown) == 3
    assert heard > 0.5
    assert any("efficientnet_lite0" in text for text in frames[-1].recipe["weights"])


def test_closed_within_a_picture_it_leaves_nothing(clip, tmp_path):
    before = set(tmp_path.iterdir())
    frames = stylize_video(str(clip), str(PANDA), **QUICK)
    next(frames)
    frames.close()
    assert set(tmp_path.iterdir()) == before
