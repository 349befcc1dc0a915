"""Deletion and insertion: does the answer follow the pixels that a map calls important?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from phosphene.methods.saliency.baselines import baseline
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.masking import asked

STEPS = 32


@dataclass(frozen=True)
class Curves:
    """Probabilities after each share of pixels (steps + 1,), deleted and inserted.

    A good map has a small area under the first and a large one under the second (arXiv 1806.07421).
    """

    deleted: Tensor
    inserted: Tensor

    @property
    def deletion(self) -> float:
        """The area under the deletion curve, over shares of pixels from 0 to 1."""
        return area(self.deleted)

    @property
    def insertion(self) -> float:
        """The area under the insertion curve, over shares of pixels from 0 to 1."""
        return area(self.inserted)


def area(values: Tensor) -> float:
    """The trapezoid rule over [0, 1] for values at even distances."""
    return float(torch.trapezoid(values.double())) / (len(values) - 1)


def order(importance: Tensor) -> Tensor:
    """How many pixels are more important than each one of a map (H, W), ties in reading order."""
    first = importance.flatten().argsort(descending=True, stable=True)
    place = torch.empty_like(first)
    place[first] = torch.arange(len(first), device=first.device)
    return place.view_as(importance)


def curves(
    case: Case, options: Options, importance: Tensor, steps: int = STEPS
) -> Iterator[Curves | None]:
    """Nothing after each batch of passes, at last the curves of a map (H, W).

    Pixels are deleted to the network's mean color, 0 after its normalization, and inserted into
    the blurred picture, the most important ones first, in steps of even size.
    """
    places = order(importance.to(case.x.device))
    counts = torch.arange(steps + 1, device=places.device) * places.numel() // steps
    sides = []
    for name, inserting in (("mean", False), ("blur", True)):

        def shares(part: slice, inserting: bool = inserting) -> Tensor:
            early = places < counts[part, None, None, None]
            return (early == inserting).to(case.x)

        fill = baseline(case, name)
        chances = []
        for _, _, answers, _ in asked(case, options, steps + 1, shares, fill, case.chance):
            chances.append(answers)
            yield None
        sides.append(torch.cat(chances))
    yield Curves(*sides)


def random_map(case: Case, generator: torch.Generator) -> Tensor:
    """The first row to compare with: a map (H, W) that knows nothing."""
    height, width = case.x.shape[-2:]
    return torch.rand(height, width, generator=generator)


def center_blob(case: Case) -> Tensor:
    """The second: a map (H, W) that knows where photographers put things."""
    height, width = case.x.shape[-2:]
    down, across = (torch.linspace(-1, 1, side) for side in (height, width))
    return (-2 * (down[:, None] ** 2 + across**2)).exp()
