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
        distance = share * (found.float() - wanted).square()
        # A sum over the axes as they lie in memory: flattened, channels-last maps would be copied.
        whole = distance.sum(tuple(range(1, distance.ndim)))
        return whole / (share * wanted.square()).sum().clamp(min=1e-12)

    def loss(self, found: Tensor, kind: Distance, squared: bool = True) -> Tensor:
        """How far features are, per picture (N,): 0 where they agree.

        L-BFGS wants the square. Adam wants the norm itself: its gradient keeps its size as
        the picture comes near, which gained 3 dB at relu4_1. Of probabilities it gets the
        relative entropy: far from its target a softmax is flat.
        """
        if kind == "euclidean" and not squared and self.tap == "probabilities":
            return F.kl_div(
                found.float().clamp(min=1e-30).log(), self.features.float(), reduction="none"
            ).sum(1)
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


@dataclass(frozen=True)
class Settings:
    """How a layer is searched.

    `tv` and `alpha` weigh the prior. Steps fall off with frequency as 1/f^`falloff` (1: as in
    natural pictures) and get 4 `grain` beyond that. `jitter` is the random shift between
    iterations in pixels, `worth` the layer's share of iterations.
    """

    tv: float
    alpha: float = 0.0
    falloff: float = 1.0
    grain: float = 0.0
    jitter: int = 0
    worth: float = 1.0


def settings(network: Network, tap: str) -> Settings:
    """What suits a layer's depth."""
    known = network.tap(tap)
    if known.receptive_field is None:
        return PLACELESS
    table = DENSE if _dense(network, tap) else SPARSE
    return next(value for limit, value in table.items() if known.stride <= limit)


def _dense(network: Network, tap: str) -> bool:
    """Whether a layer of maps holds at least as many numbers as the pixels that it looks at."""
    known = network.tap(tap)
    return known.channels >= 3 * known.stride**2


# By the largest stride in pixels, chosen by PSNR and by looking: benchmarks/invert.md. Layers near
# the picture see fine detail as clearly as large shapes, and with 1/f it lags behind; late ones let
# brightness drift without the 6-norm. An iteration through many layers costs more, so that dense
# ones, which need fewer, get fewer.
DENSE: Mapping[int, Settings] = {
    1: Settings(tv=0.0, falloff=0.5),
    2: Settings(tv=0.15, falloff=0.5, worth=1.5),
    4: Settings(tv=1.0, grain=3.0),
    8: Settings(tv=1.5, worth=0.5),
    10_000: Settings(tv=1.5, alpha=0.01, worth=0.5),
}
SPARSE: Mapping[int, Settings] = {
    4: Settings(tv=1.0),
    8: Settings(tv=2.0),
    16: Settings(tv=1.0, alpha=0.01, worth=0.5),
    10_000: Settings(tv=0.5, alpha=0.01, worth=1.5),
}
# Where places are gone, a still picture can carry the right numbers in faint grey noise; only what
# stays itself when shifted is worth finding, and Adam needs many iterations for it.
PLACELESS = Settings(tv=0.1, alpha=0.03, falloff=1.2, jitter=16, worth=4.0)


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
