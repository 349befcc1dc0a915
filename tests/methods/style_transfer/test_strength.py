"""The strength of a style: even steps to the eye, from the photograph to all paint."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from phosphene import images, load_network, stylize
from phosphene.methods.style_transfer import strength
from tests.pictures import PALACE, PANDA

LITE = {"network": "efficientnet_lite0", "device": "cpu"}
EARLY = ("blocks.0.0", "blocks.1.1", "blocks.2.1")


def painted(value, **knobs):
    *_, last = stylize(PANDA, PALACE, strength=value, **{"size": 192, **LITE, **knobs})
    return last


def apart(first, second):
    """How unlike two pictures look: by early features, each place's to a length of one."""
    net = load_network(LITE["network"], device="cpu")
    with torch.no_grad():
        maps = [net.acts(images.to_tensor(x), EARLY) for x in (first, second)]
    total = 0.0
    for layer in EARLY:
        one, other = (torch.nn.functional.normalize(m[layer].float()) for m in maps)
        total += float((one - other).square().sum(1).mean())
    return total / len(EARLY)


def test_the_slider_goes_evenly_from_the_photograph_to_paint():
    row = [painted(value).image for value in (0, 2.5, 5, 7.5, 10)]
    photo = row[0]
    steps = [apart(a, b) for a, b in pairwise(row)]
    assert max(steps) < 2 * min(steps), steps
    away = [apart(photo, picture) for picture in row]
    assert away == sorted(away)


@pytest.mark.parametrize("knobs", [{}, {"start": "noise"}, {"dream": 1.0}, {"colors": "mine"}])
def test_no_strength_is_the_photograph_in_one_frame(knobs):
    (frame,) = stylize(PANDA, PALACE, strength=0, size=96, **LITE, **knobs)
    assert frame.last
    assert frame.image.tobytes() == images.load(PANDA, 96).tobytes()
    assert frame.recipe["arguments"]["strength"] == 0


def test_a_faint_style_comes_near_the_photograph():
    photo = images.load(PANDA, 192)
    faint, gentle = (apart(painted(value).image, photo) for value in (0.5, 2.5))
    assert 0 < faint < 0.5 * gentle


def test_the_middle_leaves_the_start_and_its_detail_alone():
    photo = torch.rand(1, 3, 8, 8)
    assert strength.content_weight(5.0) == strength.CONTENT_WEIGHT
    assert torch.equal(strength.loosened(photo, 5.0, torch.Generator()), photo)
    assert torch.equal(strength.kept_detail(photo, 5.0), photo)


@pytest.mark.parametrize("value", [1.0, 7.5])
def test_continuing_equals_one_longer_run_at_any_strength(value):
    once = painted(value, size=64, steps=3)
    longer, resumed = (
        painted(value, size=64, steps=3, **more) for more in ({"rounds": 2}, {"resume": once.image})
    )
    assert resumed.image.tobytes() == longer.image.tobytes()
