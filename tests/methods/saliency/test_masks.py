"""RISE equals a plain loop, Score-CAM equals grad-cam's, and both look at what is asked about."""

from __future__ import annotations

import pytest
import torch
from pytorch_grad_cam import ScoreCAM
from torch import nn

from phosphene import InputError
from phosphene.methods.saliency.cams import places
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.masks import random_masks, rise, score_cam
from tests.methods.saliency.pairs import LEFT, RIGHT, case, rightness


def last(method, case, **settings):
    *_, estimate = method(case, Options(**settings))
    return estimate.values


@pytest.mark.parametrize("settings", [{}, {"cells": 5, "keep": 0.3, "seed": 2}])
def test_rise_is_its_formula(settings):
    asked, count = case(), 20
    options = Options(samples=count, **settings)
    masks = random_masks(asked.x, count, options)(slice(0, count))
    normal, index = asked.network.normalize(asked.x), asked.network.find_class(LEFT)
    total = torch.zeros(asked.x.shape[-2:], dtype=torch.float64)
    for mask in masks:
        with torch.no_grad():
            logits = asked.network.body(normal * mask[None])
        total += float(logits.softmax(-1)[0, index]) * mask[0].double()
    expected = (total / (count * options.keep)).float()
    ours = last(rise, asked, samples=count, **settings)[0, 0]
    assert torch.allclose(ours, expected, atol=1e-4 * float(expected.max()))


def test_random_masks_keep_their_share_and_do_not_depend_on_the_batches():
    x, options = case().x, Options(cells=6, keep=0.3)
    masks = random_masks(x, 400, options)
    whole = masks(slice(0, 400))
    assert whole.shape == (400, 1, 80, 160)
    assert 0 <= whole.min() <= whole.max() <= 1
    assert float(whole.mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(whole[7:9], random_masks(x, 400, options)(slice(7, 9)))


class Whole(nn.Module):
    """A network as grad-cam wants it: one with a layer of its own to hook."""

    def __init__(self, asked, layer):
        super().__init__()
        self.asked, self.layer = asked, layer
        self.network, self.target = asked.network, nn.Identity()

    def forward(self, normal):
        network = self.network
        x = normal * network.std + network.mean
        acts = network.acts(x, [self.layer, *self.asked.layers])
        self.target(acts[self.layer].float())
        return acts["logits"].float()


@pytest.mark.parametrize("target", [LEFT, RIGHT])
def test_score_cam_is_grad_cams(target, monkeypatch):
    # Its masks are enlarged from corner to corner, which moves them away from what they stand for.
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", lambda size: nn.Upsample(size, mode="bilinear"))
    asked = case(target, side=64)
    layer = "blocks.4"
    model = Whole(asked, layer)
    index = asked.network.find_class(target)
    normal = (asked.x - asked.network.mean) / asked.network.std
    cam = ScoreCAM(model=model, target_layers=[model.target])
    cam.batch_size = 8
    theirs = torch.from_numpy(cam(normal, [lambda output: output[..., index]]))[0]
    # It scales its map to [0, 1] and resizes it with OpenCV, which rounds otherwise.
    ours = last(score_cam, asked, layer=layer, samples=10**4)[0, 0]
    ours = (ours - ours.min()) / (ours.max() - ours.min())
    assert (ours - theirs).abs().max() < 5e-3


@pytest.mark.parametrize(("method", "samples"), [(rise, 160), (score_cam, 48)])
def test_evidence_moves_with_the_target(method, samples):
    maps = [last(method, case(target, side=64), samples=samples) for target in (LEFT, RIGHT)]
    left, right = (rightness(values - values.mean()) for values in maps)
    assert left < 0.5 < right
    assert right - left > 0.2


def test_samples_are_channels_and_no_more_than_there_are():
    asked = case(side=64)
    few, many = ([*score_cam(asked, Options(samples=n, layer="blocks.3"))] for n in (24, 10**4))
    assert (few[0].of, many[0].of) == (24, asked.network.tap("blocks.3").channels)
    deepest = (
        next(score_cam(asked, Options(samples=8))),
        next(score_cam(asked, Options(samples=8, layer=places(asked, Options())))),
    )
    assert torch.equal(deepest[0].values, deepest[1].values)


def test_interleaved_runs_and_one_closed_midway_change_nothing():
    options = Options(samples=24)
    alone = last(rise, case(), samples=24)
    one, other, gone = (rise(case(), options), score_cam(case(), options), rise(case(), options))
    next(gone)
    ours = [estimate.values for estimate, _ in zip(one, other, strict=True)]
    gone.close()
    assert torch.allclose(ours[-1], alone, atol=1e-5)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keep": 0.0}, "keep is 0; choose"),
        ({"keep": 1.0}, "keep is 1"),
        ({"cells": 0}, "cells is 0"),
    ],
)
def test_masks_of_all_or_nothing_are_said(settings, words):
    with pytest.raises(InputError, match=words):
        next(rise(case(), Options(**settings)))


def test_score_cam_needs_a_layer_with_places():
    with pytest.raises(InputError, match="no places"):
        next(score_cam(case(), Options(layer="logits")))
