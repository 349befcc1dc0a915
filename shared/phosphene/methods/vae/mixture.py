"""A mixture of Gaussians fitted to codes: where they really lie (arXiv 1903.12436)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

ROUNDS, FLOOR = 40, 1e-4


@dataclass(frozen=True)
class Mixture:
    """Shares (K,), means (K, D) and covariances (K, D, D)."""

    shares: Tensor
    means: Tensor
    covariances: Tensor

    def log_prob(self, codes: Tensor) -> Tensor:
        """The log-density of codes (N, D): (N,)."""
        return self._each(codes).logsumexp(1)

    def _each(self, codes: Tensor) -> Tensor:
        lower = torch.linalg.cholesky(self.covariances)
        away = codes[None] - self.means[:, None]
        scaled = torch.linalg.solve_triangular(lower, away.mT, upper=False)
        logs = lower.diagonal(dim1=1, dim2=2).log().sum(1)
        dim = codes.shape[1]
        density = -0.5 * scaled.square().sum(1) - logs[:, None] - 0.5 * dim * math.log(2 * math.pi)
        logs_of: Tensor = density + self.shares.log()[:, None]
        return logs_of.T

    def sample(self, count: int, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Draws (count, D); `temperature` scales how far they lie from their component's mean."""
        chosen = torch.multinomial(self.shares, count, replacement=True, generator=generator)
        lower = torch.linalg.cholesky(self.covariances)[chosen]
        noise = torch.randn(count, self.means.shape[1], generator=generator)
        away: Tensor = (lower @ noise[..., None])[..., 0]
        return self.means[chosen] + temperature * away


def fit(codes: Tensor, count: int, generator: torch.Generator) -> Mixture:
    """`count` Gaussians by expectation and maximization, from means spread far apart."""
    size, dim = codes.shape
    floor = FLOOR * float(codes.var(0).mean()) * torch.eye(dim)
    means = _spread(codes, count, generator)
    whole = torch.cov(codes.T).reshape(dim, dim) / count + floor
    mixture = Mixture(torch.full((count,), 1 / count), means, whole.repeat(count, 1, 1))
    for _ in range(ROUNDS):
        each = mixture._each(codes)
        weights = (each - each.logsumexp(1, keepdim=True)).exp()
        held = weights.sum(0).clamp(min=1e-6)
        means = weights.T @ codes / held[:, None]
        away = codes[None] - means[:, None]
        covariances = (weights.T[..., None] * away).mT @ away / held[:, None, None] + floor
        mixture = Mixture(held / size, means, covariances)
    return mixture


def _spread(codes: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Codes drawn one after the other, likelier the farther from those before (k-means++)."""
    chosen = [codes[int(torch.randint(len(codes), (1,), generator=generator))]]
    for _ in range(count - 1):
        distances = torch.cdist(codes, torch.stack(chosen)).amin(1).square()
        chosen.append(codes[int(torch.multinomial(distances + 1e-12, 1, generator=generator))])
    return torch.stack(chosen)
