"""Statistics of a style: against plain float64, their gradients, their mixtures."""

from __future__ import annotations

import pytest
import torch

from phosphene.methods.style_transfer.statistics import (
    KINDS,
    as_target,
    averaged,
    blend,
    distance,
    soften,
    sums,
)


def features(seed=0, channels=6, height=9, width=11):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, channels, height, width), generator=generator, dtype=torch.float64)


def measure(kind, features, mask=None):
    return averaged(sums(kind, features, mask))


def test_gram_moments_and_wasserstein_against_plain_float64():
    ours, theirs = features(0), features(1)
    x, y = ours[0].flatten(1), theirs[0].flatten(1)
    distances = {
        kind: distance(
            kind, measure(kind, ours.float()), as_target(kind, measure(kind, theirs.float()))
        )
        for kind in KINDS
    }
    gram_x, gram_y = (torch.einsum("cp,dp->cd", z, z) / 99 for z in (x, y))
    expected = (gram_x - gram_y).square().sum() / gram_y.square().sum()
    assert distances["gram"].item() == pytest.approx(expected.item(), rel=1e-4)

    shift = (x.mean(1) - y.mean(1)).square().sum()
    change = (x.var(1, correction=0) + 1e-4).sqrt() - (y.var(1, correction=0) + 1e-4).sqrt()
    expected = (shift + change.square().sum()) / y.square().mean(1).sum()
    assert distances["moments"].item() == pytest.approx(expected.item(), rel=1e-3)

    # Bures: tr(A + B - 2 (A^1/2 B A^1/2)^1/2), the roots by eigenvalues of the product AB.
    a, b = torch.cov(x, correction=0), torch.cov(y, correction=0)
    cross = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()
    expected = (shift + a.trace() + b.trace() - 2 * cross) / gram_y.trace()
    assert distances["wasserstein"].item() == pytest.approx(expected.item(), rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_style_is_at_no_distance_from_itself(kind):
    maps = features().float()
    moments = measure(kind, maps)
    assert abs(distance(kind, moments, as_target(kind, moments)).item()) < 1e-3


def test_a_blend_is_the_mixture_of_the_positions():
    parts = [features(0), features(1)]
    mixed = blend([measure("gram", part) for part in parts], [1.0, 1.0])
    both = measure("gram", torch.cat(parts, dim=3))
    assert torch.allclose(mixed["moment"], both["moment"])


def test_a_mask_measures_inside_only():
    maps = features()
    mask = torch.zeros(1, 1, 9, 11, dtype=torch.float64)
    mask[..., :5] = 1
    inside = measure("gram", maps[..., :5])["moment"]
    assert torch.allclose(measure("gram", maps, mask)["moment"], inside, rtol=1e-5)


@pytest.mark.parametrize("kind", ["gram", "wasserstein"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_that_of_both_factors_of_a_moment(kind, masked):
    torch.manual_seed(3)
    x = torch.rand(1, 6, 9, 7, requires_grad=True)
    mask = torch.rand(1, 1, 9, 7) if masked else None
    target = as_target(kind, measure(kind, torch.rand(1, 6, 9, 7)))
    (slope,) = torch.autograd.grad(distance(kind, measure(kind, x, mask), target), x)

    shares = torch.ones(9, 7) if mask is None else mask[0, 0]
    rows, shares = x[0].flatten(1), shares.flatten() / shares.sum()
    plain = {
        "mean": (rows * shares).sum(1),
        "moment": torch.einsum("ip,jp,p->ij", rows, rows, shares),
    }
    (true,) = torch.autograd.grad(distance(kind, plain, target), x)
    assert (slope - true).norm() < 1e-4 * true.norm()


def test_softening_levels_peaks_and_keeps_their_order():
    maps = torch.tensor([0.0, 1.0, 6.0]).view(1, 3, 1, 1)
    soft = soften(maps).flatten()
    assert soft[0] < soft[1] < soft[2] < 8 * soft[0]
    assert soft.mean().item() == pytest.approx(1)
