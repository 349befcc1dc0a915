"""What a brush learns on: crops of a few photographs, and what a painting of them is to be like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from phosphene import images
from phosphene.device import device_lock
from phosphene.networks.network import Network
from phosphene.optimize import losses

PHOTOGRAPHS = Path(__file__).parent / "photographs"
STYLE = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0}
"""The layers of VGG-19 whose Gram matrices are the style, and the weight of each."""
CONTENT = "relu3_3"
STYLE_WEIGHT, TV_WEIGHT = 2.5, 0.3
"""Of the style and of total variation, beside a content of 1: faces and animals can be told."""
FLAT = 0.02
"""Deviation of brightness between neighbors under which a painting has no texture."""


@cache
def photographs() -> tuple[npt.NDArray[np.uint8], ...]:
    """The photographs (H, W, 3), in the order of their names."""
    files = sorted(PHOTOGRAPHS.glob("*.jpg"))
    return tuple(np.array(images.load(file)) for file in files)


class Crops:
    """Squares of the photographs, each of another one, mirrored or not; a seed repeats them."""

    def __init__(self, side: int, count: int, seed: int, device: torch.device) -> None:
        self.side, self.count, self.device = side, count, device
        self._generator = torch.Generator().manual_seed(seed)
        self._order: list[int] = []

    def draw(self) -> Tensor:
        """The next crops (count, 3, side, side) in [0, 1]; every photograph once, then again."""
        pixels = np.stack([self._crop() for _ in range(self.count)])
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self.device).float() / 255

    def _crop(self) -> npt.NDArray[np.uint8]:
        if not self._order:
            self._order = torch.randperm(len(photographs()), generator=self._generator).tolist()
        photo = photographs()[self._order.pop()]
        top, left = (self._number(length - self.side + 1) for length in photo.shape[:2])
        crop = photo[top : top + self.side, left : left + self.side]
        return crop[:, ::-1] if self._number(2) else crop

    def _number(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self._generator))


@dataclass(frozen=True)
class Lesson:
    """A painting to paint like: its Gram matrices (1, C, C) by layer of a network."""

    net: Network
    style: Mapping[str, Tensor]

    @classmethod
    def of(cls, net: Network, painting: Tensor) -> Lesson:
        """The lesson of a painting (1, 3, H, W)."""
        with device_lock(net.device), torch.no_grad():
            activations = net.acts(painting, STYLE)
            return cls(net, {layer: losses.gram(activations[layer]) for layer in STYLE})

    def terms(self, painted: Tensor, photos: Tensor, strength: float) -> dict[str, Tensor]:
        """The terms "style", "content" and "tv" of paintings of photographs (N, 3, H, W).

        Style and content are squared distances over the target's own square (arXiv 1603.08155).
        """
        with torch.no_grad():
            target = self.net.acts(photos, [CONTENT])[CONTENT]
        activations = self.net.acts(painted, [*STYLE, CONTENT])
        return {
            "style": STYLE_WEIGHT * strength * self._distance(activations),
            "content": losses.content(activations[CONTENT], target),
            "tv": TV_WEIGHT * losses.tv(painted),
        }

    def distance(self, pictures: Tensor) -> Tensor:
        """How far the style of pictures (N, 3, H, W) is from the painting's: 0 is the same."""
        with torch.no_grad():
            return self._distance(self.net.acts(pictures, STYLE))

    def _distance(self, activations: Mapping[str, Tensor]) -> Tensor:
        apart = [
            weight * _relative(losses.gram(activations[layer]), self.style[layer])
            for layer, weight in STYLE.items()
        ]
        return torch.stack(apart).sum() / sum(STYLE.values())


def _relative(grams: Tensor, target: Tensor) -> Tensor:
    return (grams - target).square().sum((1, 2)).mean() / target.square().sum().clamp(min=1e-12)


def has_texture(painting: Tensor) -> bool:
    """Whether a painting (1, 3, H, W) has strokes to learn, beside its colors."""
    light = painting.mean(1)
    steps = (light[..., 1:] - light[..., :-1]).square().mean()
    return float(steps.sqrt()) > FLAT
