"""Losses: functions of activations (N, C, H, W) or of pictures, each a scalar to minimize."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Loss: TypeAlias = Callable[[Tensor], dict[str, Tensor]]
"""Pictures (N, 3, H, W) -> weighted terms by name, each a scalar to minimize."""


def gram(features: Tensor) -> Tensor:
    """Which channels fire together: (N, C, H, W) -> (N, C, C), averaged over positions.

    Gatys et al., A Neural Algorithm of Artistic Style, arXiv 1508.06576.
    """
    rows = features.flatten(2)
    return (rows @ rows.mT).float() / rows.shape[-1]


def norm(features: Tensor) -> Tensor:
    """Minus half the mean square: descending it makes everything that fires fire more.

    DeepDream's objective (Mordvintsev et al. 2015): its gradient is the activation itself.
    """
    return -0.5 * features.float().square().mean()


def channel(features: Tensor, index: int | Tensor) -> Tensor:
    """Minus the mean activation of one channel (or several) over all positions.

    Of logits (N, classes) the score of a class before the softmax (arXiv 1312.6034).
    """
    return -features[:, index].float().mean()


def neuron(features: Tensor, index: int) -> Tensor:
    """Minus the activation of one channel at the center of the map."""
    height, width = features.shape[-2:]
    return -features[:, index, height // 2, width // 2].float().mean()


def content(features: Tensor, target: Tensor) -> Tensor:
    """Squared distance to `target` over the target's own square (arXiv 1412.0035)."""
    difference = features.float() - target.float()
    return difference.square().mean() / target.float().square().mean().clamp(min=1e-12)


def tv(picture: Tensor, beta: float = 2.0) -> Tensor:
    """Total variation: mean of (dx^2 + dy^2)^(beta/2) (arXiv 1412.0035, eq. 4)."""
    dx = picture[..., :-1, 1:] - picture[..., :-1, :-1]
    dy = picture[..., 1:, :-1] - picture[..., :-1, :-1]
    square = dx.square() + dy.square()
    if beta == 2:
        return square.mean()
    # The small constant keeps the gradient finite where the picture is flat.
    return (square + 1e-8).pow(beta / 2).mean()


def alpha_norm(picture: Tensor, alpha: float = 6.0) -> Tensor:
    """Mean of |x - 1/2|^alpha: keeps pixels away from black and white (arXiv 1412.0035)."""
    return (picture - 0.5).abs().pow(alpha).mean()


def l2(picture: Tensor) -> Tensor:
    """Mean squared distance from gray: weight decay of Simonyan et al., arXiv 1312.6034."""
    return (picture - 0.5).square().mean()


def alike(features: Tensor) -> Tensor:
    """Mean cosine of the Gram matrices of every two pictures of a batch (N, C, H, W), N > 1.

    The diversity term of Feature Visualization (Distill 2017): low means different pictures.
    """
    grams = torch.nn.functional.normalize(gram(features).flatten(1), dim=1)
    count = grams.shape[0]
    cosines: Tensor = grams @ grams.T
    return (cosines.sum() - cosines.diagonal().sum()) / (count * (count - 1))


def total(terms: dict[str, Tensor]) -> Tensor:
    """The sum of a loss's terms."""
    return torch.stack([term.float() for term in terms.values()]).sum()
