"""Architectures of timm with random weights, as networks of ours beside timm's own."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from phosphene.networks import zoo
from phosphene.networks.network import Network
from phosphene.networks.weights import Source

SOURCE = Source("random", Path("random"), "folder", "random", None, "", "none")


def randomized(body: nn.Module) -> None:
    """Nothing stays zero or one, so that every branch, norm and scale counts."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in body.parameters():
            if parameter.numel() > 1 and parameter.std() == 0:
                parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
        for module in body.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1, generator=generator)
                module.running_var.uniform_(0.5, 1.5, generator=generator)


def pair(name: str) -> tuple[Network, nn.Module]:
    """A network and the model that it was made from, in eval mode."""
    torch.manual_seed(0)
    architecture = zoo.architecture(name)
    randomized(architecture.body)
    model = deepcopy(architecture.body).eval()
    cpu = torch.device("cpu")
    return Network(name, architecture, source=SOURCE, device=cpu, dtype=torch.float32), model


def noise(height: int, width: int) -> Tensor:
    """A picture (1, 3, height, width) in [0, 1]."""
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(1))


@dataclass(frozen=True)
class Check:
    """The default tap and the shape of its maps, the relative error of the logits, the gradient
    that reaches the pixels from the tap and the logits (the smaller of the two).
    """

    tap: str
    shape: tuple[int, ...]
    error: float
    gradient: float


def check(name: str) -> Check:
    """Our network against timm's; pictures of a size that is not its own for the gradient."""
    network, model = pair(name)
    side = network.side or max(160, network.tap(network.default_tap).min_side)
    picture = noise(side, side)
    with torch.no_grad():
        expected = model((picture - network.mean) / network.std)
        logits = network.logits(picture)
    error = float((logits - expected).abs().max() / expected.abs().max())
    tap = network.default_tap
    x = noise(side + 32, side).requires_grad_()
    gradients = []
    for layer in (tap, "logits"):
        values = network.acts(x, [layer])[layer]
        (gradient,) = torch.autograd.grad(values.square().mean(), x)
        gradients.append(float(gradient.abs().mean()))
        if layer == tap:
            shape = tuple(values.shape[1:])
    return Check(tap, shape, error, min(gradients))
