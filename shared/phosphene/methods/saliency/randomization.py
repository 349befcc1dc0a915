"""Does a map need what the network has learned? Its weights are redrawn, layer by layer."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor, nn

from phosphene.images.metrics import ssim
from phosphene.methods.saliency.agreement import spearman
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Estimate
from phosphene.methods.saliency.maps import normalized, reduced
from phosphene.networks.network import Network
from phosphene.networks.walks import Recent
from phosphene.networks.winograd import Winograd

STAGES = 6


@dataclass(frozen=True)
class Stage:
    """A map (1, C, H, W) after `layers` layers from the last one up were redrawn.

    `signed` and `absolute` are Spearman's correlations with the map of the trained network, of the
    sums over colors and of the largest magnitudes; `structure` is the SSIM of these.
    """

    layers: int
    name: str
    values: Tensor
    signed: float
    absolute: float
    structure: float


def cascade(
    case: Case,
    attribute: Callable[[Case], Iterator[Estimate]],
    original: Tensor,
    generator: Generator,
    stages: int = STAGES,
) -> Iterator[Estimate | Stage]:
    """The map of a network that forgets, from its last layer to its first (arXiv 1810.03292).

    `attribute` makes the map of a case and `original` (1, C, H, W) is that of the trained network;
    its estimates come before each stage. The network is a copy that is dropped afterwards.
    """
    forgetful = duplicate(case.network)
    layers = weighted(forgetful)[::-1]
    done = 0
    for end in ends(len(layers), stages):
        for _, layer in layers[done:end]:
            redraw(layer, generator)
        done = end
        for estimate in attribute(replace(case, network=forgetful)):
            yield estimate
        yield compared(end, layers[end - 1][0], estimate.values, original)


def compared(layers: int, name: str, values: Tensor, original: Tensor) -> Stage:
    """A map beside the trained network's."""
    one, other = values.sum(1), original.sum(1)
    sizes = [reduced(part, False) for part in (values, original)]
    return Stage(
        layers,
        name,
        values,
        spearman(one, other),
        spearman(*sizes),
        ssim(brightness(values), brightness(original)),
    )


def brightness(values: Tensor) -> Tensor:
    """The magnitude of a map as a picture (1, 1, H, W) in [0, 1]."""
    return normalized(reduced(values, False), False)[None, None]


def ends(count: int, stages: int) -> list[int]:
    """After how many of `count` layers to look: the last one alone, then even parts of the rest."""
    parts = max(min(stages, count) - 1, 1)
    return sorted({1} | {1 + (count - 1) * part // parts for part in range(parts + 1)})


def duplicate(network: Network) -> Network:
    """A network of the same layers whose weights are its own; the original is only read."""
    twin = copy.copy(network)
    twin._modules = {**network._modules, "body": copy.deepcopy(network.body)}
    twin._walks, twin._halves, twin._ruled = Recent(), Recent(), {}
    twin._lock = threading.Lock()
    return twin


def weighted(network: Network) -> list[tuple[str, nn.Module]]:
    """The layers that have weights of their own, in their order."""
    return [
        (name, module)
        for name, module in network.body.named_modules()
        if next(module.parameters(recurse=False), None) is not None
    ]


def redraw(layer: nn.Module, generator: Generator) -> None:
    """Normal weights of the same mean and spread as the learned ones, so that signals keep size."""
    with torch.no_grad():
        for weight in layer.parameters(recurse=False):
            learned = weight.float()
            spread = learned.std() if learned.numel() > 1 else learned.new_zeros(())
            drawn = torch.randn(weight.shape, generator=generator).to(learned)
            weight.copy_(learned.mean() + spread * drawn)
    if isinstance(layer, Winograd):
        layer.values = None  # computed from the learned weights
