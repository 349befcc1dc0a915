"""What stands where nothing is to be seen: pictures without the evidence."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from phosphene.errors import unknown
from phosphene.images.filters import blur
from phosphene.methods.saliency.case import Case

BASELINES = ("black", "gray", "mean", "blur", "noise")
BLURRED = 1 / 20
"""The blur's standard deviation as a share of the longer side: 11 pixels of 224."""


def baseline(case: Case, name: str, generator: Generator | None = None) -> Tensor:
    """A picture (1, 3, H, W) in [0, 1] of the case's size that stands for nothing.

    `mean` is the color that the network's normalization takes to 0, `blur` the picture itself
    without its details, `noise` uniform and drawn by `generator`.
    """
    x = case.x
    if name == "blur":
        return blur(x, BLURRED * max(x.shape[-2:])).clamp(0, 1)
    if name == "noise":
        return torch.rand(x.shape, generator=generator).to(x)
    colors: dict[str, Tensor | float] = {"black": 0.0, "gray": 0.5, "mean": case.network.mean}
    if name not in colors:
        raise unknown("baseline", name, BASELINES)
    return torch.zeros_like(x) + colors[name]
