"""What a picture is to please: layers, channels, neurons and classes, written as a sum.

0.7 * blocks.4 + 0.3 * blocks.2:57      a layer and one channel of another
blocks.4:3,17,40-44                     several channels
blocks.4:57@center                      one neuron
class:kit fox - 0.5 * blocks.0          a class, and less of a layer
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.networks.network import Network
from phosphene.optimize import losses

_WEIGHT = re.compile(r"\s*(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)\s*\*")
_CLASS = re.compile(r"\s*class\s*:\s*((?:[^+\-]|(?<=\w)-(?=\w))+)")
_TAP = re.compile(r"\s*([A-Za-z_][\w.]*)")
_CHANNELS = re.compile(r"\s*:\s*(\d+(?:-\d+)?(?:\s*,\s*\d+(?:-\d+)?)*)")
_PLACE = re.compile(r"\s*@\s*(\w+)")
_SIGN = re.compile(r"\s*([+-])")


@dataclass(frozen=True)
class Term:
    """One thing to want: `weight` times a tap, some of its channels, a neuron or a class."""

    tap: str
    channels: tuple[int, ...] = ()
    weight: float = 1.0
    center: bool = False
    label: str = ""

    @property
    def of_classes(self) -> bool:
        """Whether it is about classes, by their scores or their probabilities."""
        return self.tap in ("logits", "probabilities") and bool(self.channels)

    @property
    def name(self) -> str:
        """How the term is written, without its weight."""
        listed = ":" + ",".join(map(str, self.channels)) if self.channels else ""
        return self.label or f"{self.tap}{listed}{'@center' if self.center else ''}"

    def loss(self, features: Tensor) -> Tensor:
        """Minus what is wanted, unweighted: lower means more of it."""
        if features.ndim == 2 and self.channels:
            if self.tap == "probabilities":
                features = _softened(features)
            return -features[:, list(self.channels)].float().mean()
        if not self.channels:
            return losses.norm(features)
        if self.center:
            return torch.stack([losses.neuron(features, index) for index in self.channels]).mean()
        return losses.channel(features, torch.tensor(self.channels, device=features.device))

    def unit(self, features: Tensor) -> float:
        """The size of this term on a picture: what makes weights of unlike terms comparable."""
        if self.tap == "probabilities" and self.channels:
            return 1.0
        square = features.detach().float().square().mean().item()
        return max(square if not self.channels else square**0.5, 1e-6)


@dataclass(frozen=True)
class Objective:
    """Terms over one network, checked against it."""

    terms: tuple[Term, ...]

    @property
    def taps(self) -> tuple[str, ...]:
        """The taps to read, each once."""
        return tuple(dict.fromkeys(term.tap for term in self.terms))

    def loss(self, acts: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weighted terms by name, to be minimized."""
        return {term.name: term.weight * term.loss(acts[term.tap]) for term in self.terms}

    def scaled_to(self, acts: Mapping[str, Tensor]) -> Objective:
        """The same wishes with every term divided by its size in these activations."""
        return Objective(
            tuple(replace(t, weight=t.weight / t.unit(acts[t.tap])) for t in self.terms)
        )


def _softened(probabilities: Tensor) -> Tensor:
    """Log-probabilities (N, classes) as a softmax four times as soft gives them.

    The slope of a probability vanishes where it is small, and that of its plain logarithm only
    fights the loudest other class, one after the other, before the wanted one is drawn.
    """
    logs = probabilities.float().clamp(min=1e-30).log()
    return (logs / 4).log_softmax(-1)


def parse(text: str, network: Network) -> Objective:
    """Text -> Objective; InputError pointing at the place, or naming the nearest names."""
    if not text.strip():
        raise InputError("objective is empty; name a layer, such as " + network.default_tap)
    terms, position, sign = [], 0, 1.0
    if match := _SIGN.match(text):
        sign, position = float(match[1] + "1"), match.end()
    while True:
        term, position = _term(text, position, network)
        terms.append(replace(term, weight=term.weight * sign))
        if not text[position:].strip():
            return Objective(_merged(terms))
        match = _SIGN.match(text, position)
        if not match:
            raise _puzzled(text, position, "+ or - between two terms")
        sign, position = float(match[1] + "1"), match.end()


def check(objective: Objective, network: Network, height: int, width: int) -> None:
    """InputError if a picture of this size is too small for any of the taps."""
    for tap in objective.taps:
        network.check_size(tap, height, width)


def _term(text: str, position: int, network: Network) -> tuple[Term, int]:
    weight = 1.0
    if match := _WEIGHT.match(text, position):
        weight, position = float(match[1]), match.end()
    if match := _CLASS.match(text, position):
        index = network.find_class(match[1].strip())
        term = Term("logits", (index,), weight, label=f"class:{network.label(index)}")
        return term, match.end()
    match = _TAP.match(text, position)
    if not match:
        raise _puzzled(text, position, "a layer, such as " + network.default_tap)
    tap, position = network.tap(match[1]), match.end()
    channels: tuple[int, ...] = ()
    center = False
    if match := _CHANNELS.match(text, position):
        channels, position = _channels(match[1], tap.name, tap.channels), match.end()
    elif text[position:].lstrip().startswith(":"):
        raise _puzzled(text, text.index(":", position) + 1, "channel numbers, such as 57 or 3,17")
    if match := _PLACE.match(text, position):
        if match[1] != "center" or not channels:
            raise _puzzled(text, match.start(), "TAP:CHANNEL@center for a neuron")
        center, position = True, match.end()
    return Term(tap.name, channels, weight, center), position


def _channels(listed: str, tap: str, count: int) -> tuple[int, ...]:
    found: list[int] = []
    for part in listed.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise InputError(f"channels {listed!r} cannot be read; write them like 3,17,40-44")
        found += range(int(first), min(int(last or first), count) + 1)
    wrong = next((index for index in found if index >= count), None)
    if wrong is not None or not found:
        shown = listed if wrong is None else wrong
        raise InputError(f"{tap} has no channel {shown}; choose from 0 to {count - 1}")
    return tuple(dict.fromkeys(found))


def _merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Terms of one name added up, so that each has a line of its own in the plot."""
    named: dict[str, Term] = {}
    for term in terms:
        before = named.get(term.name)
        named[term.name] = replace(term, weight=term.weight + before.weight) if before else term
    return tuple(named.values())


def _puzzled(text: str, position: int, wanted: str) -> InputError:
    """An error that shows where reading stopped."""
    rest = text[position:].strip()
    place = position + len(text[position:]) - len(text[position:].lstrip())
    seen = f"at {rest[:20]!r} (character {place + 1})" if rest else "at its end"
    return InputError(f"objective {text.strip()!r} cannot be read {seen}; write {wanted}")
