"""Several kinds of one thing: example pictures parted into kinds, each a place to begin.

Nguyen, Yosinski and Clune, Multifaceted Feature Visualization, arXiv 1602.03616: a unit that
answers to many kinds of picture is drawn once from the mean of each kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.images.filters import blur
from phosphene.networks.network import Network

MOST = 24
"""Example pictures that are read at most."""
TYPICAL = 15
"""Examples nearest to the middle of their kind that are averaged: the paper's number."""
_SIDE = 160  # pixels at which the network looks at an example
_DRAWS = 8


def beginnings(
    examples: Sequence[ImageLike], net: Network, side: int, count: int, generator: torch.Generator
) -> Tensor:
    """Examples -> the mean pictures (count, 3, side, side) of as many kinds, largest first.

    Soft and pale, so that they say where things are and leave the rest to be drawn.
    InputError for fewer examples than kinds, or more than `MOST`.
    """
    if not count <= len(examples) <= MOST:
        few = len(examples) < count
        remedy = "add some, or grow fewer pictures" if few else f"choose at most {MOST}"
        raise InputError(f"{len(examples)} example pictures for {count} to grow; {remedy}")
    pictures = [images.load(example) for example in examples]
    kinds, away = parted(meanings(pictures, net), count, generator)
    shown = _squares(pictures, side)
    means = []
    for kind in range(count):
        members = (kinds == kind).nonzero().flatten()
        typical = members[away[members].argsort()][:TYPICAL]
        means.append(shown[typical].mean(0))
    soft = blur(torch.stack(means), 0.03 * side)
    return 0.5 + 0.4 * (soft - 0.5)


def meanings(pictures: Sequence[Image.Image], net: Network) -> Tensor:
    """How much of each channel of the deep tap the pictures have, as directions (N, C)."""
    tap, found = net.default_tap, []
    for square in _squares(pictures, max(_SIDE, net.tap(tap).minimum)):
        with torch.no_grad():
            acts = net.acts(square[None].to(net.device), [tap])[tap]
        found.append(acts.float().mean((2, 3)).cpu())
    return F.normalize(torch.cat(found))


def parted(points: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points (N, D), N >= count -> the kind of each, largest first, and how far from its mean.

    K-means from several draws of the first means, the tightest kept; no kind is empty.
    """
    draws = [_settled(points, _spread_out(points, count, generator)) for _ in range(_DRAWS)]
    kinds, away = min(draws, key=lambda draw: float(draw[1].square().sum()))
    sizes = torch.bincount(kinds, minlength=count)
    return sizes.argsort(descending=True, stable=True).argsort()[kinds], away


def _squares(pictures: Sequence[Image.Image], side: int) -> Tensor:
    """The middles of pictures, (N, 3, side, side)."""
    return torch.cat(
        [images.to_tensor(ImageOps.fit(picture, (side, side))) for picture in pictures]
    )


def _spread_out(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """First means: points drawn the likelier the further they are from those before."""
    free = torch.ones(len(points))
    chosen: list[int] = []
    weights = free
    while len(chosen) < count:
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
        free[chosen] = 0
        # The small constant lets a twin be drawn where there is nothing else.
        weights = free * (torch.cdist(points, points[chosen]).amin(1).square() + 1e-9)
    return points[chosen]


def _settled(points: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Every point with its nearest mean, every mean amid its points, until nothing moves."""
    kinds = torch.full((len(points),), -1)
    for _ in range(50):
        distances = torch.cdist(points, means)
        found = _peopled(distances)
        if torch.equal(found, kinds):
            break
        kinds = found
        means = torch.stack([points[kinds == kind].mean(0) for kind in range(len(means))])
    return kinds, torch.cdist(points, means).gather(1, kinds[:, None])[:, 0]


def _peopled(distances: Tensor) -> Tensor:
    """The nearest mean of each point; a mean without points takes one that sits badly."""
    kinds = distances.argmin(1)
    for kind in range(distances.shape[1]):
        sizes = torch.bincount(kinds, minlength=distances.shape[1])
        if not sizes[kind]:
            misfit = (distances.amin(1) + 1e-9) * (sizes[kinds] > 1)
            kinds[misfit.argmax()] = kind
    return kinds
