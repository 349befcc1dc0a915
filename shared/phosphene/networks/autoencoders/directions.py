"""Directions in the space of codes: along one, an attribute of the picture changes.

They are found on labeled codes, by logistic regression or as the difference of two means
(arXiv 1609.04468), and kept beside the weights of a model whose data has known attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "directions.safetensors"
ROUNDS, PENALTY = 30, 1e-2


@dataclass(frozen=True, eq=False)
class Directions:
    """For A attributes and codes of D numbers; a step of 1 leads from the mean of those without it
    to the mean of those with it, as far as the direction sees them.

    `logistic` and `means` are (A, D). `reader` (A, D) and `offset` (A,) read attributes off a code:
    from -1, without, to 1, with.
    """

    names: tuple[str, ...]
    logistic: Tensor
    means: Tensor
    reader: Tensor
    offset: Tensor

    def read(self, codes: Tensor) -> Tensor:
        """The attributes (N, A) of flat codes (N, D)."""
        told: Tensor = codes @ self.reader.T + self.offset
        return told


def find(codes: Tensor, attributes: Tensor, names: tuple[str, ...]) -> Directions:
    """Directions from flat codes (N, D) whose attributes (N, A) in [-1, 1] are known."""
    sides = attributes > 0
    pairs = [(codes[own], codes[~own]) for own in sides.T]
    read = torch.cat([codes, torch.ones(len(codes), 1)], 1).double()
    grown = read.T @ read + 1e-3 * len(codes) * torch.eye(read.shape[1]).double()
    solved = torch.linalg.solve(grown, read.T @ attributes.double()).float().T
    return Directions(
        names,
        torch.stack([logistic(*pair) for pair in pairs]),
        torch.stack([difference(*pair) for pair in pairs]),
        solved[:, :-1].contiguous(),
        solved[:, -1].contiguous(),
    )


def difference(with_it: Tensor, without: Tensor) -> Tensor:
    """From the mean of codes (M, D) to the mean of others (N, D): (D,)."""
    away: Tensor = with_it.mean(0) - without.mean(0)
    return away


def logistic(with_it: Tensor, without: Tensor) -> Tensor:
    """The way across the plane that tells codes (M, D) from others (N, D) best: (D,).

    Logistic regression by Newton's method with a ridge, on codes in units of their spread; as long
    as the two means are apart along it.
    """
    codes = torch.cat([with_it, without]).double()
    spread = codes.std(0).clamp(min=1e-6)
    x = torch.cat([(codes - codes.mean(0)) / spread, torch.ones(len(codes), 1).double()], 1)
    y = torch.cat([torch.ones(len(with_it)), torch.zeros(len(without))]).double()
    ridge = PENALTY * len(x) * torch.eye(x.shape[1]).double()
    ridge[-1, -1] = 1e-6
    w = torch.zeros(x.shape[1]).double()
    for _ in range(ROUNDS):
        p = (x @ w).sigmoid()
        slope = x.T @ (p - y) + ridge @ w
        bend = (x * (p * (1 - p))[:, None]).T @ x + ridge
        step = torch.linalg.solve(bend, slope)
        w = w - step
        if step.abs().max() < 1e-6:
            break
    across = (w[:-1] / spread).float()
    unit = across / across.norm().clamp(min=1e-12)
    way: Tensor = unit * (unit @ difference(with_it, without))
    return way


def alone(direction: Tensor, others: Tensor) -> Tensor:
    """The part of a direction (D,) that changes nothing along others (K, D): their projection off.

    It is stretched so that it leads as far along the direction itself (arXiv 1907.10786).
    """
    if not len(others):
        return direction
    basis = torch.linalg.qr(others.T).Q
    left = direction - basis @ (basis.T @ direction)
    kept = left @ direction
    if kept < 0.05 * direction @ direction:  # hardly anything of it is its own
        return direction
    way: Tensor = left * (direction @ direction / kept)
    return way


def write(found: Directions, folder: Path) -> Path:
    """Keep directions in a model's folder."""
    tensors = {n: t for n, t in vars(found).items() if isinstance(t, Tensor)}
    save_file(tensors, folder / FILE, {"names": "\n".join(found.names)})
    return folder / FILE


def read(folder: Path) -> Directions | None:
    """The directions of a model's folder; None where there are none."""
    try:
        with safe_open(folder / FILE, "pt") as file:
            kept = file.keys()  # it is no mapping
            tensors = {name: file.get_tensor(name) for name in kept}
            return Directions(tuple((file.metadata() or {})["names"].split("\n")), **tensors)
    except (OSError, SafetensorError, TypeError, KeyError):
        return None
