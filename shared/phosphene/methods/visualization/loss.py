"""What a picture is grown for: a target as an objective, its loss, and the scores that it gets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.networks.network import Network
from phosphene.optimize import losses
from phosphene.optimize.ensemble import in_turn
from phosphene.optimize.losses import Loss
from phosphene.optimize.objectives import Objective, ObjectiveLike, class_, resolve
from phosphene.optimize.terms import Activation

_WRITTEN = re.compile(r"[:*@+]|^\s*[\w]+\d*\.\d")


def resolve_target(target: ObjectiveLike, net: Network) -> Objective:
    """A class by its bare name or number, or an objective in any form."""
    if not isinstance(target, str):
        return resolve(target, net)
    bare = target.strip()
    if not bare:
        raise InputError("the target is empty; name a class such as goose, or LAYER:CHANNEL")
    if _WRITTEN.search(bare) or bare in net.taps:
        return resolve(bare, net)
    return resolve(class_(bare), net)


def between(one: Objective, other: Objective, mix: float) -> Objective:
    """The direction from one objective to another."""
    return one * (1 - mix) + other * mix


def as_probability(objective: Objective) -> Objective:
    """The same with log-probabilities in place of scores; InputError where there are none."""
    terms = [t for t in objective.terms if isinstance(t, Activation) and t.layer == "logits"]
    if len(terms) < len(objective.terms):
        raise InputError("only a class has a probability; choose a class, or maximize the score")
    return Objective(tuple(replace(term, layer="probabilities") for term in terms))


def objective_loss(net: Network, objective: Objective, start: Tensor, diversity: float) -> Loss:
    """The loss of an objective, its terms in units of what the start shows, plus diversity."""
    deep = net.default_tap
    with torch.no_grad():
        scaled = objective.scaled_to(net.acts(start[:1], objective.layers))
    layers = [*objective.layers, deep] if diversity else objective.layers

    def loss(x: Tensor) -> dict[str, Tensor]:
        activations = net.acts(x, layers)
        terms = scaled.loss(activations)
        if diversity:
            terms["alike"] = diversity * losses.alike(activations[deep])
        return terms

    return loss


def agreed_loss(
    nets: Sequence[Network], objective: Objective, start: Tensor, diversity: float
) -> Loss:
    """What all the networks want, asked in turn."""
    losses = [objective_loss(net, objective.resolved(net), start, diversity) for net in nets]
    return in_turn(losses)


def with_scores(
    frame: Frame, nets: Sequence[Network], objective: Objective, pictures: Tensor
) -> Frame:
    """The frame with what the networks make of the first picture, on average."""
    metrics = _mean([_scores(net, objective.resolved(net), pictures[:1]) for net in nets])
    return replace(frame, metrics=metrics, verdict=verdict(nets, pictures))


def verdict(nets: Sequence[Network], pictures: Tensor, count: int = 5) -> dict[str, float]:
    """The most probable classes of the first picture, most probable first; all have one vote."""
    if len(nets) == 1:
        return nets[0].verdict(pictures[:1], count)
    votes = _mean([net.verdict(pictures[:1], len(net.classes)) for net in nets])
    return dict(sorted(votes.items(), key=lambda vote: -vote[1])[:count])


@torch.no_grad()
def _scores(net: Network, objective: Objective, picture: Tensor) -> dict[str, float]:
    """Scores and probabilities (percent) of classes, activations of other terms."""
    layers = {*objective.layers, *(["logits"] if net.classes else [])}
    activations = net.acts(picture, layers)
    metrics = {}
    for term in objective.terms:
        if isinstance(term, Activation) and term.of_classes:
            scores, classes = activations["logits"][0].float(), list(term.channels)
            name = term.name.removeprefix("class:")
            metrics[f"{name}: score"] = float(scores[classes].mean())
            metrics[f"{name}: percent"] = 100 * float(scores.softmax(-1)[classes].mean())
        else:
            metrics[term.name] = -float(term.loss(activations))
    return metrics


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each entry; what a row lacks counts as 0."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}
