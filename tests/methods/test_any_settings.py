"""Whatever a page lets a visitor choose makes pictures, or is refused in a sentence."""

from __future__ import annotations

import math
import time
from contextlib import closing

import pytest

from phosphene import knobs
from phosphene.errors import PhospheneError
from phosphene.hosting import cost
from phosphene.methods import METHODS, start
from tests.apps import PAGES, tabs_of
from tests.methods import drawn

SEEDS = 4
ENOUGH = 2.0
"""Seconds of a run that are looked at: what is wrong with its settings is found at its start."""
NAMES = sorted({tab.method.__name__ for app in PAGES for tab in tabs_of(app)})


@pytest.mark.parametrize("name", NAMES)
def test_settings_drawn_by_chance_make_pictures_or_are_refused(name, tmp_path):
    made, refused = 0, []
    for seed in range(SEEDS):
        settings = {"device": "cpu"} | drawn.settings(name, seed, tmp_path)
        try:
            fitting = knobs.check(METHODS[name], settings)
            cost.check(name, fitting)
            with closing(start(METHODS[name], fitting)) as frames:
                begun = time.monotonic()
                for frame in frames:
                    made += 1
                    assert all(math.isfinite(value) for value in frame.losses.values())
                    if time.monotonic() - begun > ENOUGH:
                        break
        except PhospheneError as error:
            refused.append(str(error))
    assert made
    assert not [words for words in refused if len(words) > 300]
