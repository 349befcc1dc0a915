"""Occlusion equals Captum's and finds the animal that is asked about."""

from __future__ import annotations

import pytest
import torch
from captum.attr import Occlusion

from phosphene import InputError
from phosphene.methods.saliency.baselines import BASELINES, baseline
from phosphene.methods.saliency.estimates import Options, batch_size
from phosphene.methods.saliency.occlusion import occlusion, windows
from tests.methods.saliency.pairs import LEFT, RIGHT, case, rightness


def last(case, **settings):
    *_, estimate = occlusion(case, Options(**settings))
    return estimate


@pytest.mark.parametrize(("window", "stride"), [(32, 16), (30, 20)])
@pytest.mark.parametrize("target", [LEFT, RIGHT])
def test_occlusion_is_captums(target, window, stride):
    asked = case(target)
    ours = last(asked, window=window, stride=stride, baseline="gray").values
    with torch.no_grad():
        theirs = Occlusion(asked.score).attribute(
            asked.x,
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            baselines=0.5,
            perturbations_per_eval=8,
        )
    assert torch.allclose(ours, theirs[:, :1], atol=1e-4 * float(theirs.abs().max()))


def test_evidence_moves_with_the_target():
    maps = [last(case(target), window=40, stride=20).values for target in (LEFT, RIGHT)]
    assert rightness(maps[0]) < 0.4
    assert rightness(maps[1]) > 0.6


def test_a_class_against_another_is_the_difference_of_both():
    maps = [last(case(*pair), window=40, stride=40).values for pair in ((LEFT,), (RIGHT,))]
    both = last(case(LEFT, RIGHT), window=40, stride=40).values
    assert torch.allclose(both, maps[0] - maps[1], atol=1e-4)


def test_the_map_grows_while_the_patch_slides():
    asked = case()
    estimates = list(occlusion(asked, Options(window=32, stride=32, memory=1)))
    assert [e.done for e in estimates] == list(range(1, estimates[0].of + 1))
    first = estimates[0]
    assert not first.values[..., 32:, :].any()
    changed = (first.shown != asked.x).any(1)[0]
    assert changed[:32, :32].all()
    assert not changed[32:].any()


def test_memory_bounds_a_batch():
    asked = case()
    assert batch_size(asked, Options(memory=1)) == 1
    assert batch_size(asked, Options()) > batch_size(asked, Options(memory=2**25))


def test_interleaved_runs_are_the_same_as_runs_alone():
    alone = [last(case(target), window=40, stride=40).values for target in (LEFT, RIGHT)]
    runs = [occlusion(case(t), Options(window=40, stride=40, memory=2**26)) for t in (LEFT, RIGHT)]
    ends = [None, None]
    for pair in zip(*runs, strict=True):
        ends = [estimate.values for estimate in pair]
    for one, other in zip(alone, ends, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"window": 100}, "window is 100 pixels but the picture 160×80; choose 1 to 80"),
        ({"window": 0}, "window is 0"),
        ({"window": 16, "stride": 20}, "stride is 20 pixels, which leaves gaps"),
        ({"baseline": "pink"}, "unknown baseline 'pink'"),
    ],
)
def test_what_cannot_slide_is_said(settings, words):
    with pytest.raises(InputError, match=words):
        next(occlusion(case(), Options(**settings)))


def test_windows_cover_every_pixel():
    places = windows(case(), Options(window=30, stride=25))
    assert max(top for top, _ in places) + 30 >= 80
    assert max(left for _, left in places) + 30 >= 160


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_pictures_of_the_same_size(name):
    asked = case()
    picture = baseline(asked, name, Options().generator())
    assert picture.shape == asked.x.shape
    assert 0 <= picture.min() <= picture.max() <= 1
    if name == "mean":
        assert asked.network.normalize(picture).abs().max() < 1e-5
    if name == "blur":
        assert picture.diff(dim=-1).abs().mean() < 0.3 * asked.x.diff(dim=-1).abs().mean()
