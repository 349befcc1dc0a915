"""Projections are exact: nothing leaves the ball or [0, 1], and nothing nearer is there."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phosphene.methods.adversarial.norms import (
    LEVELS,
    Ball,
    most,
    project,
    random_start,
    size,
    to_grid,
    to_levels,
)

balls = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**31 - 1),
        "radius": st.floats(1e-3, 3),
        "spread": st.floats(1e-3, 5),
        "norm": st.sampled_from(["linf", "l2"]),
        "count": st.integers(1, 3),
    }
)


def drawn(seed, spread, count, side=5):
    """An 8-bit original with black and white in it, and a picture anywhere around it."""
    generator = torch.Generator().manual_seed(seed)
    original = torch.randint(-40, 296, (count, 3, side, side), generator=generator)
    original = original.clamp(0, 255) / 255
    return original, original + spread * torch.randn(original.shape, generator=generator)


@settings(max_examples=150, deadline=None)
@given(balls)
def test_a_projection_is_in_the_ball_and_in_the_cube(ball):
    original, picture = drawn(ball["seed"], ball["spread"], ball["count"])
    inside = project(picture, original, ball["radius"], ball["norm"])
    assert inside.min() >= 0
    assert inside.max() <= 1
    assert (size(inside - original, ball["norm"]) <= ball["radius"] * (1 + 1e-5) + 1e-7).all()


@settings(max_examples=100, deadline=None)
@given(balls)
def test_no_other_picture_of_both_is_nearer(ball):
    """For a convex set: the way on from the projection makes no acute angle with any way inside."""
    original, picture = drawn(ball["seed"], ball["spread"], ball["count"])
    inside = project(picture, original, ball["radius"], ball["norm"]).double()
    generator = torch.Generator().manual_seed(ball["seed"])
    beyond = picture.double() - inside
    scale = 1e-5 * (1 + beyond.flatten(1).norm(dim=1)) * (1 + ball["radius"])
    for _ in range(5):
        other = random_start(original, ball["radius"], ball["norm"], generator).double()
        angle = (beyond * (other - inside)).flatten(1).sum(1)
        assert (angle <= scale).all()


@settings(max_examples=100, deadline=None)
@given(balls)
def test_projecting_again_changes_nothing(ball):
    original, picture = drawn(ball["seed"], ball["spread"], ball["count"])
    once = project(picture, original, ball["radius"], ball["norm"])
    twice = project(once, original, ball["radius"], ball["norm"])
    assert torch.allclose(once, twice, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(balls)
def test_whole_gray_levels_stay_in_the_ball(ball):
    original, picture = drawn(ball["seed"], ball["spread"], ball["count"])
    inside = project(picture, original, ball["radius"], ball["norm"])
    levels = to_levels(inside, original, ball["radius"], ball["norm"])
    assert torch.equal(levels, to_grid(levels))
    limit = most(ball["radius"]) / LEVELS if ball["norm"] == "linf" else ball["radius"]
    assert (size(levels - original, ball["norm"]) <= limit * (1 + 1e-5) + 1e-6).all()


@pytest.mark.parametrize(("levels", "whole"), [(0.5, 0), (1, 1), (3.99, 3), (4, 4), (255, 255)])
def test_a_radius_holds_as_many_whole_levels_as_it_says(levels, whole):
    assert most(levels / LEVELS) == whole


def test_small_steps_add_up_under_rounding():
    original = torch.full((1, 3, 4, 4), 0.2).mul(255).round() / 255
    canvas = Ball(original, 4 / 255, "linf", levels=True)
    with torch.no_grad():
        canvas.pixels += 0.3 / 255
    assert torch.equal(canvas(), original)
    with torch.no_grad():
        canvas.pixels += 0.3 / 255
    assert torch.allclose(canvas() - original, torch.tensor(1 / 255))
    canvas().sum().backward()
    assert torch.equal(canvas.pixels.grad, torch.ones_like(original))
