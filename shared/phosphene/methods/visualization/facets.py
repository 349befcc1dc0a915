"""Several kinds of one thing: example pictures in clusters, each a place to begin.

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


def facet_images(
    examples: Sequence[ImageLike], net: Network, side: int, count: int, generator: torch.Generator
) -> Tensor:
    """Examples -> the mean pictures (count, 3, side, side) of as many kinds, largest first.

    Soft and pale, so that they say where things are and leave the rest to be drawn.
    InputError for fewer examples than kinds.
    """
    if len(examples) < count:
        raise InputError(
            f"{len(examples)} example pictures for {count} to grow; add some, or grow fewer"
        )
    pictures = [images.load(example) for example in examples]
    kinds, distances = cluster(embeddings(pictures, net), count, generator)
    squares = _squares(pictures, side)
    means = []
    for kind in range(count):
        members = (kinds == kind).nonzero().flatten()
        typical = members[distances[members].argsort()][:TYPICAL]
        means.append(squares[typical].mean(0))
    soft = blur(torch.stack(means), 0.03 * side)
    return 0.5 + 0.4 * (soft - 0.5)


def embeddings(pictures: Sequence[Image.Image], net: Network) -> Tensor:
    """How much of each channel of the default layer the pictures have, as directions (N, C)."""
    layer, vectors = net.default_tap, []
    for square in _squares(pictures, max(_SIDE, net.tap(layer).min_side)):
        with torch.no_grad():
            acts = net.acts(square[None].to(net.device), [layer])[layer]
        vectors.append(acts.float().mean((2, 3)).cpu())
    return F.normalize(torch.cat(vectors))


def cluster(points: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points (N, D), N >= count -> the kind of each, largest first, and how far from its mean.

    K-means from several draws of the first means, the tightest kept; no kind is empty.
    """
    draws = [_k_means(points, _first_means(points, count, generator)) for _ in range(_DRAWS)]
    kinds, distances = min(draws, key=lambda draw: float(draw[1].square().sum()))
    sizes = torch.bincount(kinds, minlength=count)
    return sizes.argsort(descending=True, stable=True).argsort()[kinds], distances


def _squares(pictures: Sequence[Image.Image], side: int) -> Tensor:
    """The middles of pictures, (N, 3, side, side)."""
    return torch.cat(
        [images.to_tensor(ImageOps.fit(picture, (side, side))) for picture in pictures]
    )


def _first_means(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Points drawn the likelier the further they are from those before (k-means++)."""
    free = torch.ones(len(points))
    chosen: list[int] = []
    weights = free
    while len(chosen) < count:
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
        free[chosen] = 0
        # The small constant lets a twin be drawn where there is nothing else.
        weights = free * (torch.cdist(points, points[chosen]).amin(1).square() + 1e-9)
    return points[chosen]


def _k_means(points: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Every point with its nearest mean, every mean amid its points, until nothing moves."""
    kinds = torch.full((len(points),), -1)
    for _ in range(50):
        distances = torch.cdist(points, means)
        nearest = _assigned(distances)
        if torch.equal(nearest, kinds):
            break
        kinds = nearest
        means = torch.stack([points[kinds == kind].mean(0) for kind in range(len(means))])
    return kinds, torch.cdist(points, means).gather(1, kinds[:, None])[:, 0]


def _assigned(distances: Tensor) -> Tensor:
    """The nearest mean of each point; a mean without points takes one that sits badly."""
    kinds = distances.argmin(1)
    for kind in range(distances.shape[1]):
        sizes = torch.bincount(kinds, minlength=distances.shape[1])
        if not sizes[kind]:
            misfit = (distances.amin(1) + 1e-9) * (sizes[kinds] > 1)
            kinds[misfit.argmax()] = kind
    return kinds
