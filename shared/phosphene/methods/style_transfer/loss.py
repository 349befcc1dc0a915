"""Painting with a frozen network: the loss of a look on pictures of one size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.methods.style_transfer.spec import PIXELS, Look
from phosphene.methods.style_transfer.statistics import Moments, averaged, distance, sums
from phosphene.optimize import losses
from phosphene.optimize.losses import Loss
from phosphene.optimize.tiling import Part, Sums, in_parts, parts_of

SCALE = 1000.0
"""All terms together: numbers that people can read, far above the optimizers' thresholds."""


@dataclass(frozen=True)
class Region:
    """A style's targets and where they hold: a soft mask (1, 1, H, W), None for everywhere."""

    goals: Mapping[str, Moments]
    mask: Tensor | None = None


def painting_loss(look: Look, regions: Sequence[Region], content: Tensor | None) -> Loss:
    """The terms "style", "colors", "content", "dream" and "tv" of pictures (1, 3, H, W).

    They are read in parts.
    """
    reader = _Reader(look, regions)
    if content is not None:
        reader.remember(content)

    def loss(x: Tensor) -> dict[str, Tensor]:
        terms = in_parts(x, parts_of(*x.shape[-2:]), reader.read, reader.terms)
        if look.weights.get("tv"):
            terms["tv"] = losses.tv(x) * (SCALE * look.weights["tv"])
        return terms

    return loss


@dataclass
class _Reader:
    """What the loss needs of a part of a picture, and the weighted terms from their sums."""

    look: Look
    regions: Sequence[Region]
    kept: dict[Part, Tensor] = field(default_factory=dict)
    size: float = 1.0
    loudness: float = 1.0

    @torch.no_grad()
    def remember(self, content: Tensor) -> None:
        """Keep what the content and dream taps say of a picture."""
        size = loudness = 0.0
        for part in parts_of(*content.shape[-2:]):
            acts = self.look.acts(part.of(content))
            if self.look.weights.get("content"):
                self.kept[part] = part.own(acts[self.look.content]).clone()
                size += float(_energy(self.kept[part]))
            if self.look.weights.get("dream"):
                loudness += float(_energy(part.own(acts[self.look.dream])))
        self.size, self.loudness = max(size, 1e-12), max(loudness, 1e-12)

    def read(self, seen: Tensor, part: Part) -> Sums:
        """Sums over the part's own cells."""
        acts = self.look.acts(seen)
        found: dict[object, Tensor] = {}
        for index, region in enumerate(self.regions):
            for tap in region.goals:
                mask = None
                if region.mask is not None:
                    height, width = acts[tap].shape[-2:]
                    cells = F.adaptive_avg_pool2d(part.of(region.mask), (height, width))
                    mask = part.own(cells)
                kind = self.look.kind_of(tap)
                for name, value in sums(kind, part.own(acts[tap]), mask).items():
                    found[index, tap, name] = value
        if self.kept:
            found["content"] = _energy(part.own(acts[self.look.content]) - self.kept[part])
        if self.look.weights.get("dream"):
            found["dream"] = _energy(part.own(acts[self.look.dream]))
        return found

    def terms(self, found: Sums) -> dict[str, Tensor]:
        """Weighted terms; the style's is a mean over taps and regions by weight and area."""
        terms: dict[str, Tensor] = {}
        if self.regions:
            terms["style"] = torch.stack(list(self._distances(found, self.look.style))).sum()
            if self.look.weights.get("colors"):
                terms["colors"] = torch.stack(list(self._distances(found, {PIXELS: 1.0}))).sum()
        if "content" in found:
            terms["content"] = found["content"] / self.size
        if "dream" in found:
            terms["dream"] = -(found["dream"].clamp(min=1e-12) / self.loudness).log()
        weights = self.look.weights
        return {name: term * (SCALE * weights[name]) for name, term in terms.items()}

    def _distances(self, found: Sums, shares: Mapping[str, float]) -> Iterator[Tensor]:
        whole = sum(shares.values())
        for index, region in enumerate(self.regions):
            area = 1.0 if region.mask is None else float(region.mask.mean())
            for tap in [tap for tap in region.goals if tap in shares]:
                own = {key[2]: v for key, v in found.items() if key[:2] == (index, tap)}
                share = area * shares[tap] / whole
                yield share * distance(self.look.kind_of(tap), averaged(own), region.goals[tap])


def _energy(features: Tensor) -> Tensor:
    return features.float().square().sum()
