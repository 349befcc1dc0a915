"""What a picture is to please: layers, channels, neurons and classes, written as a sum.

As text:

0.7 * blocks.4 + 0.3 * blocks.2:57      a layer and one channel of another
blocks.4:3,17,40-44                     several channels
blocks.4:57@center                      one neuron
class:kit fox - 0.5 * blocks.0          a class, and less of a layer

In Python: 0.7 * layer("blocks.4") + channel("blocks.2", 57) + class_("kit fox"), and a function
of one's own: custom(lambda acts: -acts["blocks.4"].mean(), layers=["blocks.4"]).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from torch import Tensor

from phosphene.errors import InputError
from phosphene.networks.network import Network
from phosphene.optimize.terms import (
    Activation,
    ClassScore,
    Custom,
    Function,
    Term,
    merged,
    no_channel,
)

_WEIGHT = re.compile(r"\s*([0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+)\s*\*")
_CLASS = re.compile(r"\s*class\s*:\s*((?:[^+\-]|(?<=\w)-(?=\w))+)")
_LAYER = re.compile(r"\s*([A-Za-z_][\w.]*)")
_CHANNELS = re.compile(r"\s*:\s*([0-9]+(?:-[0-9]+)?(?:\s*,\s*[0-9]+(?:-[0-9]+)?)*)")
_PLACE = re.compile(r"\s*@\s*(\w+)")
_SIGN = re.compile(r"\s*([+-])")
_RANGE = re.compile(r"([0-9]+)(?:\s*-\s*([0-9]+))?")
_ANY_LAYER = 65536
"""Channels that a layer may have where no network is there to be asked."""


@dataclass(frozen=True, repr=False)
class Objective:
    """Things to want, with weights: they add up, and scale by numbers.

    Names are those of whatever network a method runs, which is asked only then. `str` gives the
    text form.
    """

    terms: tuple[Term, ...]

    def __add__(self, other: Objective) -> Objective:
        """Both."""
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms)

    def __radd__(self, other: object) -> Objective:
        """What `sum` needs, which starts from 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: Objective) -> Objective:
        """The one and less of the other."""
        return self + -other if isinstance(other, Objective) else NotImplemented

    def __neg__(self) -> Objective:
        """Less of it."""
        return self * -1

    def __mul__(self, factor: float) -> Objective:
        """Every weight times a number."""
        if not isinstance(factor, (int, float)):
            return NotImplemented
        return Objective(tuple(replace(t, weight=t.weight * factor) for t in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Objective:
        """Every weight by a number."""
        if not isinstance(divisor, (int, float)):
            return NotImplemented
        return Objective(tuple(replace(t, weight=t.weight / divisor) for t in self.terms))

    def __repr__(self) -> str:
        """The text form."""
        parts = [_written(term) for term in self.terms]
        first = parts[0].removeprefix("+ ").replace("- ", "-", 1)
        return " ".join([first, *parts[1:]])

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers to read, each once."""
        return tuple(dict.fromkeys(layer for term in self.terms for layer in term.layers))

    def resolved(self, network: Network) -> Objective:
        """With the network's own names, terms of one name added up; InputError for others."""
        return Objective(merged([term.resolved(network) for term in self.terms]))

    def loss(self, acts: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weighted terms by name, to be minimized."""
        return {term.name: term.weight * term.loss(acts) for term in self.terms}

    def scaled_to(self, acts: Mapping[str, Tensor]) -> Objective:
        """The same with every term divided by its size in these activations."""
        return Objective(tuple(replace(t, weight=t.weight / t.size(acts)) for t in self.terms))


ObjectiveLike: TypeAlias = str | Objective | Function
"""A text, an Objective, or a function of activations that names its `layers`."""


def layer(name: str) -> Objective:
    """More of everything that fires in a layer (DeepDream's own objective)."""
    return Objective((Activation(name),))


def channel(layer: str, channels: int | Iterable[int] | str) -> Objective:
    """More of a channel of a layer, or of several: 57, [3, 17] or "3,17,40-44"."""
    return Objective((Activation(layer, _numbers(layer, channels)),))


def neuron(layer: str, channel: int) -> Objective:
    """More of one channel at the center of its map."""
    return Objective((Activation(layer, _numbers(layer, channel), center=True),))


def class_(name: str | int) -> Objective:
    """More of a class, by name or index: its score before the softmax (arXiv 1312.6034)."""
    return Objective((ClassScore(title=str(name).strip()),))


def custom(function: Function, layers: str | Iterable[str], name: str = "") -> Objective:
    """A loss of one's own: activations by layer, float32 -> a scalar that is to fall.

    Its weight is not brought to the size of the others': it counts as it is.
    """
    reads = (layers,) if isinstance(layers, str) else tuple(layers)
    if not reads or not all(isinstance(layer, str) for layer in reads):
        raise InputError(f"layers is {layers!r}; name the layers that the function reads")
    title = name or getattr(function, "__name__", type(function).__name__).strip("<>")
    return Objective((Custom(function=function, reads=reads, title=title),))


def from_python(name: str, value: Any) -> Objective:
    """What a program passes in place of a text; InputError for what is no objective."""
    if isinstance(value, Objective):
        return value
    if not callable(value):
        raise InputError(f"{name} is {str(value)[:60]!r}; write it as text, or pass an Objective")
    if not (layers := getattr(value, "layers", None)):
        raise InputError(
            f"{name} is a function without layers; pass custom(function, layers=[...])"
        )
    return custom(value, layers)


def resolve(objective: ObjectiveLike, network: Network) -> Objective:
    """Any form of an objective -> its terms over a network; InputError for unknown names."""
    if isinstance(objective, str):
        return parse(objective, network)
    return from_python("objective", objective).resolved(network)


def check_size(objective: Objective, network: Network, height: int, width: int) -> None:
    """InputError if a picture of this size is too small for any of the layers."""
    for name in objective.layers:
        network.check_size(name, height, width)


def parse(text: str, network: Network | None = None) -> Objective:
    """Text -> Objective, resolved where a network is given.

    InputError pointing at the place, or naming the network's nearest names.
    """
    example = network.default_tap if network else "blocks.4"
    if not text.strip():
        raise InputError(f"objective is empty; name a layer, such as {example}")
    terms: list[Term] = []
    position, sign = 0, 1.0
    if match := _SIGN.match(text):
        sign, position = float(match[1] + "1"), match.end()
    while True:
        term, position = _term(text, position, network, example)
        terms.append(replace(term, weight=term.weight * sign))
        if not text[position:].strip():
            return Objective(merged(terms))
        match = _SIGN.match(text, position)
        if not match:
            raise _unreadable(text, position, "+ or - between two terms")
        sign, position = float(match[1] + "1"), match.end()


def parse_channels(text: str, layer: str, count: int) -> tuple[int, ...]:
    """ "3,17,40-44" -> channels of a layer that has `count`, each once; InputError for others."""
    channels: list[int] = []
    for part in filter(None, map(str.strip, text.split(","))):
        match = _RANGE.fullmatch(part)
        if not match:
            raise InputError(
                f"channels {text[:60]!r} cannot be read; write numbers and ranges, such as "
                "3,17,40-44"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < count:
            raise no_channel(layer, part[:60], count)
        channels += range(first, last + 1)
    if not channels:
        raise InputError("channels names none; write numbers and ranges, such as 3,17,40-44")
    return tuple(dict.fromkeys(channels))


def _term(text: str, position: int, network: Network | None, example: str) -> tuple[Term, int]:
    weight = 1.0
    if match := _WEIGHT.match(text, position):
        weight, position = float(match[1]), match.end()
    if match := _CLASS.match(text, position):
        score: Term = ClassScore(title=match[1].strip(), weight=weight)
        return score.resolved(network) if network else score, match.end()
    match = _LAYER.match(text, position)
    if not match:
        raise _unreadable(text, position, f"a layer, such as {example}")
    name, position = match[1], match.end()
    count = network.tap(name).channels if network else _ANY_LAYER
    channels: tuple[int, ...] = ()
    center = False
    if match := _CHANNELS.match(text, position):
        channels, position = parse_channels(match[1], name, count), match.end()
    elif text[position:].lstrip().startswith(":"):
        raise _unreadable(
            text, text.index(":", position) + 1, "channel numbers, such as 57 or 3,17"
        )
    if match := _PLACE.match(text, position):
        if match[1] != "center" or not channels:
            raise _unreadable(text, match.start(), "LAYER:CHANNEL@center for a neuron")
        center, position = True, match.end()
    return Activation(name, channels, center, weight=weight), position


def _numbers(layer: str, channels: int | Iterable[int] | str) -> tuple[int, ...]:
    if isinstance(channels, str):
        return parse_channels(channels, layer, _ANY_LAYER)
    numbers = tuple(channels) if isinstance(channels, Iterable) else (channels,)
    if not numbers or not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise InputError(f"channels is {channels!r}; give whole numbers, such as 57 or [3, 17]")
    return tuple(dict.fromkeys(numbers))


def _written(term: Term) -> str:
    size = abs(term.weight)
    number = f"{size:.0f}" if float(size).is_integer() else repr(size)
    factor = "" if size == 1 else f"{number} * "
    return f"{'-' if term.weight < 0 else '+'} {factor}{term.name}"


def _unreadable(text: str, position: int, remedy: str) -> InputError:
    """An error that shows where reading stopped."""
    rest = text[position:].strip()
    place = position + len(text[position:]) - len(text[position:].lstrip())
    where = f"at {rest[:20]!r} (character {place + 1})" if rest else "at its end"
    return InputError(f"objective {text.strip()[:60]!r} cannot be read {where}; write {remedy}")
