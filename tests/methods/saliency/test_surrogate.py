"""LIME and kernel SHAP equal Captum's on the same superpixels and samples."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import FeatureAblation, KernelShap, Lime

from phosphene import InputError
from phosphene.methods.saliency.baselines import baseline
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.superpixels import superpixels
from phosphene.methods.saliency.surrogate import (
    at_even_odds,
    coalitions,
    kernel_shap,
    lime,
    nearness,
    shapley,
    slopes,
)
from tests.methods.saliency.pairs import LEFT, RIGHT, case, rightness


def last(method, case, **settings):
    *_, estimate = method(case, Options(**{"segments": 12, "samples": 96, **settings}))
    return estimate.values


def test_lime_is_captums():
    asked, options = case(), Options(segments=12, samples=48, baseline="gray")
    labels = superpixels(asked.x, options.segments)
    samples = at_even_odds(int(labels.max()) + 1, 48, options.generator())
    drawn = iter(samples)
    weights = iter(nearness(samples))
    theirs = Lime(
        asked.score,
        interpretable_model=SkLearnRidge(alpha=1.0),
        similarity_func=lambda *_, **__: next(weights),
        perturb_func=lambda *_, **__: next(drawn)[None],
    ).attribute(
        asked.x,
        baselines=0.5,
        feature_mask=labels[None, None],
        n_samples=48,
        perturbations_per_eval=8,
    )
    ours = last(lime, asked, samples=48, baseline="gray")
    assert torch.allclose(ours[0, 0], theirs[0, 0], atol=1e-3 * float(theirs.abs().max()))


def exact(value, count):
    """Shapley values from their definition; `value` of a tuple of players."""
    whole = torch.zeros(count, dtype=torch.float64)
    for player in range(count):
        others = [p for p in range(count) if p != player]
        for size in range(count):
            weight = 1 / (count * math.comb(count - 1, size))
            for group in itertools.combinations(others, size):
                joined = tuple(sorted((*group, player)))
                whole[player] += weight * (value(joined) - value(group))
    return whole


def test_few_superpixels_have_exact_shapley_values():
    asked, options = case(), Options(segments=6, samples=64, baseline="gray")
    labels = superpixels(asked.x, options.segments)
    count = int(labels.max()) + 1
    fill = baseline(asked, "gray")
    scores = {}
    with torch.no_grad():
        for group in itertools.chain(
            *(itertools.combinations(range(count), size) for size in range(count + 1))
        ):
            there = torch.isin(labels, torch.tensor(group, dtype=torch.long))
            scores[group] = float(asked.score(torch.where(there, asked.x, fill)))
    ours = last(kernel_shap, asked, segments=6, samples=64, baseline="gray")[0, 0]
    for index, value in enumerate(exact(scores.__getitem__, count)):
        assert float(ours[labels == index][0]) == pytest.approx(float(value), abs=2e-3)


def test_kernel_shap_comes_near_captums():
    asked = case()
    labels = superpixels(asked.x, 10)
    torch.manual_seed(0)
    theirs = KernelShap(asked.score).attribute(
        asked.x,
        baselines=0.5,
        feature_mask=labels[None, None],
        n_samples=200,
        perturbations_per_eval=8,
    )[0, 0]
    ours = last(kernel_shap, asked, segments=10, samples=200, baseline="gray")[0, 0]
    assert (ours - theirs).abs().max() < 0.2 * theirs.abs().max()


@pytest.mark.parametrize("samples", [20, 96])
def test_shapley_values_sum_to_the_whole(samples):
    asked = case()
    labels = superpixels(asked.x, 12)
    values = last(kernel_shap, asked, samples=samples, baseline="blur")[0, 0]
    total = sum(float(values[labels == index][0]) for index in range(int(labels.max()) + 1))
    with torch.no_grad():
        gain = asked.score(asked.x) - asked.score(baseline(asked, "blur"))
    assert total == pytest.approx(float(gain), abs=1e-3)


def test_both_recover_an_additive_score():
    """Where superpixels simply add up, ablating one by one says the same as both surrogates."""
    asked = case()
    labels = superpixels(asked.x, 9)
    count = int(labels.max()) + 1
    worth = torch.linspace(-1, 2, count).double()
    there = at_even_odds(count, 200, Options().generator())
    found = slopes(there, 3 + there @ worth, nearness(there), 1e-6)
    assert torch.allclose(found, worth, atol=1e-5)
    there, weights = coalitions(count, 200, Options().generator())
    found = shapley(there, 3 + there @ worth, weights, 3 + float(worth.sum()), 3)
    assert torch.allclose(found, worth, atol=1e-5)
    places = worth.float()[labels]

    def score(x):
        return (x * places).flatten(1).sum(1)

    ablated = FeatureAblation(score).attribute(
        torch.ones(1, 1, *labels.shape), feature_mask=labels[None, None]
    )
    sizes = labels.flatten().bincount()
    assert torch.allclose(ablated[0, 0], (worth * sizes).float()[labels], rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("method", [lime, kernel_shap])
def test_evidence_moves_with_the_target(method):
    left, right = (
        rightness(last(method, case(target), samples=96, baseline="gray"))
        for target in (LEFT, RIGHT)
    )
    assert left < 0.5 < right
    assert right - left > 0.25


def test_superpixels_follow_edges():
    x = torch.zeros(1, 3, 60, 90)
    x[..., 37:] = 1.0
    labels = superpixels(x, 24)
    left, right = labels[:, :37].unique(), labels[:, 37:].unique()
    assert not set(left.tolist()) & set(right.tolist())
    assert 12 <= int(labels.max()) + 1 <= 30
    assert labels.unique().tolist() == list(range(int(labels.max()) + 1))


@pytest.mark.parametrize("segments", [0, 1, 10**6])
def test_a_number_of_segments_that_cannot_be_is_said(segments):
    with pytest.raises(InputError, match=f"segments is {segments}; choose 2 to"):
        next(lime(case(), Options(segments=segments)))
