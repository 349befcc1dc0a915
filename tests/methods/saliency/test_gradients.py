"""Gradients at and around a picture, and along paths: what must hold whatever the network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from phosphene import InputError
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options, batch_size
from tests.methods.saliency.pictures import last, relative, single

SMALL = Options(samples=6)
MANY = ("smoothgrad", "vargrad", "integrated_gradients", "expected_gradients")


def run(name, case, options=SMALL):
    return list(ATTRIBUTIONS[name].run(case, options))


def narrow(case, pictures):
    """Memory for so many pictures."""
    return replace(SMALL, memory=pictures * case.network.footprint(*case.x.shape[-2:]))


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("baseline", ["black", "blur"])
def test_integrated_gradients_spend_steps_until_they_add_up(index, baseline):
    case = single(target=("African crocodile", "koala", "giant panda")[index], index=index)
    estimates = run("integrated_gradients", case, Options(baseline=baseline))
    steps = estimates[-1].metrics["steps"]
    error = estimates[-1].metrics["completeness error, %"]
    assert error < 1 or steps > 390
    with torch.no_grad():
        start = torch.zeros_like(case.x)
        change = float(case.score(case.x) - case.score(start))
    if baseline == "black" and steps < 390:
        assert float(estimates[-1].values.sum()) == pytest.approx(change, rel=0.011)


@pytest.mark.parametrize("name", MANY)
def test_a_batchs_size_changes_nothing_but_the_frames(name):
    case = single()
    assert batch_size(case, narrow(case, 4)) == 4
    wide, few = (run(name, case, narrow(case, count)) for count in (6, 4))
    assert (len(wide), len(few)) == (1, 2)
    assert relative(few[-1].values, wide[-1].values) < 0.02
    assert [(e.done, e.of) for e in few] == [(4, 6), (6, 6)]


@pytest.mark.parametrize("name", MANY)
def test_an_estimate_is_a_map_of_the_picture_from_the_first_batch_on(name):
    case = single()
    first, final = run(name, case, narrow(case, 4))
    assert first.values.shape == final.values.shape == case.x.shape
    assert first.values.dtype == final.values.dtype == torch.float32
    assert first.shown.shape == case.x.shape
    # Of one size: what there is so far stands for the whole.
    assert 0.1 < float(first.values.norm() / final.values.norm()) < 10


@pytest.mark.parametrize("name", [*MANY, "guided_backpropagation", "layer_cam"])
def test_interleaved_streams_equal_one_after_the_other(name):
    cases = [single("koala"), single("toaster")]
    options = narrow(cases[0], 2)
    alone = [last(ATTRIBUTIONS[name].run(case, options)).values for case in cases]
    streams = [ATTRIBUTIONS[name].run(case, options) for case in cases]
    mixed = [[estimate.values for estimate in pair] for pair in zip(*streams, strict=True)][-1]
    assert all(torch.equal(a, b) for a, b in zip(alone, mixed, strict=True))


def test_seeds_draw_other_noise_and_the_same_seed_the_same():
    case = single()
    maps = [run("smoothgrad", case, replace(SMALL, seed=seed))[-1].values for seed in (0, 0, 1)]
    assert torch.equal(maps[0], maps[1])
    assert not torch.equal(maps[0], maps[2])


def test_the_shared_network_is_left_as_it_was():
    case = single()
    network = case.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for name in MANY:
        run(name, case)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in network.parameters())
    assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())


def test_a_picture_equal_to_its_baseline_has_nothing_to_attribute():
    case = single()
    case = replace(case, x=torch.zeros_like(case.x))
    estimate = run("integrated_gradients", case)[-1]
    assert float(estimate.values.abs().max()) == 0
    assert estimate.metrics["completeness error, %"] == 0


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("smoothgrad", {"samples": -1}, "samples is -1; choose 1 or more"),
        ("integrated_gradients", {"samples": -5}, "samples is -5"),
        ("expected_gradients", {"samples": -1}, "samples is -1"),
        ("smoothgrad", {"noise": 0}, "noise is 0 percent; choose 1 to 100"),
        ("vargrad", {"noise": 200}, "noise is 200 percent"),
        ("integrated_gradients", {"baseline": "blak"}, "did you mean black"),
    ],
)
def test_bad_settings_are_named_with_a_remedy(name, options, words):
    with pytest.raises(InputError, match=words):
        run(name, single(), Options(**options))
