"""Films are written one picture at a time, all of one size."""

from __future__ import annotations

import av
import pytest
from PIL import Image

from phosphene.images import video


def sizes(path):
    with av.open(str(path)) as film:
        return [(frame.width, frame.height) for frame in film.decode(video=0)]


def test_a_film_takes_its_pictures_one_at_a_time(tmp_path):
    alive = []

    def pictures():
        for level in range(5):
            alive.append(level)
            yield Image.new("RGB", (65, 47), (40 * level, 0, 0))

    stream = pictures()
    assert not alive
    assert sizes(video.save(stream, tmp_path / "film.mp4", 5)) == [(64, 46)] * 5


def test_pictures_that_grow_are_fitted_to_the_size_that_is_asked_for_or_the_first(tmp_path):
    pictures = [Image.new("RGB", (side, side)) for side in (32, 64)]
    assert sizes(video.save(pictures, tmp_path / "a.mp4", 5)) == [(32, 32)] * 2
    assert sizes(video.save(iter(pictures), tmp_path / "b.mp4", 5, size=(64, 64))) == [(64, 64)] * 2


def test_a_film_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one picture"):
        video.save([], tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()
