"""Five photographs as cases, on our network and, for peers, on timm's own, both in float64.

In float32 a ReLU near 0 may be open for one and shut for the other.
"""

from __future__ import annotations

from functools import cache

import torch
from PIL import ImageOps
from torch import nn

from phosphene import images, load_network
from phosphene.methods.saliency.case import Case, term_of
from phosphene.networks import weights, zoo
from phosphene.networks.network import Network
from tests.methods.adversarial.pictures import PATHS
from tests.networks.random_weights import SOURCE
from tests.pictures import PALACE

PICTURES = (*PATHS, PALACE)
TARGETS = ("koala", "toaster")
SIDE = 96


def last(estimates):
    """What an attribution ends with."""
    for estimate in estimates:  # noqa: B007 (the last one is the result)
        pass
    assert estimate.done == estimate.of
    return estimate


def relative(ours, theirs):
    """The largest difference over the largest value; where all of them are 0, over 1."""
    theirs = torch.as_tensor(theirs)
    largest = float(theirs.abs().max()) or 1.0
    return float((ours.double() - theirs.double()).abs().max()) / largest


def case_of(network, x, target="", versus=""):
    """What is asked about on a picture (1, 3, H, W)."""
    terms = [term_of(target or "koala", network)]
    if versus:
        terms.append(term_of(versus, network, weight=-1.0))
    return Case(network, images.to_image(x.float()), x, {}, tuple(terms))


@cache
def squares(side=SIDE):
    """The photographs cut to squares (5, 3, side, side)."""
    cut = [ImageOps.fit(images.load(path), (side, side)) for path in PICTURES]
    return torch.cat([images.to_tensor(square) for square in cut])


class Doubled(Network):
    """In float64 convolutions are the slower for channels that come last."""

    def normalize(self, x):
        return super().normalize(x).contiguous()


@cache
def doubled():
    """EfficientNet-Lite0 in float64, folded in it too."""
    architecture = built()
    cpu, name = torch.device("cpu"), "efficientnet_lite0"
    network = Doubled(name, architecture, source=SOURCE, device=cpu, dtype=torch.float64)
    network.body.to(memory_format=torch.contiguous_format)
    return network


def built():
    """EfficientNet-Lite0 as timm builds it, in float64."""
    architecture = zoo.architecture("efficientnet_lite0")
    state = weights.load(weights.fetch("efficientnet_lite0"), torch.device("cpu"))
    state = dict(zip(architecture.body.state_dict(), state.values(), strict=True))
    architecture.body.load_state_dict(state)
    architecture.body.double()
    return architecture


class Peer(nn.Module):
    """timm's model as peers take one, of pictures in [0, 1]."""

    def __init__(self):
        super().__init__()
        self.body = built().body.eval().requires_grad_(False)
        for module in self.body.modules():
            if hasattr(module, "inplace"):
                module.inplace = False

    def forward(self, x):
        return self.body((x - 0.5) / 0.5)


@cache
def peer():
    return Peer()


def cases(side=SIDE):
    """Five pictures of two classes each, with their indices."""
    network = doubled()
    for x in squares(side).double().split(1):
        for target in TARGETS:
            yield case_of(network, x, target), network.find_class(target)


def single(target="koala", versus="", side=SIDE, index=0):
    """One of the pictures, on the shared network in float32."""
    network = load_network("efficientnet_lite0", device="cpu")
    return case_of(network, squares(side)[index : index + 1], target, versus)
