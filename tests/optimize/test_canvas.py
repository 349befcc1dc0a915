"""Canvases render RGB in [0, 1] at any size, from noise or from a picture."""

from __future__ import annotations

import pytest
import torch

from phosphene.images.filters import blur
from phosphene.optimize.canvas import Fourier, Pixels, color_correlation, noise


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 30), (30, 17), (64, 33)])
def test_fourier_renders_any_size_in_range(height, width):
    canvas = Fourier(height, width, batch=2, generator=seeded())
    picture = canvas()
    assert picture.shape == (2, 3, height, width)
    assert 0 < picture.min() < picture.max() < 1
    assert not torch.equal(picture[0], picture[1])


def test_fourier_from_a_picture_renders_that_picture():
    start = noise(20, 27, spread=0.15, smooth=1.0, generator=seeded())
    assert (Fourier(20, 27, start=start)() - start).abs().max() < 1e-4


def test_fourier_noise_is_natural_low_frequencies_carry_most():
    picture = Fourier(64, 64, generator=seeded(), spread=0.1)()
    power = torch.fft.rfft2(picture - picture.mean((-2, -1), keepdim=True)).abs().mean((0, 1))
    assert power[1:4, 1:4].mean() > 5 * power[20:30, 20:30].mean()


def test_a_gray_change_is_the_first_decorrelated_color():
    """The first axis of natural colors is brightness: all three channels move together."""
    brightness = color_correlation()[:, 0]
    assert (brightness > 0).all()
    assert brightness.max() < 1.1 * brightness.min()


def test_a_seed_repeats_a_canvas_and_another_does_not():
    first, again, other = (Fourier(9, 9, generator=seeded(s))() for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_pixels_copy_their_start_and_project_into_range():
    start = torch.rand((1, 3, 8, 8), generator=seeded())
    canvas = Pixels(start)
    with torch.no_grad():
        canvas.pixels.add_(2)
    canvas.project()
    assert canvas().max() == canvas().min() == 1
    assert start.max() < 1


def test_blur_keeps_the_mean_and_flat_pictures():
    flat = torch.full((1, 3, 12, 12), 0.3)
    assert torch.allclose(blur(flat, 2.0), flat, atol=1e-6)
    spike = torch.zeros(1, 3, 41, 41)
    spike[..., 20, 20] = 1
    blurred = blur(spike, 2.0)
    assert blurred.sum().item() == pytest.approx(3, rel=1e-4)
    offsets = torch.arange(41.0) - 20
    spread = (blurred[0, 0].sum(0) * offsets**2).sum().sqrt()
    assert spread.item() == pytest.approx(2.0, rel=0.02)
