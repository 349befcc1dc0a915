"""What is done to a gradient before a step: the frequencies even, the colors calm, the rest kept.

The gradient of a deep layer is full of high-frequency and colored noise that no viewer wants.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.images.colors import luminance
from phosphene.images.filters import blur

_BANDS = (0.2, 0.7, 1.0, 0.5, 0.1)
"""Shares of a gradient's octaves of frequency from fine to coarse, chosen by looking: the
finest is mostly noise, the coarsest changes the light of the whole picture."""


class Conditioner:
    """Gradient (N, 3, H, W) -> direction of mean absolute value 1 that draws instead of noise.

    Octaves of frequency are brought to one size (the Laplacian normalization of TensorFlow's
    DeepDream tutorial) and weighted, chrominance is blurred and reduced to `color`, and a
    running mean over steps (`momentum`) keeps what every jitter agrees on. `where`
    (N or 1, 1, H, W), from 0 to 1, scales the step at each pixel.
    """

    def __init__(
        self,
        *,
        smooth: float = 1.0,
        color: float = 0.25,
        momentum: float = 0.8,
        where: Tensor | None = None,
    ) -> None:
        self.shares = [share**smooth for share in _BANDS[:2]] + list(_BANDS[2:])
        self.color, self.momentum, self.where = color, momentum, where
        self.mean: Tensor | None = None

    @torch.no_grad()
    def __call__(self, gradient: Tensor) -> Tensor:
        """The direction; call it once per step, in order."""
        even = l1_normalized(reduce_chroma(equalized(gradient, self.shares), self.color))
        self.mean = even if self.mean is None else self.mean.lerp(even, 1 - self.momentum)
        direction = l1_normalized(self.mean)
        return direction if self.where is None else direction * self.where


def equalized(gradient: Tensor, shares: list[float]) -> Tensor:
    """Every octave of a Laplacian pyramid divided by its root mean square, times its share."""
    bands: list[Tensor] = []
    for _ in shares[:-1]:
        if min(gradient.shape[-2:]) < 16:
            break
        coarse = F.avg_pool2d(gradient, 2)
        bands.append(gradient - _upsampled(coarse, gradient))
        gradient = coarse
    bands.append(gradient)
    result = torch.zeros_like(bands[-1])
    for band, share in zip(reversed(bands), reversed(shares[: len(bands)]), strict=True):
        size = band.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-12
        result = _upsampled(result, band) + band / size * share
    return result


def reduce_chroma(gradient: Tensor, color: float, radius: float = 2.0) -> Tensor:
    """Chrominance blurred by `radius` pixels and scaled by `color`; luminance as it is."""
    light = luminance(gradient)
    return light + color * blur(gradient - light, radius)


def l1_normalized(gradient: Tensor) -> Tensor:
    """Each picture's gradient divided by its mean absolute value."""
    return gradient / (gradient.abs().mean((1, 2, 3), keepdim=True) + 1e-12)


def contrast_mask(picture: Tensor, radius: float = 10.0) -> Tensor:
    """Where a picture (1, 3, H, W) has detail: local contrast over its mean, at most 1."""
    light = luminance(picture)[:, :1]
    contrast = blur((light - blur(light, 0.6 * radius)).square(), radius).clamp(min=0).sqrt()
    return (contrast / (contrast.mean() + 1e-6)).clamp(max=1)


def _upsampled(coarse: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(coarse, like.shape[-2:], mode="bilinear", align_corners=False)
