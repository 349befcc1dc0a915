"""Ways from one code to another."""

from __future__ import annotations

import torch
from torch import Tensor


def lerp(first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
    """The straight line: codes (1, ...) and shares (N,) -> (N, ...)."""
    t = shares.to(first).view(-1, *[1] * (first.ndim - 1))
    there: Tensor = first + t * (second - first)
    return there


def slerp(first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
    """Along the sphere: the angle turns evenly, and so does the norm grow (arXiv 1609.04468).

    Codes (1, ...) and shares (N,) -> (N, ...); the straight line where they are parallel or zero.
    """
    one, two = first.flatten(), second.flatten()
    norms = one.norm(), two.norm()
    if min(norms) < 1e-8:
        return lerp(first, second, shares)
    cosine = (one @ two / (norms[0] * norms[1])).clamp(-1, 1)
    angle = cosine.acos()
    if angle.sin() < 1e-4:
        return lerp(first, second, shares)
    t = shares.to(first)[:, None]
    units = one / norms[0], two / norms[1]
    turned = (((1 - t) * angle).sin() * units[0] + (t * angle).sin() * units[1]) / angle.sin()
    there: Tensor = turned * torch.lerp(norms[0], norms[1], t)
    return there.reshape(-1, *first.shape[1:])
