"""What attributions have in common: the estimate they make surer, their options, their batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from phosphene.methods.saliency.case import Case


@dataclass(frozen=True)
class Estimate:
    """An attribution so far, after `done` of `of` passes; the last one is the result.

    `values` is (1, C, H, W) of the picture's height and width, float32, C 3 or 1. `shown` is the
    picture (1, 3, H, W) that the network was asked about last, where that says something; `metrics`
    are measures of the attribution itself, such as its completeness error.
    """

    values: Tensor
    done: int = 1
    of: int = 1
    shown: Tensor | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """Settings of the attributions; each reads those that it knows, 0 means its own default.

    `noise` is in percent of the range, `window` and `stride` in pixels, `layer` that of the CAM
    family (empty: the last one with places), `memory` the bytes that a batch may take.
    """

    samples: int = 0
    noise: float = 15
    baseline: str = "black"
    window: int = 32
    stride: int = 16
    layer: str = ""
    cells: int = 7
    keep: float = 0.5
    segments: int = 50
    seed: int = 0
    memory: int = 576 * 2**20

    def generator(self) -> torch.Generator:
        """One of its own for each run."""
        return torch.Generator().manual_seed(self.seed)


def batch_size(case: Case, options: Options) -> int:
    """Pictures of the case's size that one pass may hold: 8 of 224 pixels by default.

    Counted for the way back, where all activations are kept; a pass forward alone takes less.
    """
    height, width = case.x.shape[-2:]
    return int(min(max(options.memory // case.network.footprint(height, width), 1), 64))


def batches(count: int, size: int) -> Iterator[slice]:
    """0 to `count` in slices of at most `size`."""
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


Run: TypeAlias = Callable[[Case, Options], Iterator[Estimate]]


@dataclass(frozen=True)
class Attribution:
    """A way of asking: its generator and what to know of it.

    `signed`: whether the sign of the summed map means for or against; where not, the map is the
    largest magnitude over the channels. `passes` is about how many forward passes the default
    takes (cheap ones come first in a grid), `about` a sentence on what it does, `caution` one on
    how it can mislead, `paper` its arXiv id, `options` the fields of Options that it reads.
    """

    run: Run
    title: str
    signed: bool
    passes: int
    about: str
    caution: str
    paper: str
    options: tuple[str, ...] = ()
