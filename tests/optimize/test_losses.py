"""Losses against their definitions in float64."""

from __future__ import annotations

import pytest
import torch

from phosphene.optimize import losses


def features(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_gram_is_the_mean_outer_product_over_positions():
    maps = features(2, 5, 4, 7)
    expected = torch.einsum("nchw,ndhw->ncd", maps, maps) / 28
    assert torch.allclose(losses.gram(maps).double(), expected, atol=1e-6)


def test_the_gradient_of_norm_is_the_activation():
    maps = features(1, 3, 4, 5).requires_grad_()
    losses.norm(maps).backward()
    assert torch.allclose(maps.grad, -maps.detach() / maps.numel(), atol=1e-8)


def test_channel_and_neuron_pick_what_they_say():
    maps = torch.zeros(1, 4, 5, 5)
    maps[0, 2] = 3
    maps[0, 1, 2, 2] = 7
    assert losses.channel(maps, 2) == -3
    assert losses.neuron(maps, 1) == -7
    assert losses.channel(torch.tensor([[1.0, 2.0]]), 1) == -2


def test_content_is_zero_for_itself_and_one_for_nothing():
    target = features(1, 3, 4, 4)
    assert losses.content(target, target) == 0
    assert losses.content(torch.zeros_like(target), target).item() == pytest.approx(1)


def test_total_variation_of_a_ramp_and_of_nothing():
    ramp = torch.arange(6.0).expand(1, 1, 6, 6)
    assert losses.tv(ramp).item() == 1
    assert losses.tv(2 * ramp, beta=1).item() == pytest.approx(2, rel=1e-4)
    flat = torch.full((1, 1, 6, 6), 0.5, requires_grad=True)
    losses.tv(flat, beta=1).backward()
    assert torch.isfinite(flat.grad).all()


def test_priors_prefer_gray():
    gray, white = torch.full((1, 3, 4, 4), 0.5), torch.ones(1, 3, 4, 4)
    for prior in (losses.l2, losses.alpha_norm):
        assert prior(gray) == 0
        assert prior(white) > 0
