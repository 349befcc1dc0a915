"""Random transforms: seeded, differentiable, and what they say they are."""

from __future__ import annotations

import pytest
import torch

from phosphene.optimize import transforms


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


PICTURE = torch.rand((2, 3, 20, 30), generator=seeded(5))


def test_jitter_rolls_within_its_reach_and_loses_nothing():
    shifts = set()
    marked = torch.zeros(1, 1, 20, 20)
    marked[..., 10, 10] = 1
    generator = seeded()
    for _ in range(200):
        rolled = transforms.jitter(3)(marked, generator)
        assert rolled.sum() == 1
        y, x = rolled[0, 0].nonzero()[0].tolist()
        shifts.add((y - 10, x - 10))
    assert {abs(v) for shift in shifts for v in shift} == {0, 1, 2, 3}
    assert len(shifts) > 40


def test_scale_rotate_and_pad_change_the_shape_as_they_say():
    assert transforms.scale([1.5])(PICTURE, seeded()).shape == (2, 3, 30, 45)
    assert transforms.pad(4)(PICTURE, seeded()).shape == (2, 3, 28, 38)
    assert transforms.rotate([5])(PICTURE, seeded()).shape == PICTURE.shape


@pytest.mark.parametrize("shape", [(21, 21), (21, 41)])
def test_a_quarter_turn_is_a_turn_of_the_grid(shape):
    picture = torch.zeros(1, 1, *shape)
    height, width = shape
    picture[..., height // 2, width // 2 + 5] = 1  # right of the center
    turned = transforms.rotate([90])(picture, seeded())
    y, x = divmod(int(turned.flatten().argmax()), width)
    assert (abs(y - height // 2), x - width // 2) == (5, 0)
    assert turned.max() > 0.9


def test_no_turn_is_no_change():
    assert torch.equal(transforms.rotate([0])(PICTURE, seeded()), PICTURE)


def test_a_seed_repeats_the_mixture_and_gradients_pass():
    robust = transforms.robust(4)
    x = PICTURE.clone().requires_grad_()
    first = robust(x, seeded(3))
    assert torch.equal(first, robust(PICTURE, seeded(3)))
    assert first.shape != robust(PICTURE, seeded(4)).shape or not torch.equal(
        first, robust(PICTURE, seeded(4))
    )
    first.sum().backward()
    assert (x.grad != 0).float().mean() > 0.9


def test_randomness_comes_from_the_generator_alone():
    before = torch.random.get_rng_state()
    transforms.robust(4)(PICTURE, seeded())
    assert torch.equal(before, torch.random.get_rng_state())
