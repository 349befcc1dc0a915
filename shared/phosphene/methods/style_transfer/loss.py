"""Painting with a frozen network: the loss on pictures of one size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.methods.style_transfer.spec import PIXELS, StyleSpec
from phosphene.methods.style_transfer.statistics import Moments, averaged, distance, sums
from phosphene.optimize import losses
from phosphene.optimize.losses import Loss
from phosphene.optimize.tiling import Part, Sums, in_parts, parts_of

SCALE = 1000.0
"""All terms together: numbers that people can read, far above the optimizers' thresholds."""


@dataclass(frozen=True)
class Region:
    """A style's targets and where they hold: a soft mask (1, 1, H, W), None for everywhere."""

    targets: Mapping[str, Moments]
    mask: Tensor | None = None


def painting_loss(spec: StyleSpec, regions: Sequence[Region], content: Tensor | None) -> Loss:
    """The terms "style", "colors", "content", "dream" and "tv" of pictures (1, 3, H, W).

    Without content (1, 3, H, W) its term and the dream's have nothing to be compared with. Pictures
    are read in parts.
    """
    reader = _Reader(spec, regions)
    if content is not None:
        reader.remember(content)

    def loss(x: Tensor) -> dict[str, Tensor]:
        terms = in_parts(x, parts_of(*x.shape[-2:]), reader.read, reader.terms)
        if spec.weights.get("tv"):
            terms["tv"] = losses.tv(x) * (SCALE * spec.weights["tv"])
        return terms

    return loss


@dataclass
class _Reader:
    """What the loss needs of a part of a picture, and the weighted terms from their sums."""

    spec: StyleSpec
    regions: Sequence[Region]
    content: dict[Part, Tensor] = field(default_factory=dict)
    content_energy: float = 1.0
    dream_energy: float = 1.0

    @torch.no_grad()
    def remember(self, picture: Tensor) -> None:
        """Keep what the content and dream layers say of a picture."""
        content_energy = dream_energy = 0.0
        for part in parts_of(*picture.shape[-2:]):
            activations = self.spec.activations(part.of(picture))
            if self.spec.weights.get("content"):
                self.content[part] = part.own(activations[self.spec.content]).clone()
                content_energy += float(_energy(self.content[part]))
            if self.spec.weights.get("dream"):
                dream_energy += float(_energy(part.own(activations[self.spec.dream])))
        self.content_energy = max(content_energy, 1e-12)
        self.dream_energy = max(dream_energy, 1e-12)

    def read(self, view: Tensor, part: Part) -> Sums:
        """Sums over the part's own cells, from a view of it with a margin."""
        activations = self.spec.activations(view)
        totals: dict[object, Tensor] = {}
        for index, region in enumerate(self.regions):
            for layer in region.targets:
                mask = None
                if region.mask is not None:
                    height, width = activations[layer].shape[-2:]
                    cells = F.adaptive_avg_pool2d(part.of(region.mask), (height, width))
                    mask = part.own(cells)
                kind = self.spec.kind_of(layer)
                for name, value in sums(kind, part.own(activations[layer]), mask).items():
                    totals[index, layer, name] = value
        if self.content:
            own = part.own(activations[self.spec.content])
            totals["content"] = _energy(own - self.content[part])
        if self.spec.weights.get("dream"):
            totals["dream"] = _energy(part.own(activations[self.spec.dream]))
        return totals

    def terms(self, totals: Sums) -> dict[str, Tensor]:
        """Weighted terms; the style's is a mean over layers and regions by weight and area."""
        weights = self.spec.weights
        terms: dict[str, Tensor] = {}
        if self.regions:
            terms["style"] = torch.stack(list(self._distances(totals, self.spec.style))).sum()
            if weights.get("colors"):
                terms["colors"] = torch.stack(list(self._distances(totals, {PIXELS: 1.0}))).sum()
        if "content" in totals:
            terms["content"] = totals["content"] / self.content_energy
        if "dream" in totals:
            terms["dream"] = -(totals["dream"].clamp(min=1e-12) / self.dream_energy).log()
        return {name: term * (SCALE * weights[name]) for name, term in terms.items()}

    def _distances(self, totals: Sums, shares: Mapping[str, float]) -> Iterator[Tensor]:
        whole = sum(shares.values())
        for index, region in enumerate(self.regions):
            area = 1.0 if region.mask is None else float(region.mask.mean())
            for layer in [layer for layer in region.targets if layer in shares]:
                own = {key[2]: v for key, v in totals.items() if key[:2] == (index, layer)}
                apart = distance(self.spec.kind_of(layer), averaged(own), region.targets[layer])
                yield area * shares[layer] / whole * apart


def _energy(features: Tensor) -> Tensor:
    return features.float().square().sum()
