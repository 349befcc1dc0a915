"""What every attribution begins with: a picture, a network, and the score that is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import listed_classes
from phosphene.optimize.objectives import parse
from phosphene.optimize.terms import Activation

CLASSES = listed_classes()


@dataclass(frozen=True)
class Case:
    """A picture (1, 3, H, W) in [0, 1], the network, and what is asked about as a sum of terms."""

    network: Network
    image: Image.Image
    x: Tensor
    before: Mapping[str, float]
    terms: tuple[Activation, ...]

    @property
    def name(self) -> str:
        """What is asked about, for people."""
        names = [term.name.removeprefix("class:") for term in self.terms]
        return " rather than ".join(names) if self.contrasted else " + ".join(names)

    @property
    def contrasted(self) -> bool:
        """Whether one class is asked about against another."""
        return len(self.terms) == 2 and self.terms[1].weight < 0

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the score reads."""
        return tuple(dict.fromkeys(term.layer for term in self.terms))

    def score(self, x: Tensor, network: Network | None = None) -> Tensor:
        """Pictures (N, 3, H, W) -> scores (N,), float32: logits for classes, before the softmax.

        `network` is another of the same layers, such as one with other rules backwards.
        """
        return self.total((network or self.network).acts(x, self.layers))

    def total(self, acts: Mapping[str, Tensor]) -> Tensor:
        """Scores (N,) from the activations at the layers that the score reads."""
        return torch.stack([term.weight * score(term, acts) for term in self.terms]).sum(0)

    def chance(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) -> probabilities (N,) for classes, scores for anything else.

        Of a class against another: the one's probability less the other's.
        """
        if self.layers != ("logits",):
            return self.score(x)
        acts = {"logits": self.network.logits(x).softmax(-1)}
        return self.total(acts)


def score(term: Activation, acts: Mapping[str, Tensor]) -> Tensor:
    """One term of each picture (N,): a class's logit, the mean of channels, neurons, a layer."""
    features = acts[term.layer].float()
    if not term.channels:
        return features.flatten(1).square().mean(1) / 2
    chosen = features[:, list(term.channels)]
    if term.center and chosen.ndim == 4:
        chosen = chosen[:, :, chosen.shape[2] // 2, chosen.shape[3] // 2]
    return chosen.flatten(1).mean(1)


def prepare(
    image: ImageLike,
    target: str,
    versus: str,
    size: int,
    network: str | Network,
    device: str | None,
) -> Case:
    """The case of a picture; InputError for what the network does not know.

    `target` is a class, or a layer, a channel, a neuron as an objective's text; empty: the
    network's first choice. `versus` is a class that the target is held against.
    """
    net = network if isinstance(network, Network) else load_network(network, device=device)
    picture = images.load(image, size)
    x = images.to_tensor(picture, net.device)
    before = net.verdict(x)
    if not target and not before:
        raise InputError(
            f"{net.name} has no classes; name a layer of it, such as {net.default_tap}"
        )
    terms = [term_of(target or next(iter(before)), net)]
    if versus:
        terms.append(term_of(versus, net, weight=-1.0))
        if terms[0].name == terms[1].name:
            raise InputError(f"versus is {versus}, as the target is; choose another class")
    height, width = x.shape[-2:]
    for term in terms:
        net.check_size(term.layer, height, width)
    return Case(net, picture, x, before, tuple(terms))


def term_of(text: str, network: Network, weight: float = 1.0) -> Activation:
    """A class's name, or LAYER, LAYER:CHANNELS, LAYER:CHANNEL@center, as a term."""
    layer = text.partition(":")[0].strip()
    written = text if ":" in text or layer in network.taps else f"class:{text}"
    terms = parse(written, network).terms
    if len(terms) != 1 or not isinstance(terms[0], Activation):
        raise InputError(f"target is {text[:60]!r}; name one class, layer, channel or neuron")
    return replace(terms[0], weight=weight)
