"""Several networks at once: what they agree on has more of the thing and less of their quirks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from torch import Tensor

from phosphene.networks import zoo
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.optimize.losses import Loss
from phosphene.optimize.objectives import Objective, check_size
from phosphene.optimize.terms import Activation


def load_first(name: str, device: str | None = None) -> Network:
    """The first of the networks of a name, whose names of layers and classes hold for all."""
    return load_network(zoo.members(name)[0], device=device)


def load_rest(name: str, first: Network, objective: Objective) -> tuple[Network, ...]:
    """All networks of a name to be asked for an objective that was resolved by the first.

    The first alone where channels are named: every network numbers its own in its own way.
    InputError where one of them lacks a layer or a class.
    """
    if any(isinstance(t, Activation) and t.channels and not t.of_classes for t in objective.terms):
        return (first,)
    rest = [load_network(other, device=str(first.device)) for other in zoo.members(name)[1:]]
    for network in rest:
        objective.resolved(network)
    return (first, *rest)


def check_sizes(objective: Objective, networks: Sequence[Network], height: int, width: int) -> None:
    """InputError if a picture of this size is too small for any layer of any network."""
    for network in networks:
        check_size(objective, network, height, width)


def in_turn(losses: Sequence[Loss]) -> Loss:
    """One loss a call, in turn: their mean for an optimizer with momentum, at the price of one."""
    if len(losses) == 1:
        return losses[0]
    order = cycle(losses)

    def loss(picture: Tensor) -> dict[str, Tensor]:
        return next(order)(picture)

    return loss
