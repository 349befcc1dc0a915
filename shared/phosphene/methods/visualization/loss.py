"""What a picture is grown for: a target as an objective, its loss, and the scores that it gets."""

from __future__ import annotations

import re
from dataclasses import replace

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.networks.network import Network
from phosphene.optimize import losses
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


def with_scores(frame: Frame, net: Network, objective: Objective, pictures: Tensor) -> Frame:
    """The frame with what the network makes of the first picture: scores, probabilities."""
    with torch.no_grad():
        layers = {*objective.layers, *(["logits"] if net.classes else [])}
        activations = net.acts(pictures[:1], layers)
        metrics = {}
        for term in objective.terms:
            if isinstance(term, Activation) and term.of_classes:
                scores, classes = activations["logits"][0].float(), list(term.channels)
                metrics[term.name] = float(scores[classes].mean())
                name = f"probability of {term.name.removeprefix('class:')}"
                metrics[name] = float(scores.softmax(-1)[classes].mean())
            else:
                metrics[term.name] = -float(term.loss(activations))
    return replace(frame, metrics=metrics, verdict=net.verdict(pictures[:1]))
