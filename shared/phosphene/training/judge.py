"""An independent judge of faces: a small classifier that only ever saw drawn pictures."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

STEPS, BATCH, RATE = 900, 64, 3e-3


class Judge(nn.Module):
    """Pictures (N, 3, 64, 64) in [0, 1] to their attributes (N, A), from -1 to 1."""

    def __init__(self, count: int) -> None:
        """The layers, with random weights."""
        super().__init__()
        widths = (3, 24, 48, 96, 128)
        layers: list[nn.Module] = []
        for thin, wide in pairwise(widths):
            layers += [nn.Conv2d(thin, wide, 3, 2, 1), nn.BatchNorm2d(wide), nn.ReLU()]
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(128 * 16, 128), nn.ReLU(), nn.Linear(128, count)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Attributes (N, A)."""
        told: Tensor = self.layers(pictures.contiguous(memory_format=torch.channels_last))
        return told


def taught(
    pictures: Tensor, numbers: Tensor, steps: int = STEPS, batch: int = BATCH, seed: int = 7
) -> Judge:
    """A judge that learned from drawn pictures (N, 3, 64, 64) uint8 and their attributes (N, A).

    They are moved by a few pixels and changed in brightness, so that it does not lean on one pixel.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        judge = Judge(numbers.shape[1])
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(judge.parameters(), RATE)
    judge.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 50) * (1 + math.cos(math.pi * step / steps)) / 2
        chosen = torch.randint(len(pictures), (batch,), generator=generator)
        x = pictures[chosen].float() / 255
        down, across = torch.randint(-2, 3, (2,), generator=generator).tolist()
        x = x.roll((down, across), (2, 3))
        x = (x * (0.9 + 0.2 * torch.rand(batch, 1, 1, 1, generator=generator))).clamp(0, 1)
        x = x + 0.03 * torch.randn(x.shape, generator=generator)
        loss = (judge(x) - numbers[chosen]).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return judge.eval()


@torch.no_grad()
def judged(judge: Judge, pictures: Tensor) -> Tensor:
    """The attributes (N, A) of many pictures."""
    return torch.cat([judge(part) for part in torch.split(pictures, 250)])
