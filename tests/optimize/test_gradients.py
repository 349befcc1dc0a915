"""What is done to a gradient before a step."""

from __future__ import annotations

import pytest
import torch

from phosphene.optimize.gradients import (
    Conditioner,
    contrast_mask,
    equalized,
    l1_normalized,
    reduce_chroma,
)


def test_every_frequency_band_of_a_gradient_gets_its_share():
    rows = torch.arange(64)
    coarse = torch.sin(rows / 64 * 6.28 * 2)[None, None, None].expand(1, 3, 64, 64)
    fine = 0.01 * torch.sin(rows / 64 * 6.28 * 16)[None, None, None].expand(1, 3, 64, 64)
    even = equalized(coarse + fine, [1.0] * 5)
    power = torch.fft.rfft(even[0, 0, 32]).abs()
    assert 0.05 < power[16] / power[2] < 10


def test_a_conditioned_gradient_has_unit_size_and_keeps_out_of_where():
    generator = torch.Generator().manual_seed(0)
    where = torch.ones(1, 1, 32, 32)
    where[..., :16] = 0
    direction = Conditioner(where=where)(torch.randn(1, 3, 32, 32, generator=generator))
    assert direction[..., :16].abs().max() == 0
    assert l1_normalized(direction).abs().mean() == pytest.approx(1, rel=1e-4)


def test_a_flat_region_is_masked():
    x = torch.full((1, 3, 64, 64), 0.5)
    x[..., 32:] = torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    where = contrast_mask(x)
    assert where[..., 48:].mean() > 0.9
    assert where[..., :8].mean() < 0.2


def test_reduced_chroma_keeps_the_light_of_a_gradient():
    gradient = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    gray = reduce_chroma(gradient, 0.0)
    assert (gray - gray.mean(1, keepdim=True)).abs().max() < 1e-5
    less, more = (reduce_chroma(gradient, color) - gray for color in (0.25, 0.5))
    assert torch.allclose(2 * less, more, atol=1e-5)
