"""Coarse to fine: rounds of descent on one picture, each from the picture of the one before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Progress
from phosphene.optimize.canvas import Pixels
from phosphene.optimize.descend import Optimizer, descend
from phosphene.optimize.losses import Loss

Search: TypeAlias = Literal["both", "lbfgs", "adam"]

COARSEST = 128
"""Pixels of the longer side at which a painting begins: its first preview comes at once."""
PATIENCE = 3
"""Steps of Adam that are worth one of L-BFGS."""
TAPER = 0.25
"""The power of its distance to the full size by which a coarser one takes more steps."""


@dataclass(frozen=True)
class Round:
    """Some steps of one optimizer at one size."""

    height: int
    width: int
    steps: int
    optimizer: Optimizer


def octave_sizes(height: int, width: int, count: int, scale: float) -> list[tuple[int, int]]:
    """`count` picture sizes (height, width), each `scale` times the one before, the full last."""
    return [
        (round(height / scale**level), round(width / scale**level))
        for level in reversed(range(count))
    ]


def sizes_up_to(
    height: int, width: int, min_side: int, ratio: float = 2**0.5
) -> list[tuple[int, int]]:
    """Picture sizes from coarse to full, none with a side under `min_side` but the full one."""
    start = max(COARSEST, math.ceil(min_side * max(height, width) / min(height, width)))
    levels = max(0, math.floor(math.log(max(height, width) / start) / math.log(ratio) + 0.25))
    return octave_sizes(height, width, levels + 1, ratio)


def schedule(
    sizes: Sequence[tuple[int, int]], steps: int, rounds: int = 1, search: Search = "both"
) -> list[Round]:
    """Rounds through the sizes, the last one `rounds` times; coarse sizes are cheap and take more.

    "both" begins with Adam, at the coarsest size, which leaves the start's colors behind, and goes
    on with L-BFGS, which needs a third of the steps and is lost where it begins with a photograph.
    """
    full = sizes[-1]
    plan = []
    for index, (height, width) in enumerate([*sizes, *[full] * (rounds - 1)]):
        adam = search == "adam" or (search == "both" and index == 0)
        count = steps * (full[0] / height) ** TAPER * (PATIENCE if adam else 1)
        plan.append(Round(height, width, round(count), "adam" if adam else "lbfgs"))
    return plan


def paint(
    start: Tensor,
    plan: Sequence[Round],
    loss_at: Callable[[int, int], Loss],
    *,
    lr: float = 0.05,
    average: float = 0.9,
    finish: Callable[[Tensor], Tensor] = lambda x: x,
    detail: Tensor | None = None,
) -> Iterator[Frame]:
    """Frames of the rounds, the loss made once per size; `lr` and `average` are Adam's.

    Each round starts from the last one's picture in 8 bits and from nothing else: a fresh
    optimizer, Adam's step falling to zero (warm restarts, arXiv 1608.03983). So whoever has the
    picture can take up where it ended, and gets what one longer run would have given. On its way
    to a larger size it is given what `detail`, a picture of the full size, has there and had not
    at the smaller one, as DeepDream's octaves are: that need not be found again.
    """
    progress = Progress(sum(part.steps for part in plan))
    full, size, loss = (plan[-1].height, plan[-1].width), None, None
    picture = start
    for part in plan:
        if loss is None or size != (part.height, part.width):
            size, loss = (part.height, part.width), loss_at(part.height, part.width)
        canvas = Pixels(_carried(picture, size, detail))
        adam = part.optimizer == "adam"
        run = descend(
            canvas,
            loss,
            steps=part.steps,
            optimizer=part.optimizer,
            lr=lr if adam else 1.0,
            betas=(0.9, 0.99),
            schedule=_restart if adam else None,
            average=average if adam else 0.0,
            render=lambda x: images.to_image(finish(images.scaled(x, *full))),
        )
        for frame, painted in run:
            picture = painted
            yield progress.of(frame, f"{part.width}×{part.height} pixels")
        picture = images.to_tensor(images.to_image(finish(picture)), start.device)


def _carried(picture: Tensor, size: tuple[int, int], detail: Tensor | None) -> Tensor:
    if detail is None:
        return images.scaled(picture, *size)
    beyond = picture - images.scaled(detail, *picture.shape[-2:])
    return (images.scaled(detail, *size) + images.enlarged(beyond, *size)).clamp(0, 1)


def _restart(progress: float) -> float:
    """Up in a tenth of the round, then down to nothing along a cosine."""
    if progress < 0.1:
        return 0.1 + 9 * progress
    return 0.5 + 0.5 * math.cos(math.pi * (progress - 0.1) / 0.9)
