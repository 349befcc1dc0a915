"""The methods beside fool: each ends in what its page promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import phosphene
from phosphene import images
from phosphene.methods.adversarial.damage import blurred, jpeg, noisy, resized, smoothed
from phosphene.methods.adversarial.patch import laid, pasted_at_random
from tests.methods.adversarial.pictures import PANDA, PATHS, batch, network

QUICK = {"size": 96, "device": "cpu"}


def last(method, *args, **settings):
    *_, frame = method(*args, **{**QUICK, **settings})
    return frame


@pytest.mark.parametrize("settings", [{}, {"start": "noise", "smoothness": 5, "shift": 4}])
def test_nothing_becomes_a_class_at_the_confidence_asked_for(settings):
    frame = last(phosphene.fool_from_nothing, "dumbbell", confidence=0.95, **settings)
    again = network().verdict(images.to_tensor(frame.image))
    assert again["dumbbell"] >= 0.95
    assert frame.history[-1]["dumbbell"] >= 0.95


def test_robustness_has_a_row_for_each_way_and_network():
    frame = last(phosphene.robustness, PANDA, target="koala", draws=4)
    ways, networks = frame.tables
    assert len(ways.rows) == 7
    assert ways.rows[0][-1] == "fooled"
    assert [row[0] for row in networks.rows] == [f"efficientnet_lite{n}" for n in (0, 1, 2)]


def test_what_is_made_to_survive_survives_more():
    plain, hard = (
        last(phosphene.robustness, PANDA, target="koala", epsilon=8, survive=s, draws=0, size=128)
        for s in (False, True)
    )
    fooled = [sum(row[-1] == "fooled" for row in f.tables[0].rows) for f in (plain, hard)]
    assert fooled[1] > fooled[0]


def test_transfer_asks_every_network_of_both_attacks():
    frame = last(phosphene.transfer, PANDA, steps=4)
    rows = frame.tables[0].rows
    assert [row[1] for row in rows] == ["attacked", "attacked", "left out"]
    assert all("✓" in row[4] for row in rows[:2])


def test_the_curve_marks_the_smallest_budget_that_works():
    frame = last(phosphene.epsilon_curve, PANDA, target="koala", most=4, steps=6)
    works = [row[0] for row in frame.tables[0].rows if row[-1] == "yes"]
    assert frame.metrics["smallest that works, gray levels"] == min(works)
    assert len(frame.history) == 5
    assert frame.history[-1]["koala"] > frame.history[0]["koala"]


def test_a_landscape_goes_from_coarse_to_fine_around_the_picture():
    frames = list(phosphene.landscape(PANDA, target="koala", detail=16, size=64, device="cpu"))
    assert [frame.step for frame in frames] == list(range(1, 18))
    assert frames[-1].panels[4].sets == {"at": (1 / 3, 0.5)}
    own = images.to_tensor(frames[-1].panels[4].image)
    assert torch.allclose(own, images.to_tensor(images.load(PANDA, 64)), atol=1e-6)
    shares = [row[1] for row in frames[-1].tables[0].rows]
    assert sum(shares) == pytest.approx(100, abs=1)


def test_one_pattern_fools_the_pictures_it_was_made_of():
    frame = last(phosphene.universal, PATHS[0], pictures=PATHS[1:], epsilon=16, steps=25)
    assert frame.metrics["fooled of those it was made of, %"] >= 60
    pattern = np.asarray(frame.image).astype(int)
    assert abs(pattern - 127.5).max() <= 8 * 16 + 1
    alone = last(phosphene.universal, PANDA, steps=2)
    assert len(alone.panels) == 8


def test_a_patch_raises_its_class_and_can_be_laid_elsewhere():
    made = last(phosphene.patch, PANDA, steps=30, area=30)
    before = network().logits(images.to_tensor(images.load(PANDA, 96))).softmax(-1)
    toaster = network().find_class("toaster")
    after = network().logits(images.to_tensor(made.image)).softmax(-1)
    assert after[0, toaster] > 10 * before[0, toaster]
    given = made.files["patch.png"]
    elsewhere = last(phosphene.lay_patch, PANDA, area=30, pattern=given, place=(1, 0))
    assert elsewhere.steps == 1
    untouched = np.asarray(images.load(PANDA, 96))[40:, :20]
    assert np.array_equal(np.asarray(elsewhere.image)[40:, :20], untouched)


def test_a_patch_stays_inside_wherever_it_is_laid():
    original, square = torch.zeros(1, 3, 40, 60), torch.ones(1, 3, 16, 16)
    for place in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5)):
        assert int(laid(original, square, place)[0, 0].sum()) == 256
    generator = torch.Generator().manual_seed(0)
    shares = [float(pasted_at_random(original, square, generator)[0, 0].sum()) for _ in range(20)]
    assert min(shares) > 256 * 0.6
    assert max(shares) < 256 * 1.5


def test_damages_keep_the_shape_and_hardly_change_a_flat_picture():
    flat = torch.full((2, 3, 40, 60), 0.4)
    generator = torch.Generator().manual_seed(0)
    for view in (jpeg(80), blurred(1.0), resized(0.5), noisy(1, generator)):
        assert view(flat).shape == flat.shape
        assert (view(flat) - flat).abs().max() < 0.03


def test_the_gradient_passes_through_jpeg():
    x = batch(64)[0][:1].clone().requires_grad_()
    jpeg(50)(x).sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))


def test_votes_are_shares_of_the_draws():
    votes = smoothed(network(), batch(64)[0][:1], 8, 10, seed=0)
    assert sum(votes.values()) == pytest.approx(1)
    assert list(votes.values()) == sorted(votes.values(), reverse=True)
