"""Nonsense that a network is certain of (arXiv 1412.1897)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.knobs import Choice, ClassChoice, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.attacks.descents import until_reached
from phosphene.methods.adversarial.case import CLASSES
from phosphene.methods.adversarial.goals import Goal, View
from phosphene.methods.adversarial.norms import Ball, to_grid
from phosphene.methods.adversarial.parameters import Net, Size, Steps
from phosphene.networks.loading import load_network
from phosphene.optimize.canvas import noise
from phosphene.optimize.descend import descend
from phosphene.optimize.transforms import jitter


@method
def fool_from_nothing(
    target: Annotated[str, ClassChoice(options=CLASSES, label="What should it see?")] = "dumbbell",
    *,
    start: Annotated[str, Choice(("gray", "noise", "black", "white"), label="Start from")] = "gray",
    confidence: Annotated[
        float, Range(0.05, 0.999, 0.001, label="How sure should it be?", quick=0.05)
    ] = 0.99,
    smoothness: Annotated[
        float,
        Range(0, 100, 1, label="Smoothness", help="penalty on differences of neighbors; 0: none"),
    ] = 0,
    shift: Annotated[
        int,
        Range(
            0,
            32,
            label="Shift at random",
            help="pixels that it must survive; 0: none",
            advanced=True,
        ),
    ] = 0,
    steps: Steps = 200,
    step_size: Annotated[
        float,
        Range(0.1, 20, label="Step size", help="gray levels", log=True, advanced=True),
    ] = 1.0,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """From a gray picture to one of which a network is certain, and you see nothing in it.

    Sign gradients on 8-bit pictures until the class is as probable as asked; with a penalty on
    total variation and random shifts something of the class can be seen (arXiv 1412.1897).
    """
    net = load_network(network, device=device)
    label = net.find_class(target)
    generator = torch.Generator().manual_seed(seed)
    begin = to_grid(_beginning(start, size, generator)).to(net.device)
    labels = torch.tensor([label], device=net.device)
    before = net.verdict(begin)
    first, _ = report.first(before)
    views: list[View] = []
    if shift:
        roll = jitter(shift)
        views = [lambda x: roll(x, generator), lambda x: roll(x, generator)]
    goal = Goal(
        [net],
        begin,
        labels,
        True,
        confidence,
        views=views,
        names=(first, net.label(label)),
        leaves=net.find_class(first),
    )

    def loss(picture: Tensor) -> dict[str, Tensor]:
        terms = goal.loss(picture)
        if smoothness:
            flat = picture.diff(dim=-1).abs().mean() + picture.diff(dim=-2).abs().mean()
            terms["roughness"] = smoothness * flat
        return terms

    run = descend(
        Ball(begin, 1.0, "linf", levels=True),
        loss,
        steps=steps,
        optimizer="gradient",
        lr=step_size / 255,
        condition=torch.sign,
        every=1,
    )
    for frame, picture in until_reached(run, goal):  # noqa: B007 (the last one is the result)
        history = tuple(goal.history)
        shown = replace(frame, steps=steps + 1, losses=history[-1], history=history)
        yield shown
    yield _finished(shown, goal, picture, before)


def _finished(frame: Frame, goal: Goal, picture: Tensor, before: dict[str, float]) -> Frame:
    """The result, loaded again, its contrast stretched beside it."""
    net = goal.networks[0]
    image = images.to_image(goal.best if goal.done else picture)
    result = report.reloaded(image, net)
    verdict = net.verdict(result)
    name, chance = report.first(verdict)
    panels = (
        Panel(image, f"{name}, {chance:.0%}"),
        report.magnified(result, goal.original),
        Panel(images.to_image(goal.original), "it began as this"),
    )
    outcome = f"{name} {chance:.1%}" if goal.done else f"not that sure: {name} {chance:.1%}"
    return replace(
        frame,
        image=image,
        steps=frame.step,
        note=outcome,
        metrics={**report.measures(result, goal.original), "passes": float(goal.passes)},
        verdict=verdict,
        panels=panels,
        tables=(report.before_and_after(before, verdict),),
        files={report.FILE: images.png(image)},
    )


def _beginning(start: str, size: int, generator: torch.Generator) -> Tensor:
    if start == "noise":
        return noise(size, size, spread=0.2, generator=generator)
    value = {"gray": 0.5, "black": 0.0, "white": 1.0}[start]
    return torch.full((1, 3, size, size), value)
