"""What a style is to a network: statistics of its activations that forget where things are.

All are raw moments, averages over positions, so several styles blend by averaging them; means
of variances would not describe the mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Kind: TypeAlias = Literal["gram", "moments", "wasserstein"]
Moments: TypeAlias = dict[str, Tensor]

KINDS: tuple[Kind, ...] = ("gram", "moments", "wasserstein")
_EPS = 1e-4


def sums(kind: Kind, features: Tensor, mask: Tensor | None = None) -> Moments:
    """Moments of activations (1, C, H, W) as sums over places with their count: parts add up.

    A soft mask (1, 1, H, W) says which places count.
    """
    rows = features.squeeze(0).flatten(1)  # not [0], whose gradient is a copy among zeros
    # Differences of large second moments need more digits than bfloat16 has.
    rows = rows if kind == "gram" else rows.float()
    if mask is None:
        weighted, count = rows, rows.new_tensor(float(rows.shape[1]), dtype=torch.float32)
    else:
        shares = mask.flatten().to(rows)
        weighted, count = rows * shares, shares.float().sum()
    totals: Moments = {"count": count}
    if kind != "gram":
        totals["mean"] = weighted.sum(1)
    if kind == "moments":
        totals["square"] = (weighted * rows).sum(1)
    else:
        # Distances of symmetric matrices have symmetric gradients: both factors' are the same,
        # so one is computed and counts twice.
        half = (weighted @ rows.detach().mT).float()
        totals["moment"] = 2 * half - half.detach()
    return totals


def averaged(totals: Mapping[str, Tensor]) -> Moments:
    """Raw moments: `sums` divided by their count."""
    count = totals["count"].clamp(min=_EPS)
    return {name: value / count for name, value in totals.items() if name != "count"}


def blend(parts: Sequence[Moments], shares: Sequence[float]) -> Moments:
    """The moments of a mixture in which each part has its share."""
    whole = sum(shares)

    def mixed(name: str) -> Tensor:
        weighted = [part[name] * (share / whole) for part, share in zip(parts, shares, strict=True)]
        return torch.stack(weighted).sum(0)

    return {name: mixed(name) for name in parts[0]}


def as_target(kind: Kind, moments: Moments) -> Moments:
    """Moments with what every comparison needs of a target, computed once."""
    if kind == "moments":
        return moments | {"deviation": _deviation(moments)}
    if kind == "wasserstein":
        values, vectors = torch.linalg.eigh(_covariance(moments))
        roots = values.clamp(min=0).sqrt()
        return moments | {"root": (vectors * roots) @ vectors.mT}
    return moments


def distance(kind: Kind, moments: Moments, target: Mapping[str, Tensor]) -> Tensor:
    """Squared distance to a target (`as_target`) over its own square: 0 for the style, scale-free.

    "gram" is Gatys et al. (arXiv 1508.06576), "moments" the mean and deviation of each channel
    (Li et al., arXiv 1701.01036), "wasserstein" the 2-Wasserstein distance between Gaussians
    of their mean and covariance.
    """
    if kind == "gram":
        return _relative(moments["moment"] - target["moment"], target["moment"])
    shift = moments["mean"] - target["mean"]
    if kind == "moments":
        change = _deviation(moments) - target["deviation"]
        return _relative(torch.stack([shift, change]), target["square"].sqrt())
    covariance, root = _covariance(moments), target["root"]
    cross = torch.linalg.eigvalsh(root @ covariance @ root).clamp(min=1e-9).sqrt().sum()
    bures = covariance.trace() + root.square().sum() - 2 * cross
    squared: Tensor = (shift.square().sum() + bures) / target["moment"].trace().clamp(min=1e-12)
    return squared


def _relative(difference: Tensor, target: Tensor) -> Tensor:
    return difference.square().sum() / target.square().sum().clamp(min=1e-12)


def _deviation(moments: Moments) -> Tensor:
    variance = moments["square"] - moments["mean"].square()
    return (variance.clamp(min=0) + _EPS).sqrt()


def _covariance(moments: Moments) -> Tensor:
    mean, moment = moments["mean"], moments["moment"]
    covariance = moment - torch.outer(mean, mean)
    # A small multiple of the identity keeps the square root's gradient finite.
    ridge = _EPS * moment.diagonal().mean().detach() + 1e-12
    return covariance + ridge * torch.eye(mean.shape[0], device=mean.device)


_WARMTH = 2.0


def soften(features: Tensor) -> Tensor:
    """exp(2 features / peak) over its mean: activations with their peaks leveled, float32.

    Residual and depthwise networks concentrate their energy in a few cells, so that Gram
    matrices see little else; Wang et al. (SWAG, arXiv 2104.05623) put a softmax before them.
    We divide by the peak first: a softmax over activations up to 6 would sharpen, not soften.
    """
    features = features.float()
    peak = features.detach().abs().amax().clamp(min=1e-12)
    raised = (features / peak * _WARMTH).exp()
    return raised / raised.detach().mean()
