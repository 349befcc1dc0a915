"""Deletion and insertion equal a plain loop in float64, and rank maps as they should."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from scipy import stats

from phosphene.images.filters import blur
from phosphene.methods.saliency.agreement import correlations, spearman
from phosphene.methods.saliency.baselines import BLURRED
from phosphene.methods.saliency.curves import area, center_blob, curves, order, random_map
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.occlusion import occlusion
from tests.methods.saliency.pairs import LEFT, case


def last(asked, heat, steps=16):
    *_, found = curves(asked, Options(), heat, steps)
    return found


@cache
def occluded():
    *_, estimate = occlusion(case(), Options(window=32, stride=16, baseline="blur"))
    return estimate.values[0, 0]


def test_curves_are_a_plain_loop():
    asked, steps = case(), 8
    heat = random_map(asked, Options().generator())
    network, index = asked.network, asked.network.find_class(LEFT)
    ranked = sorted(range(heat.numel()), key=lambda i: -float(heat.flatten()[i]))
    fills = {"deleted": network.mean.expand_as(asked.x), "inserted": blur(asked.x, 160 * BLURRED)}
    found = last(asked, heat, steps)
    for name, fill in fills.items():
        begin, end = (asked.x, fill) if name == "deleted" else (fill, asked.x)
        chances = []
        for step in range(steps + 1):
            chosen = ranked[: step * heat.numel() // steps]
            picture = begin.clone().flatten(2)
            picture[..., chosen] = end.flatten(2)[..., chosen]
            with torch.no_grad():
                logits = network.logits(picture.view_as(asked.x)).double()
            chances.append(float(logits.softmax(-1)[0, index]))
        assert getattr(found, name).tolist() == pytest.approx(chances, abs=2e-4)
        inner = sum(chances[1:-1]) + (chances[0] + chances[-1]) / 2
        assert area(torch.tensor(chances)) == pytest.approx(inner / steps, abs=1e-6)


def test_a_curve_begins_and_ends_where_all_is_there_or_gone():
    asked = case()
    found = last(asked, center_blob(asked))
    with torch.no_grad():
        whole = float(asked.chance(asked.x))
    assert float(found.deleted[0]) == pytest.approx(whole, abs=1e-4)
    assert float(found.inserted[-1]) == pytest.approx(whole, abs=1e-4)
    assert float(found.deleted[-1]) < 0.05


def test_a_map_of_the_evidence_beats_its_own_opposite():
    asked = case()
    good, bad = (last(asked, sign * occluded()) for sign in (1, -1))
    assert good.deletion < bad.deletion
    assert good.insertion > bad.insertion + 0.1


def test_the_area_of_a_line_is_a_half():
    assert area(torch.linspace(0, 1, 33)) == pytest.approx(0.5)
    assert area(torch.ones(5)) == pytest.approx(1)


def test_equal_pixels_go_in_reading_order():
    heat = torch.tensor([[1.0, 3.0], [1.0, 2.0]])
    assert order(heat).tolist() == [[2, 0], [3, 1]]


def test_what_is_no_class_has_its_score_as_a_curve():
    asked = case("blocks.4:7")
    with torch.no_grad():
        assert torch.equal(asked.chance(asked.x), asked.score(asked.x))
    found = last(asked, center_blob(asked), steps=4)
    assert len(found.deleted) == len(found.inserted) == 5


def test_rank_correlation_is_scipys():
    generator = torch.Generator().manual_seed(0)
    one = torch.randint(9, (20, 30), generator=generator).float()  # many ties
    other = one + 4 * torch.rand(20, 30, generator=generator)
    theirs = stats.spearmanr(one.flatten().numpy(), other.flatten().numpy()).statistic
    assert spearman(one, other) == pytest.approx(float(theirs), abs=1e-9)
    assert spearman(one, -3 * one) == pytest.approx(-1)
    table = correlations([one, other, torch.zeros(20, 30)])
    assert table.diagonal().tolist() == [1, 1, 1]
    assert table[0, 2] == 0
    assert torch.equal(table, table.T)
