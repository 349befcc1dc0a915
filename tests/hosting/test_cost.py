"""What a run costs is told before it starts, and refused with the setting to lower."""

from __future__ import annotations

import re

import pytest

from phosphene import knobs, limits
from phosphene.errors import InputError
from phosphene.hosting import cost
from phosphene.knobs import Picture, parameters
from phosphene.methods import METHODS
from tests.apps import PAGES, tabs_of


def arguments_of(name, picture, **changes):
    needed = {p.name: str(picture) for p in parameters(METHODS[name]) if p.required}
    return knobs.check(METHODS[name], needed | changes)


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for limit in limits.LIMITS:
        monkeypatch.delenv(limit.variable, raising=False)


def test_steps_octaves_and_rounds_multiply(picture):
    told = cost.cost(
        METHODS["dream"],
        arguments_of("dream", picture, size=256, steps=10, octaves=4, rounds=2),
    )
    assert (told.pixels, told.steps) == (256 * 256, 80)


def test_queries_count_where_the_attack_asks_them(picture):
    asked = arguments_of("fool", picture, attack="square", queries=5000)
    assert cost.cost(METHODS["fool"], asked).steps == 5000
    walked = arguments_of("fool", picture, attack="pgd", queries=5000, steps=7)
    assert cost.cost(METHODS["fool"], walked).steps == 7


@pytest.mark.parametrize(
    ("variable", "value", "setting"),
    [
        ("PHOSPHENE_PIXELS", "0.04", "size from 512 to 2"),
        ("PHOSPHENE_STEPS", "50", "steps from 12 to 10"),
        ("PHOSPHENE_WORK", "5", "steps from 12 to 3"),
    ],
)
def test_too_much_is_refused_with_the_setting_and_how_far_to_lower_it(
    picture, monkeypatch, variable, value, setting
):
    monkeypatch.setenv(variable, value)
    given = {"size": 512, "steps": 12, "octaves": 5}
    with pytest.raises(InputError, match=r"at most .* are allowed here") as error:
        cost.check("dream", arguments_of("dream", picture, **given))
    assert f"lower {setting}" in str(error.value)
    name, fits = re.search(r"lower (\w+) from \d+ to (\d+)", str(error.value)).groups()
    cost.check("dream", arguments_of("dream", picture, **(given | {name: int(fits)})))


def test_without_limits_nothing_is_refused(picture):
    cost.check("dream", arguments_of("dream", picture, size=4096, steps=100, octaves=8, rounds=8))


def test_more_pixels_and_steps_ask_for_more_seconds_up_to_the_budget(picture, monkeypatch):
    small = cost.seconds("dream", arguments_of("dream", picture, size=256, steps=4))
    large = cost.seconds("dream", arguments_of("dream", picture, size=2048, steps=100, rounds=4))
    assert small < large
    monkeypatch.setenv("PHOSPHENE_BUDGET", "60")
    most = cost.seconds("dream", arguments_of("dream", picture, size=4096, steps=100, rounds=8))
    assert most == 60 + cost.GPU_START


@pytest.mark.parametrize("budget", ["1", "60", "600", "5000"])
@pytest.mark.parametrize("app", PAGES)
def test_no_run_may_take_longer_than_the_worker_is_asked_for(app, budget, picture, monkeypatch):
    monkeypatch.setenv("PHOSPHENE_BUDGET", budget)
    for tab in tabs_of(app):
        if not all(isinstance(p.knob, Picture) for p in tab.parameters if p.required):
            continue
        for preset in ({}, *tab.presets.values()):
            arguments = arguments_of(tab.method.__name__, picture, **preset)
            asked = cost.seconds(tab.method.__name__, arguments)
            allowed = cost.allowed(tab.method.__name__, arguments, asked=True)
            assert 0 < allowed < asked
            assert allowed <= float(budget)
    assert cost.allowed(tab.method.__name__, arguments, asked=False) == float(budget)


def test_pictures_are_no_number_of_pictures(picture):
    own = {"pictures": [str(picture)] * 3, "steps": 5, "size": 64}
    assert cost.cost(METHODS["universal"], own).steps == 5
    assert cost.seconds("universal", own) == 2 * cost.GPU_START
