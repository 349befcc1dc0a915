"""Textures: from noise to the sample's statistics, with edges that meet."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from phosphene import InputError, texture
from tests.pictures import PALACE

QUICK = {"size": 96, "network": "efficientnet_lite0", "device": "cpu"}


def grown(**knobs):
    *_, last = texture(PALACE, **{**QUICK, **knobs})
    return last


def seam(picture: Image.Image) -> float:
    """How much stronger the change across the edges is than inside, as a ratio."""
    values = np.asarray(picture, dtype=float)
    inside = np.abs(np.diff(values, axis=1)).mean() + np.abs(np.diff(values, axis=0)).mean()
    across = np.abs(values[:, 0] - values[:, -1]).mean() + np.abs(values[0] - values[-1]).mean()
    return across / inside


def test_it_comes_to_the_statistics_of_the_sample():
    frames = list(texture(PALACE, **QUICK, steps=24))
    assert frames[-1].history[-1]["style"] < 0.6 * frames[0].history[0]["style"]
    assert frames[-1].image.size == (96, 96)


def test_a_tileable_texture_has_no_seam_and_another_has_one():
    assert seam(grown(steps=14, tileable=True).image) < 1.3
    assert seam(grown(steps=40, tileable=False).image) > 1.6


def test_a_seed_repeats_it():
    first, again, other = (np.asarray(grown(steps=5, seed=s).image) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_sample_that_is_too_small_is_named():
    with pytest.raises(InputError, match="20×20"):
        next(texture(Image.new("RGB", (20, 20)), **QUICK))
