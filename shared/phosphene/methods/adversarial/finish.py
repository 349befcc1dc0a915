"""From a picture in real numbers to one in 8 bits that still fools."""

from __future__ import annotations

import torch
from torch import Tensor

from phosphene.device import device_lock
from phosphene.methods.adversarial.goals import Goal, margin
from phosphene.methods.adversarial.norms import LEVELS, to_grid

ROUNDS = 40


def in_levels(goal: Goal, picture: Tensor, rounds: int = ROUNDS) -> Tensor:
    """The picture (1, 3, H, W) in whole gray levels, mended where rounding undid the attack.

    Rounding takes the smallest changes away. Where the goal is lost by it, the pixels that the
    margin depends on most are moved by one level, more of them each round, until it is reached.
    """
    rounded = to_grid(picture)
    share = 0.002
    for _ in range(rounds):
        slope, hit = _slope(goal, rounded)
        if hit:
            break
        count = max(int(share * slope.numel()), 1)
        strongest = slope.abs().flatten().topk(count)
        change = torch.zeros(slope.numel(), device=slope.device)
        change[strongest.indices] = -slope.flatten()[strongest.indices].sign()
        rounded = to_grid(rounded + change.view_as(rounded) / LEVELS)
        share = min(share * 1.2, 1.0)
    return rounded


def _slope(goal: Goal, picture: Tensor) -> tuple[Tensor, bool]:
    """The margin's gradient, and whether the picture has reached the goal."""
    with device_lock(picture.device):
        x = picture.detach().requires_grad_()
        logits = goal.logits(x)
        hit = bool(goal.fooled(logits.detach())[0].all())
        if hit:
            return torch.zeros_like(picture), True
        gap = margin(logits.mean((0, 1)), goal.labels, goal.targeted).sum()
        return torch.autograd.grad(gap, x)[0], False
