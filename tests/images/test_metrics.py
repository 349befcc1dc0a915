"""PSNR and SSIM: known values, and what they must not depend on."""

from __future__ import annotations

import pytest
import torch

from phosphene.images.metrics import psnr, ssim


def picture(seed=0):
    return torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(seed))


def test_psnr_of_a_known_error():
    x = torch.full((1, 3, 16, 16), 0.5)
    assert psnr(x + 0.1, x) == pytest.approx(20, abs=1e-4)
    assert psnr(x + 0.01, x) == pytest.approx(40, abs=1e-3)
    assert psnr(x, x) == 100


def test_ssim_is_one_for_the_same_picture_and_low_for_another():
    assert ssim(picture(), picture()) == pytest.approx(1)
    assert abs(ssim(picture(0), picture(1))) < 0.1
    assert ssim(picture(0), picture(1)) == pytest.approx(ssim(picture(1), picture(0)))


def test_ssim_of_two_flat_pictures_is_their_brightness_alone():
    x, y = torch.full((1, 3, 20, 20), 0.4), torch.full((1, 3, 20, 20), 0.8)
    light = 0.01**2
    expected = (2 * 0.4 * 0.8 + light) / (0.4**2 + 0.8**2 + light)
    assert ssim(x, y) == pytest.approx(expected, abs=1e-6)


def test_ssim_forgives_brightness_more_than_noise_of_the_same_psnr():
    x = picture() * 0.5 + 0.2
    noise = 0.1 * torch.sign(torch.randn(x.shape, generator=torch.Generator().manual_seed(2)))
    assert psnr(x + 0.1, x) == pytest.approx(psnr(x + noise, x), abs=0.01)
    assert ssim(x + 0.1, x) > ssim(x + noise, x) + 0.02


def test_a_picture_smaller_than_the_window_has_a_measure():
    assert ssim(picture()[..., :8, :8], picture()[..., :8, :8]) == pytest.approx(1)
