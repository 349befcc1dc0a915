"""Superpixels: patches of one color that follow the edges of things."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.errors import InputError

COMPACT = 0.15
"""A superpixel's width weighs as much as this difference of color."""


def superpixels(x: Tensor, count: int, rounds: int = 8) -> Tensor:
    """About `count` superpixels of a picture (1, 3, H, W) as labels 0, 1, ... (H, W), int64.

    SLIC (Achanta et al. 2012): k-means on color and place, begun on a grid; a pixel joins one of
    the nine centers around its own cell. Colors in [0, 1], places in widths of a superpixel.
    """
    height, width = x.shape[-2:]
    if not 2 <= count <= height * width:
        raise InputError(f"segments is {count}; choose 2 to {height * width}")
    step = (height * width / count) ** 0.5
    rows, columns = max(round(height / step), 1), max(round(width / step), 1)
    points = features(x, step)
    cells = torch.arange(rows * columns, device=x.device).view(rows, columns)
    down = torch.arange(height, device=x.device) * rows // height
    across = torch.arange(width, device=x.device) * columns // width
    labels = cells[down][:, across].flatten()
    padded = F.pad(cells[None, None].float(), (1, 1, 1, 1), mode="replicate").long()[0, 0]
    nine = padded.unfold(0, 3, 1).unfold(1, 3, 1).reshape(-1, 9)[labels]
    for _ in range(rounds):
        centers = means(points, labels, rows * columns)
        nearest = (points[:, None] - centers[nine]).square().sum(2).argmin(1, keepdim=True)
        labels = nine.gather(1, nearest)[:, 0]
    held = labels.bincount(minlength=rows * columns) > 0
    return (held.cumsum(0) - 1)[labels].view(height, width)


def features(x: Tensor, step: float) -> Tensor:
    """Color and place of every pixel (H * W, 5), so that distances are plain sums of squares."""
    height, width = x.shape[-2:]
    unit = COMPACT / step
    down, across = (torch.arange(side, device=x.device) * unit for side in (height, width))
    place = torch.stack(torch.meshgrid(down, across, indexing="ij")).flatten(1)
    return torch.cat([x[0].flatten(1), place]).T


def means(points: Tensor, labels: Tensor, count: int) -> Tensor:
    """The mean of the points (P, F) under each label (count, F); zeros where there is none."""
    total = points.new_zeros(count, points.shape[1]).index_add_(0, labels, points)
    return total / labels.bincount(minlength=count).clamp(min=1)[:, None]
