"""The network asked about many partly covered versions of one picture, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Options, batch_size


def covered(x: Tensor, fill: Tensor, shares: Tensor) -> Tensor:
    """Pictures (N, 3, H, W): `x` where the shares (N, 1, H, W) are 1, the fill where they are 0."""
    return torch.lerp(fill, x, shares)


def asked(
    case: Case,
    options: Options,
    count: int,
    shares: Callable[[slice], Tensor],
    fill: Tensor,
    ask: Callable[[Tensor], Tensor],
) -> Iterator[tuple[slice, Tensor, Tensor, Tensor]]:
    """Batches of `count` coverings: which of them, their shares, the answers (n,), the last one.

    `shares` makes those of a slice (n, 1, H, W) when it is their turn, so that memory is bounded
    by one batch.
    """
    size = batch_size(case, options)
    for start in range(0, count, size):
        part = slice(start, min(start + size, count))
        with torch.no_grad():
            seen = shares(part)
            pictures = covered(case.x, fill, seen)
            answers = ask(pictures)
        yield part, seen, answers, pictures[-1:]
