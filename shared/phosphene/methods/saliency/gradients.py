"""Attributions from gradients with respect to the picture."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options


def slope(case: Case, x: Tensor) -> Tensor:
    """The gradient of each picture's own score (N, 3, H, W), in pixel space [0, 1]."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(case.score(x).sum(), x)
    return gradient


def gradient(case: Case, options: Options) -> Iterator[Estimate]:
    """How the score changes with each pixel (arXiv 1312.6034)."""
    yield Estimate(slope(case, case.x))


ATTRIBUTIONS = {
    "gradient": Attribution(
        gradient,
        "Gradient",
        signed=False,
        passes=2,
        about="How much the score changes if a pixel changes a little.",
        caution="Noisy: it says where the network is sensitive, not what it has seen.",
        paper="1312.6034",
    ),
}
