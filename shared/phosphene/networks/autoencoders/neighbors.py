"""Nearest neighbors among codes or pictures."""

from __future__ import annotations

import torch
from torch import Tensor

K = 10
CHUNK = 1000


def nearest(queries: Tensor, among: Tensor, count: int = K) -> tuple[Tensor, Tensor]:
    """Distances to and places of the nearest rows of (M, D), for queries (N, D): (N, count)."""
    found = [
        torch.cdist(part, among).topk(min(count, len(among)), largest=False)
        for part in torch.split(queries.flatten(1), CHUNK)
    ]
    return torch.cat([f.values for f in found]), torch.cat([f.indices for f in found])


def vote(queries: Tensor, codes: Tensor, labels: Tensor, count: int = K) -> Tensor:
    """The class (N,) that most of each query's nearest codes have."""
    classes = int(labels.max()) + 1
    neighbors = labels[nearest(queries, codes.flatten(1), count)[1]]
    counts = torch.zeros(len(queries), classes).scatter_add_(
        1, neighbors, torch.ones(neighbors.shape)
    )
    return counts.argmax(1)


def accuracy(queries: Tensor, truth: Tensor, codes: Tensor, labels: Tensor) -> float:
    """The share of the queries whose ten nearest codes vote for their own class."""
    return float((vote(queries, codes, labels) == truth).float().mean())
