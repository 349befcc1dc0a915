"""Attacks that descend the gradient inside a ball: FGSM, PGD, momentum, APGD."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from PIL import Image
from torch import Generator, Tensor

from phosphene.frame import Frame
from phosphene.images import show
from phosphene.methods.adversarial.goals import Goal
from phosphene.methods.adversarial.norms import Ball, Norm, project, random_start, size
from phosphene.optimize.descend import Condition, descend

Attempts: TypeAlias = Iterator[tuple[Frame, Tensor]]
Render: TypeAlias = Callable[[Tensor], Image.Image]


def steepest(norm: Norm) -> Condition:
    """The direction of length 1 in which a gradient (N, 3, H, W) is steepest under a norm."""

    def direction(gradient: Tensor) -> Tensor:
        if norm == "linf":
            return gradient.sign()
        return gradient / size(gradient, norm).clamp(min=1e-12).view(-1, 1, 1, 1)

    return direction


def momentum(norm: Norm, decay: float) -> Condition:
    """The same of a running sum of gradients over their mean size (arXiv 1710.06081)."""
    direction, total = steepest(norm), torch.zeros(())

    def gathered(gradient: Tensor) -> Tensor:
        nonlocal total
        mean = gradient.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
        total = decay * total.to(gradient) + gradient / mean
        return direction(total)

    return gathered


def pgd(
    goal: Goal,
    radius: float,
    norm: Norm = "linf",
    *,
    steps: int,
    step_size: float,
    start: Tensor | None = None,
    decay: float = 0.0,
    levels: bool = False,
    stop: bool = True,
    every: int = 1,
    render: Render = show,
) -> Attempts:
    """Projected gradient descent (arXiv 1706.06083) from `start` or the original.

    One step as long as the radius is FGSM (arXiv 1412.6572), `decay` adds momentum. With `levels`
    every picture that the network sees is an 8-bit one. Ends once all pictures reach the goal if
    `stop`; what reached it is `goal.best`.
    """
    canvas = Ball(goal.original, radius, norm, start=start, levels=levels)
    condition = momentum(norm, decay) if decay else steepest(norm)
    run = descend(
        canvas,
        goal.loss,
        steps=steps,
        optimizer="gradient",
        lr=step_size,
        condition=condition,
        every=every,
        render=render,
    )
    yield from until_reached(run, goal, stop)


def until_reached(run: Attempts, goal: Goal, stop: bool = True) -> Attempts:
    """A descent up to where its loss has seen the goal reached."""
    for frame, picture in run:
        yield frame, picture
        if stop and goal.done:
            return


def restarted(
    goal: Goal,
    radius: float,
    norm: Norm,
    generator: Generator,
    restarts: int,
    attack: Callable[[Tensor], Attempts],
) -> Attempts:
    """An attack from several random starts in the ball, until the goal is reached."""
    for _ in range(restarts):
        yield from attack(random_start(goal.original, radius, norm, generator))
        if goal.done:
            return


class AutoBall(Ball):
    """A ball whose projection is a step of APGD: momentum, and a step size that halves itself."""

    def __init__(
        self, goal: Goal, radius: float, norm: Norm, steps: int, start: Tensor, levels: bool
    ) -> None:
        """`steps` in all: from them come the checkpoints."""
        super().__init__(goal.original, radius, norm, start=start, levels=levels)
        shape = (len(start), 1, 1, 1)
        self.step = torch.full(shape, 2.0 * radius, device=start.device)
        self.before = start.clone()
        self.here = start.clone()
        self.top = start.clone()
        self.lowest = torch.full(shape, torch.inf, device=start.device)
        self.lowest_then = self.lowest.clone()
        self.last = self.lowest.clone()
        self.gains = torch.zeros(shape, device=start.device)
        self.halved = torch.ones(shape, dtype=torch.bool, device=start.device)
        self.improved, self.resume = self.halved, torch.zeros_like(self.halved)
        self.top_direction = torch.zeros_like(start)
        self.count, self.since = 0, 0
        # The paper's share of 22 % of all steps, then 3 % less each time, at least 6 %.
        self.period, self.least = max(int(0.22 * steps), 1), max(int(0.06 * steps), 1)
        self.shrink = max(int(0.03 * steps), 1)

    @torch.no_grad()
    def judge(self, losses: Tensor) -> None:
        """Losses (N,) of the picture as it stands, before it is changed."""
        value = losses.view(-1, 1, 1, 1)
        self.improved = value < self.lowest
        self.top = torch.where(self.improved, self.pixels, self.top)
        self.lowest = torch.where(self.improved, value, self.lowest)
        if self.count:
            self.gains += value < self.last
        self.last = value
        if self.since == self.period:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Halve the step where it no longer pays, and go back to the best picture there."""
        slow = self.gains <= 0.75 * self.since
        stuck = ~self.halved & (self.lowest >= self.lowest_then)
        self.halved = slow | stuck
        self.step = torch.where(self.halved, self.step / 2, self.step)
        self.resume = self.halved
        self.lowest_then = self.lowest.clone()
        self.gains = torch.zeros_like(self.gains)
        self.since = 0
        self.period = max(self.period - self.shrink, self.least)

    @torch.no_grad()
    def project(self) -> None:
        """The step that the gradient made in length 1 -> APGD's (arXiv 2003.01690, eq. 1)."""
        direction = self.pixels - self.here
        self.top_direction = torch.where(self.improved, direction, self.top_direction)
        # Where it goes back to the best picture, it goes on from there by the gradient there.
        self.here = torch.where(self.resume, self.top, self.here)
        moved = self._next(torch.where(self.resume, self.top_direction, direction))
        self.resume = torch.zeros_like(self.resume)
        self.before = self.here
        self.here = moved.clone()
        self.pixels.copy_(moved)
        self.count += 1
        self.since += 1

    def _next(self, direction: Tensor) -> Tensor:
        ahead = project(self.here + self.step * direction, self.original, self.radius, self.norm)
        share = 0.75 if self.count else 1.0
        mixed = self.here + share * (ahead - self.here) + (1 - share) * (self.here - self.before)
        return project(mixed, self.original, self.radius, self.norm)


def apgd(
    goal: Goal,
    radius: float,
    norm: Norm = "linf",
    *,
    steps: int,
    start: Tensor,
    levels: bool = False,
    stop: bool = True,
    every: int = 1,
    render: Render = show,
) -> Attempts:
    """Auto-PGD (arXiv 2003.01690): it halves its step where that no longer pays."""
    canvas = AutoBall(goal, radius, norm, steps, start, levels)

    def loss(picture: Tensor) -> dict[str, Tensor]:
        logits = goal.logits(picture)
        goal.note(picture, logits)
        losses = goal.losses(logits)
        canvas.judge(losses.detach())
        return {"goal": losses.sum()}

    run = descend(
        canvas,
        loss,
        steps=steps,
        optimizer="gradient",
        lr=1.0,
        condition=steepest(norm),
        every=every,
        render=render,
    )
    yield from until_reached(run, goal, stop)
