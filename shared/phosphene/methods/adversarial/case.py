"""What every method begins with: the picture, what the network says of it, what it is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.methods.adversarial.goals import Criterion, Goal, View, cross_entropy
from phosphene.methods.adversarial.report import first
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import listed_classes

CLASSES = listed_classes()
OTHER = "any other class"


@dataclass(frozen=True)
class Case:
    """A picture (1, 3, H, W) in 8 bits, the network's verdict, and the class that is wished for."""

    network: Network
    image: Image.Image
    original: Tensor
    before: Mapping[str, float]
    label: int
    target: int | None
    note: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """The two curves of a plot."""
        wish = OTHER if self.target is None else self.network.label(self.target)
        return self.network.label(self.label), wish

    def goal(
        self,
        confidence: float = 0.0,
        *,
        keep: str = "first",
        criterion: Criterion = cross_entropy,
        views: Sequence[View] = (),
        networks: Sequence[Network] = (),
    ) -> Goal:
        """To be taken for the target, or for anything but what it is taken for now."""
        label = self.label if self.target is None else self.target
        return Goal(
            networks or (self.network,),
            self.original,
            torch.tensor([label], device=self.network.device),
            self.target is not None,
            confidence,
            criterion,
            views,
            keep,
            names=self.names,
            leaves=self.label,
        )


def prepare(
    image: ImageLike,
    target: str,
    size: int,
    network: str,
    device: str | None,
    truth: str = "",
) -> Case:
    """The case of a picture; InputError for a target that the network sees already."""
    net = load_network(network, device=device)
    goal = net.find_class(target) if target else None
    true = net.find_class(truth) if truth else None
    net.find_class(0)  # says so where a network has no classes
    picture = images.load(image, size)
    x = images.to_tensor(picture, net.device)
    verdict = net.verdict(x)
    name, chance = first(verdict)
    label = net.find_class(name)
    if goal == label:
        raise InputError(
            f"target is {name}, which is what the network sees already ({chance:.0%}); "
            "choose another class, or leave it empty for any other"
        )
    note = ""
    if true is not None and true != label:
        note = f"the network takes this {net.label(true)} for {name} already; going on from there"
    return Case(net, picture, x, verdict, label, goal, note)
