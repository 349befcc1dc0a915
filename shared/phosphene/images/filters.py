"""The Gaussian: its weights, a blur by it, its means inside a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian(offsets: Tensor, deviation: float) -> Tensor:
    """Weights of a Gaussian at the offsets (n,), summing to 1."""
    weights = torch.exp(-0.5 * (offsets / deviation) ** 2)
    return weights / weights.sum()


def separable(picture: Tensor, weights: Tensor) -> Tensor:
    """Weighted means of every whole window: (N, C, H, W) -> (N, C, H - n + 1, W - n + 1)."""
    groups = picture.shape[1]
    kernel = weights.expand(groups, 1, -1)
    rows = F.conv2d(picture, kernel[..., None, :], groups=groups)
    return F.conv2d(rows, kernel[..., :, None], groups=groups)


def blur(picture: Tensor, radius: float) -> Tensor:
    """Gaussian blur of standard deviation `radius` pixels, reflecting at the borders."""
    reach = min(max(1, round(3 * radius)), *(side - 1 for side in picture.shape[-2:]))
    offsets = torch.arange(-reach, reach + 1, device=picture.device, dtype=picture.dtype)
    padded = F.pad(picture, (reach, reach, reach, reach), mode="reflect")
    return separable(padded, gaussian(offsets, radius))
