"""What a layer kept of a picture, and how far another picture is from it (arXiv 1412.0035)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.errors import InputError
from phosphene.networks.network import Network
from phosphene.optimize import losses
from phosphene.optimize.objectives import parse_channels

Distance: TypeAlias = Literal["euclidean", "cosine"]

BOUND = 80 / 255
"""How far from grey a pixel usually is: the unit of the alpha-norm (arXiv 1512.02017)."""


@dataclass(frozen=True)
class Target:
    """Features (1, C, h, w) or (1, C) of a layer; `mask` in [0, 1] says which of them count."""

    layer: str
    features: Tensor
    mask: Tensor | None = None

    def error(self, features: Tensor) -> Tensor:
        """The squared distance over the target's own square, per picture (N,)."""
        mask = 1.0 if self.mask is None else self.mask
        target = self.features.float()
        distance = mask * (features.float() - target).square()
        # A sum over the axes as they lie in memory: flattened, channels-last maps would be copied.
        whole = distance.sum(tuple(range(1, distance.ndim)))
        return whole / (mask * target.square()).sum().clamp(min=1e-12)

    def loss(self, features: Tensor, kind: Distance, squared: bool = True) -> Tensor:
        """How far features are, per picture (N,): 0 where they agree.

        L-BFGS wants the square. Adam wants the norm itself: its gradient keeps its size as
        the picture comes near, which gained 3 dB at relu4_1. Of probabilities it gets the
        relative entropy: far from its target a softmax is flat.
        """
        if kind == "euclidean" and not squared and self.layer == "probabilities":
            return F.kl_div(
                features.float().clamp(min=1e-30).log(), self.features.float(), reduction="none"
            ).sum(1)
        if kind == "euclidean":
            return self.error(features) if squared else (self.error(features) + 1e-9).sqrt()
        mask = 1.0 if self.mask is None else self.mask
        target = (self.features.float() * mask).flatten(1)
        return 1 - F.cosine_similarity((features.float() * mask).flatten(1), target)


@dataclass(frozen=True)
class Prior:
    """What a picture is before a layer speaks: smooth (`tv`), and not far from grey (`alpha`)."""

    tv: float
    beta: float = 2.0
    alpha: float = 0.0

    def terms(self, x: Tensor) -> dict[str, Tensor]:
        """Weighted terms, summed over pictures (N, 3, H, W) so that each goes its own way."""
        count = x.shape[0]
        terms = {"tv": self.tv * count * losses.tv(x, self.beta)} if self.tv else {}
        if self.alpha:
            far = losses.alpha_norm(x) / BOUND**6
            terms["alpha"] = self.alpha * count * far
        return terms


@dataclass(frozen=True)
class Settings:
    """How a layer is searched.

    `tv` and `alpha` weigh the prior. Steps fall off with frequency as 1/f^`falloff` (1: as in
    natural pictures) and get 4 `grain` beyond that. `jitter` is the random shift between
    iterations in pixels, `iteration_factor` multiplies how many iterations were asked for.
    """

    tv: float
    alpha: float = 0.0
    falloff: float = 1.0
    grain: float = 0.0
    jitter: int = 0
    iteration_factor: float = 1.0


def settings(network: Network, layer: str) -> Settings:
    """What suits a layer's depth."""
    tap = network.tap(layer)
    if tap.receptive_field is None:
        return PLACELESS
    # Whether its maps hold at least as many numbers as the pixels that they stand for.
    dense = tap.channels >= 3 * tap.stride**2
    table = DENSE if dense else SPARSE
    return next(value for limit, value in table.items() if tap.stride <= limit)


# By the largest stride in pixels, chosen by PSNR and by looking: benchmarks/invert.md. Layers near
# the picture see fine detail as clearly as large shapes, and with 1/f it lags behind; late ones let
# brightness drift without the 6-norm. An iteration through many layers costs more, so that dense
# ones, which need fewer, get fewer.
DENSE: Mapping[int, Settings] = {
    1: Settings(tv=0.0, falloff=0.5),
    2: Settings(tv=0.15, falloff=0.5, iteration_factor=1.5),
    4: Settings(tv=1.0, grain=3.0),
    8: Settings(tv=1.5, iteration_factor=0.5),
    10_000: Settings(tv=1.5, alpha=0.01, iteration_factor=0.5),
}
SPARSE: Mapping[int, Settings] = {
    4: Settings(tv=1.0),
    8: Settings(tv=2.0),
    16: Settings(tv=1.0, alpha=0.01, iteration_factor=0.5),
    10_000: Settings(tv=0.5, alpha=0.01, iteration_factor=1.5),
}
# Where places are gone, a still picture can carry the right numbers in faint grey noise; only what
# stays itself when shifted is worth finding, and Adam needs many iterations for it.
PLACELESS = Settings(tv=0.1, alpha=0.03, falloff=1.2, jitter=16, iteration_factor=4.0)


def strongest_mask(features: Tensor, percent: float) -> Tensor:
    """1 where features are among the strongest `percent` by magnitude, 0 elsewhere: their shape."""
    magnitudes = features.float().abs()
    count = max(1, round(magnitudes.numel() * percent / 100))
    threshold = magnitudes.flatten().kthvalue(magnitudes.numel() - count + 1).values
    return (magnitudes >= threshold).float()


def channel_mask(features: Tensor, text: str, layer: str) -> Tensor:
    """1 for the channels written as "3, 10-20"; InputError where there are none."""
    count = features.shape[1]
    keep = torch.zeros(count)
    keep[list(parse_channels(text, layer, count))] = 1
    shape = (1, count) + (1,) * (features.ndim - 2)
    return keep.view(shape).to(features.device)


def region_mask(features: Tensor, inside: Tensor, layer: str) -> Tensor:
    """A region of the picture (1, 1, H, W) on the cells of a map (1, C, h, w): (1, 1, h, w)."""
    if features.ndim != 4:
        raise InputError(f"{layer} has no places left; choose an earlier layer for a region")
    return F.interpolate(inside, features.shape[-2:], mode="area")


def depth_note(network: Network, layer: str) -> str:
    """The facts of a layer: "stride 8, sees 92×92 pixels, 512 channels"."""
    tap = network.tap(layer)
    if tap.receptive_field is None:
        return f"sees the whole picture, {tap.channels} numbers without places"
    field = f"{tap.receptive_field}×{tap.receptive_field}"
    return f"stride {tap.stride}, sees {field} pixels, {tap.channels} channels"
