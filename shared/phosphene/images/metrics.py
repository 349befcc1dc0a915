"""How alike two pictures are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from phosphene.images.filters import gaussian, separable

WINDOW, SIGMA = 11, 1.5


@torch.no_grad()
def psnr(picture: Tensor, original: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures (N, 3, H, W) in [0, 1], at most 100."""
    error = float((picture.float() - original.float()).square().mean())
    return 10 * math.log10(1 / max(error, 1e-10))


@torch.no_grad()
def ssim(picture: Tensor, original: Tensor) -> float:
    """Structural similarity (Wang et al. 2004) of pictures (N, 3, H, W) in [0, 1].

    Gaussian windows of 11 pixels, standard deviation 1.5, inside the picture; mean over colors.
    """
    x, y = picture.double(), original.double()
    mean_x, mean_y = _window(x), _window(y)
    var_x = _window(x * x) - mean_x**2
    var_y = _window(y * y) - mean_y**2
    covariance = _window(x * y) - mean_x * mean_y
    light, contrast = 0.01**2, 0.03**2
    alike = (2 * mean_x * mean_y + light) / (mean_x**2 + mean_y**2 + light)
    structure = (2 * covariance + contrast) / (var_x + var_y + contrast)
    return float((alike * structure).mean())


def _window(x: Tensor) -> Tensor:
    """Gaussian means of every whole window; a picture smaller than one takes a smaller window."""
    size = min(WINDOW, *x.shape[-2:])
    offsets = torch.arange(size, dtype=x.dtype, device=x.device) - (size - 1) / 2
    return separable(x, gaussian(offsets, SIGMA))
