"""An integral of gradients over straight paths, finer where it is not yet right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import batches
from phosphene.methods.saliency.gradients import slopes


@dataclass(eq=False)
class Piece:
    """A path from a baseline between two shares of the way, and the integral found there."""

    path: int
    start: float
    end: float
    gradient: Tensor
    """Of the score, summed over the piece by the rule's weights (1, 3, H, W)."""
    error: float = math.nan
    """By how much the attributions of the piece miss the change of the score along it."""

    def rule(self, points: int) -> list[tuple[float, float]]:
        """Places on the path and their weights, by Gauss and Legendre."""
        nodes, weights = np.polynomial.legendre.leggauss(points)
        half, center = (self.end - self.start) / 2, (self.end + self.start) / 2
        return [(center + half * n, half * w) for n, w in zip(nodes, weights, strict=True)]

    def halves(self) -> list[Piece]:
        """The piece in two, both yet to be walked."""
        borders = (self.start, (self.start + self.end) / 2, self.end)
        return [
            Piece(self.path, *ends, torch.zeros_like(self.gradient)) for ends in pairwise(borders)
        ]

    def borders(self) -> list[tuple[int, float]]:
        """Where it starts and ends; every path ends at the picture, which is asked about once."""
        return [(self.path, share) if share < 1 else (0, 1.0) for share in (self.start, self.end)]


class Integral:
    """Integrated gradients over pieces of paths; a piece whose parts do not add up is halved.

    A network's gradient jumps along a path, most of all near the baseline: there a smooth rule over
    the whole path goes wrong. The change of the score along each piece says where.
    """

    def __init__(self, case: Case, starts: Tensor, pieces: int, points: int, size: int) -> None:
        """`starts` (B, 3, H, W), each path in `pieces` of `points`, `size` pictures a batch."""
        self.case, self.starts, self.ways = case, starts, case.x - starts
        self.points, self.size, self.spent = points, size, 0
        self.scores: dict[tuple[int, float], float] = {}
        borders = [index / pieces for index in range(pieces + 1)]
        self.pieces = [
            Piece(path, *ends, torch.zeros_like(case.x))
            for path in range(len(starts))
            for ends in pairwise(borders)
        ]

    def walk(self, pieces: Sequence[Piece]) -> Iterator[tuple[Tensor, int]]:
        """The gradients of pieces, a batch at a time: the last picture, how many are left."""
        self._measure(pieces)
        todo = [(piece, *place) for piece in pieces for place in piece.rule(self.points)]
        for part in batches(len(todo), self.size):
            chosen = todo[part]
            x = self._at([(piece.path, share) for piece, share, _ in chosen])
            _, gradients = slopes(self.case, x)
            for (piece, _, weight), gradient in zip(chosen, gradients, strict=True):
                piece.gradient += weight * gradient
            self.spent += len(chosen)
            if part.stop == len(todo):
                self._judge(pieces)
            yield x[-1:], len(todo) - part.stop

    def values(self) -> Tensor:
        """The attributions (1, 3, H, W): the mean over the paths."""
        total = torch.zeros_like(self.case.x)
        for piece in self.pieces:
            total += piece.gradient * self.ways[piece.path]
        return total / len(self.starts)

    @property
    def error(self) -> float:
        """The completeness error: what is missing, in percent of the score's change."""
        missing = abs(sum(piece.error for piece in self.pieces))
        return 100 * missing / max(abs(sum(map(self._change, self.pieces))), 1e-6)

    def halve(self, most: int) -> list[Piece]:
        """Put halves where the worst pieces were, at most so many; the halves."""
        order = sorted(self.pieces, key=lambda piece: -abs(piece.error))
        self.pieces, halves = order[most:], [half for one in order[:most] for half in one.halves()]
        self.pieces += halves
        return halves

    def _at(self, places: Sequence[tuple[int, float]]) -> Tensor:
        """The pictures at shares of paths (N, 3, H, W)."""
        index = torch.tensor([path for path, _ in places])
        share = torch.tensor([share for _, share in places], dtype=torch.float64)
        return self.starts[index] + share.to(self.starts).view(-1, 1, 1, 1) * self.ways[index]

    def _measure(self, pieces: Sequence[Piece]) -> None:
        """The scores at the borders that are new, by passes forward alone."""
        borders = dict.fromkeys(border for piece in pieces for border in piece.borders())
        places = [border for border in borders if border not in self.scores]
        with torch.no_grad():
            for part in batches(len(places), self.size):
                scores = self.case.score(self._at(places[part])).tolist()
                self.scores.update(zip(places[part], scores, strict=True))

    def _change(self, piece: Piece) -> float:
        start, end = (self.scores[border] for border in piece.borders())
        return end - start

    def _judge(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            found = (piece.gradient * self.ways[piece.path]).sum(dtype=torch.float64)
            piece.error = float(found) - self._change(piece)
