"""How alike maps are: rank correlations, whatever their scales."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def ranks(values: Tensor) -> Tensor:
    """The rank of each value of a flattened map, float64; equal ones share their mean rank."""
    flat = values.flatten().double().contiguous()
    ordered = flat.sort().values
    below, up_to = (torch.searchsorted(ordered, flat, right=right) for right in (False, True))
    return (below + up_to + 1).double() / 2


def spearman(one: Tensor, other: Tensor) -> float:
    """Spearman's rank correlation of two maps of the same shape; 0 where one of them is flat."""
    return float(correlations([one, other])[0, 1])


def correlations(maps: Sequence[Tensor]) -> Tensor:
    """Spearman's correlation of each map with each (M, M), float64, 1 on the diagonal."""
    ranked = torch.stack([ranks(values) for values in maps])
    centered = ranked - ranked.mean(1, keepdim=True)
    # A flat map has no order to agree with.
    unit = centered / centered.norm(dim=1, keepdim=True).clamp(min=1e-12)
    alike: Tensor = (unit @ unit.T).clamp(-1, 1)
    alike.fill_diagonal_(1)
    return alike
