"""One thing that a picture is to please: a layer, channels, a neuron, a class, or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.networks.network import Network
from phosphene.optimize import losses

Function: TypeAlias = Callable[[Mapping[str, Tensor]], Tensor]
"""Activations by layer (N, C, h, w) or (N, classes), float32 -> a scalar to minimize."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """`weight` times one thing to want."""

    weight: float = 1.0

    @property
    def name(self) -> str:
        """How the term is written, without its weight."""
        raise NotImplementedError

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers to read."""
        raise NotImplementedError

    @property
    def of_classes(self) -> bool:
        """Whether it is about classes, by their scores or their probabilities."""
        return False

    def loss(self, acts: Mapping[str, Tensor]) -> Tensor:
        """Minus what is wanted, unweighted: lower means more of it."""
        raise NotImplementedError

    def size(self, acts: Mapping[str, Tensor]) -> float:
        """The size of this term on a picture: what makes weights of unlike terms comparable."""
        return 1.0

    def resolved(self, network: Network) -> Term:
        """The term with the network's own names; InputError for what the network lacks."""
        raise NotImplementedError


@dataclass(frozen=True)
class Activation(Term):
    """A layer, some of its channels, or the neurons of channels at the center of the map."""

    layer: str
    channels: tuple[int, ...] = ()
    center: bool = False

    @property
    def name(self) -> str:
        """LAYER, LAYER:CHANNELS or LAYER:CHANNELS@center."""
        listed = ":" + ",".join(map(str, self.channels)) if self.channels else ""
        return f"{self.layer}{listed}{'@center' if self.center else ''}"

    @property
    def layers(self) -> tuple[str, ...]:
        """The one layer."""
        return (self.layer,)

    @property
    def of_classes(self) -> bool:
        """Whether the channels are classes."""
        return self.layer in ("logits", "probabilities") and bool(self.channels)

    def loss(self, acts: Mapping[str, Tensor]) -> Tensor:
        """Minus half the mean square of a layer, minus the mean of channels or neurons."""
        features = acts[self.layer]
        if not self.channels:
            return losses.norm(features)
        if self.layer == "probabilities":
            features = _softened(features)
        if self.center and features.ndim == 4:
            return torch.stack([losses.neuron(features, index) for index in self.channels]).mean()
        return losses.channel(features, torch.tensor(self.channels, device=features.device))

    def size(self, acts: Mapping[str, Tensor]) -> float:
        """The mean square of the layer, its root for channels."""
        if self.layer == "probabilities" and self.channels:
            return 1.0
        square = acts[self.layer].detach().float().square().mean().item()
        return max(square if not self.channels else square**0.5, 1e-6)

    def resolved(self, network: Network) -> Term:
        """The same, layer and channels checked."""
        tap = network.tap(self.layer)
        wrong = [index for index in self.channels if not 0 <= index < tap.channels]
        if wrong:
            raise no_channel(tap.name, wrong[0], tap.channels)
        return replace(self, layer=tap.name)


@dataclass(frozen=True, kw_only=True)
class ClassScore(Activation):
    """A class by name or number, whose index the network knows."""

    layer: str = "logits"
    title: str

    @property
    def name(self) -> str:
        """class:NAME."""
        return f"class:{self.title}"

    def resolved(self, network: Network) -> Term:
        """The class with its index and the name that the network has for it."""
        index = network.find_class(self.title)
        return replace(self, channels=(index,), title=network.label(index))


@dataclass(frozen=True, kw_only=True)
class Custom(Term):
    """A function of the activations of some layers; its value counts as it is."""

    function: Function = field(repr=False)
    reads: tuple[str, ...]
    title: str

    @property
    def name(self) -> str:
        """custom:NAME."""
        return f"custom:{self.title}"

    @property
    def layers(self) -> tuple[str, ...]:
        """What the function reads."""
        return self.reads

    def loss(self, acts: Mapping[str, Tensor]) -> Tensor:
        """The function's value; InputError unless it is one number that depends on the picture."""
        own = {layer: acts[layer].float() for layer in self.reads}
        value = self.function(own)
        if not isinstance(value, Tensor) or value.numel() != 1:
            kind = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)[:60]
            raise InputError(f"{self.name} gave {kind}; return one number, such as a mean()")
        if any(act.requires_grad for act in own.values()) and not value.requires_grad:
            raise InputError(
                f"{self.name} does not depend on the activations; leave out detach() and item()"
            )
        return value.reshape(())

    def resolved(self, network: Network) -> Term:
        """The same, layers checked."""
        for layer in self.reads:
            network.tap(layer)
        return self


def merged(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Terms of one name added up, so that each has a line of its own in the plot.

    Functions that share a name are told apart by a number.
    """
    named: dict[str, Term] = {}
    for term in terms:
        own = _told_apart(term, named) if isinstance(term, Custom) else term
        before = named.get(own.name)
        named[own.name] = replace(own, weight=own.weight + before.weight) if before else own
    return tuple(named.values())


def no_channel(layer: str, channel: int | str, count: int) -> InputError:
    """The error for a channel that a layer has not."""
    return InputError(f"{layer} has no channel {channel}; choose from 0 to {count - 1}")


def _told_apart(term: Custom, named: Mapping[str, Term]) -> Custom:
    number, numbered = 1, term
    while True:
        other = named.get(numbered.name)
        if other is None or (isinstance(other, Custom) and other.function is term.function):
            return numbered
        number += 1
        numbered = replace(term, title=f"{term.title} {number}")


def _softened(probabilities: Tensor) -> Tensor:
    """Log-probabilities (N, classes) as a softmax four times as soft gives them.

    The slope of a probability vanishes where it is small, and that of its plain logarithm only
    fights the loudest other class, one after the other, before the wanted one is drawn.
    """
    logs = probabilities.float().clamp(min=1e-30).log()
    return (logs / 4).log_softmax(-1)
