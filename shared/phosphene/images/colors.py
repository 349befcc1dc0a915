"""Colors that stay: luminance apart from chrominance, and one picture in another's colors."""

from __future__ import annotations

import torch
from torch import Tensor

# The weights of ITU-R BT.601, which JPEG's YCbCr uses.
_LUMA = (0.299, 0.587, 0.114)


def luminance(picture: Tensor) -> Tensor:
    """RGB (N, 3, H, W) -> grey RGB of the same shape."""
    weights = picture.new_tensor(_LUMA).view(1, 3, 1, 1)
    return (picture * weights).sum(1, keepdim=True).expand_as(picture)


def recolor(picture: Tensor, source: Tensor) -> Tensor:
    """The luminance of one RGB picture with the chrominance of another of the same shape.

    Where the two together leave [0, 1] the luminance gives way: colors are what to keep.
    """
    chroma = source - luminance(source)
    low, high = (-chroma).amax(1, keepdim=True), 1 - chroma.amax(1, keepdim=True)
    return luminance(picture).clamp(low, high) + chroma


def match_colors(picture: Tensor, source: Tensor) -> Tensor:
    """`picture` (1, 3, H, W) with the mean and covariance of the colors of `source`, in [0, 1].

    The linear map that changes the colors least (Gatys et al., arXiv 1606.05897, section 5.1).
    """
    mean, root, inverse = _spread(picture)
    goal_mean, goal_root, _ = _spread(source)
    middle = _root(root @ goal_root @ goal_root @ root)
    change = inverse @ middle @ inverse
    flat = picture[0].flatten(1).double() - mean
    matched = change @ flat + goal_mean
    return matched.to(picture).view_as(picture).clamp(0, 1)


def match_luminance(picture: Tensor, source: Tensor) -> Tensor:
    """A grey picture with the mean and deviation of another's luminance, in [0, 1]."""
    spread = source.std() / picture.std().clamp(min=1e-3)
    return ((picture - picture.mean()) * spread + source.mean()).clamp(0, 1)


def _spread(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (3, 1) of the colors, the root of their covariance and its inverse, float64."""
    flat = picture[0].flatten(1).double()
    mean = flat.mean(1, keepdim=True)
    covariance = (flat - mean) @ (flat - mean).mT / flat.shape[1]
    root = _root(covariance + 1e-5 * torch.eye(3, dtype=flat.dtype, device=flat.device))
    return mean, root, torch.linalg.inv(root)


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.mT
    return root
