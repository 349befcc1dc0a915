"""An integral of gradients over straight paths, finer where it is not yet right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import batches
from phosphene.methods.saliency.gradients import slopes

POINTS = 3
"""Gauss-Legendre points of one piece of a path; the middle one is the border of its halves."""


@dataclass
class Piece:
    """A path from a baseline between two shares of the way, and the mean gradient found there."""

    path: int
    start: float
    end: float
    points: int
    gradient: Tensor
    ends: list[float] = field(default_factory=list)
    """The scores where it starts and ends."""
    middle: float = math.nan
    error: float = math.nan
    """How far the attributions of this piece are from the change of the score along it."""

    def rule(self) -> list[tuple[float, float]]:
        """Places on the path and their weights, by Gauss and Legendre."""
        nodes, weights = np.polynomial.legendre.leggauss(self.points)
        half = (self.end - self.start) / 2
        centre = (self.end + self.start) / 2
        return [(centre + half * n, half * w) for n, w in zip(nodes, weights, strict=True)]

    def halves(self) -> list[Piece]:
        """The piece in two, the score at the border being known."""
        border = (self.start + self.end) / 2
        first, last = self.ends
        spans = (
            (self.start, border, [first, self.middle]),
            (border, self.end, [self.middle, last]),
        )
        return [
            Piece(self.path, start, end, POINTS, torch.zeros_like(self.gradient), ends)
            for start, end, ends in spans
        ]


class Integral:
    """Integrated gradients over pieces of paths: where completeness fails, pieces are halved.

    The change of the score along each piece is known, so steps go where they are needed.
    """

    def __init__(self, case: Case, starts: Tensor, pieces: int, points: int) -> None:
        self.case, self.starts, self.spent = case, starts, 0
        self.ways = case.x - starts
        empty = torch.zeros_like(case.x)
        borders = [index / pieces for index in range(pieces + 1)]
        self.pieces = [
            Piece(path, start, end, points, empty.clone())
            for path in range(len(starts))
            for start, end in pairwise(borders)
        ]

    def at(self, places: Sequence[tuple[int, float]]) -> Tensor:
        """The pictures at shares of paths (N, 3, H, W)."""
        index = torch.tensor([path for path, _ in places])
        share = torch.tensor([share for _, share in places], dtype=torch.float64)
        return self.starts[index] + share.to(self.starts).view(-1, 1, 1, 1) * self.ways[index]

    def measure_ends(self, size: int) -> None:
        """The scores at the borders of all pieces, by passes forward alone."""
        places = list(dict.fromkeys(_border(p, s) for p in self.pieces for s in (p.start, p.end)))
        scores: list[float] = []
        with torch.no_grad():
            for part in batches(len(places), size):
                scores += self.case.score(self.at(places[part])).tolist()
        found = dict(zip(places, scores, strict=True))
        for piece in self.pieces:
            piece.ends = [found[_border(piece, share)] for share in (piece.start, piece.end)]

    def walk(self, pieces: Sequence[Piece], size: int) -> Iterator[tuple[Tensor, int]]:
        """The gradients of pieces, a batch at a time: the last picture, how many are left."""
        todo = [(piece, *place) for piece in pieces for place in piece.rule()]
        for part in batches(len(todo), size):
            chosen = todo[part]
            x = self.at([(piece.path, share) for piece, share, _ in chosen])
            scores, gradients = slopes(self.case, x)
            for index, (piece, share, weight) in enumerate(chosen):
                piece.gradient += weight * gradients[index]
                if math.isclose(share, (piece.start + piece.end) / 2):
                    piece.middle = float(scores[index])
            self.spent += len(chosen)
            yield x[-1:], len(todo) - part.stop
        for piece in pieces:
            found = (piece.gradient * self.ways[piece.path]).sum(dtype=torch.float64)
            piece.error = float(found) - (piece.ends[1] - piece.ends[0])

    def values(self) -> Tensor:
        """The attributions (1, 3, H, W): the mean over the paths."""
        total = torch.zeros_like(self.case.x)
        for piece in self.pieces:
            total += piece.gradient * self.ways[piece.path]
        return total / len(self.starts)

    @property
    def change(self) -> float:
        """By how much the score rises from the baselines to the picture, all paths together."""
        return sum(piece.ends[1] - piece.ends[0] for piece in self.pieces)

    @property
    def error(self) -> float:
        """The completeness error in percent of that rise; it is 0 where nothing is missing."""
        missing = abs(sum(piece.error for piece in self.pieces))
        return 100 * missing / max(abs(self.change), 1e-6)

    def worst(self, most: int) -> list[Piece]:
        """Pieces to halve: by their errors, as many as make up nearly all of it."""
        order = sorted(self.pieces, key=lambda piece: -abs(piece.error))
        total = sum(abs(piece.error) for piece in order)
        chosen: list[Piece] = []
        while len(chosen) < most and sum(abs(p.error) for p in chosen) < 0.8 * total:
            chosen.append(order[len(chosen)])
        return chosen

    def halve(self, chosen: Sequence[Piece]) -> list[Piece]:
        """Put halves where the pieces were; those are yet to be walked."""
        halves = [half for piece in chosen for half in piece.halves()]
        gone = set(map(id, chosen))
        self.pieces = [piece for piece in self.pieces if id(piece) not in gone] + halves
        return halves


def _border(piece: Piece, share: float) -> tuple[int, float]:
    """A place on a path; every path ends at the picture itself, which is asked about once."""
    return (piece.path, share) if share < 1 else (0, 1.0)
