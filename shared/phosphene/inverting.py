"""What a layer kept of a picture, and how far another picture is from it (arXiv 1412.0035)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene import losses
from phosphene.errors import InputError
from phosphene.networks import Network

Value = TypeVar("Value")
Distance: TypeAlias = Literal["euclidean", "cosine"]

BOUND = 80 / 255
"""How far from grey a pixel usually is: the unit of the alpha-norm (arXiv 1512.02017)."""


@dataclass(frozen=True)
class Target:
    """Features (1, C, h, w) or (1, C) at a tap; `share` in [0, 1] says which of them count."""

    tap: str
    features: Tensor
    share: Tensor | None = None

    def error(self, found: Tensor) -> Tensor:
        """The squared distance over the target's own square, per picture (N,)."""
        share = 1.0 if self.share is None else self.share
        wanted = self.features.float()
        distance = (share * (found.float() - wanted).square()).flatten(1).sum(1)
        return distance / (share * wanted.square()).sum().clamp(min=1e-12)

    def loss(self, found: Tensor, kind: Distance, squared: bool = True) -> Tensor:
        """How far features are, per picture (N,): 0 where they agree.

        L-BFGS wants the square. Adam wants the norm itself: its gradient keeps its size as
        the picture comes near, which gained 3 dB at relu4_1.
        """
        if kind == "euclidean":
            return self.error(found) if squared else (self.error(found) + 1e-9).sqrt()
        share = 1.0 if self.share is None else self.share
        wanted = (self.features.float() * share).flatten(1)
        return 1 - F.cosine_similarity((found.float() * share).flatten(1), wanted)


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


def smoothness(network: Network, tap: str) -> float:
    """The weight of total variation at a depth: nothing to add where the features say it all."""
    known = network.tap(tap)
    if known.receptive_field is None:
        return GLOBAL_TV
    return _at(DENSE_TV if _dense(network, tap) else SPARSE_TV, known.stride)


def nearness(network: Network, tap: str) -> float:
    """The weight of the 6-norm at a depth: late layers let brightness drift without it."""
    known = network.tap(tap)
    return DEEP_ALPHA if known.receptive_field is None or known.stride >= 16 else 0.0


def pace(network: Network, tap: str) -> tuple[float, float]:
    """How steps fall off with frequency (1: as in natural pictures), and what all get beyond that.

    Layers near the picture see fine detail as clearly as large shapes; with 1/f it lags behind.
    """
    if not _dense(network, tap):
        return 1.0, 0.0
    return _at(DENSE_PACE, network.tap(tap).stride)


def worth(network: Network, tap: str) -> float:
    """The share of iterations that a depth deserves, so that every depth takes about as long.

    An iteration through the first layers is cheap; through the last it costs the whole network.
    """
    known = network.tap(tap)
    return GLOBAL_WORTH if known.receptive_field is None else _at(DEPTH_WORTH, known.stride)


def _at(table: Mapping[int, Value], stride: int) -> Value:
    return next(value for limit, value in table.items() if stride <= limit)


def _dense(network: Network, tap: str) -> bool:
    """Whether a layer holds at least as many numbers as the pixels that it looks at."""
    known = network.tap(tap)
    flat = known.receptive_field is None
    return not flat and known.channels >= 3 * known.stride**2


# By stride in pixels, chosen by PSNR and by looking: benchmarks/invert.md.
DENSE_TV = {1: 0.0, 2: 0.15, 4: 1.0, 10_000: 1.5}
SPARSE_TV = {4: 1.0, 8: 2.0, 16: 1.0, 10_000: 0.5}
DEEP_ALPHA = 0.01
DENSE_PACE = {2: (0.5, 0.0), 4: (1.0, 3.0), 10_000: (1.0, 0.0)}
DEPTH_WORTH = {1: 1.0, 2: 1.5, 4: 1.0, 8: 0.5, 10_000: 0.5}
GLOBAL_TV, GLOBAL_WORTH = 0.5, 0.5


def strongest(features: Tensor, percent: float) -> Tensor:
    """Shares that keep the strongest `percent` of activations (by magnitude)."""
    sizes = features.float().abs()
    count = max(1, round(sizes.numel() * percent / 100))
    edge = sizes.flatten().kthvalue(sizes.numel() - count + 1).values
    return (sizes >= edge).float()


def chosen(features: Tensor, text: str, tap: str) -> Tensor:
    """Shares that keep the channels written as "3, 10-20"; InputError where there are none."""
    count = features.shape[1]
    keep = torch.zeros(count)
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        if not first.strip().isdigit() or not (last or first).strip().isdigit():
            raise InputError(f"channels has {part!r}; write numbers and ranges such as 3, 10-20")
        low, high = int(first), int(last or first)
        if not low <= high < count:
            raise InputError(f"channels has {part!r}; {tap} has channels 0 to {count - 1}")
        keep[low : high + 1] = 1
    if not keep.any():
        raise InputError("channels names none; write numbers and ranges such as 3, 10-20")
    shape = (1, count) + (1,) * (features.ndim - 2)
    return keep.view(shape).to(features.device)


def within(features: Tensor, inside: Tensor, tap: str) -> Tensor:
    """A painted region (1, 1, H, W) as shares of the cells of a map (1, C, h, w)."""
    if features.ndim != 4:
        raise InputError(f"{tap} has no places left; choose an earlier layer for a region")
    return F.interpolate(inside, features.shape[-2:], mode="area")


DEPTHS = (
    "Almost everything is still here: edges, colors and fine texture. The first layers only "
    "describe each spot in other words, so the picture can be read back nearly exactly.",
    "Still the photograph, down to single hairs. Pooling has thrown away where inside each small "
    "square something was, but the many channels together still tell.",
    "Sharp still, but large flat places drift in color and the finest grain is smoothed away. The "
    "network keeps how things differ from their surroundings better than what they are.",
    "Every thing is in its place, its fine texture made up anew. The network keeps which patterns "
    "are where and forgets each hair and each leaf.",
    "Only the gist is left: the right things, in about the right places, in odd colors and loose "
    "strokes. The layer describes pieces such as an ear or a roof, not the pixels that form them.",
    "Places are gone: what comes back is an idea of the picture, repeated and scattered. The "
    "network knows what it saw, no longer where.",
)


def depth_note(network: Network, tap: str) -> str:
    """What a student sees at this depth, in two sentences."""
    known = network.tap(tap)
    if known.receptive_field is None:
        return DEPTHS[5]
    # A layer that holds fewer numbers than pixels has forgotten what others forget a pooling on.
    depth = max(known.stride, 1).bit_length() - 1 + (not _dense(network, tap))
    return DEPTHS[min(depth, 4)]
