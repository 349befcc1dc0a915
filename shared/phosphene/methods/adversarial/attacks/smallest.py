"""Attacks that look for the smallest change: DeepFool, Carlini-Wagner, a search over budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from phosphene.device import device_lock
from phosphene.frame import Frame, Progress
from phosphene.images import show
from phosphene.methods.adversarial.attacks.descents import Attempts, Render
from phosphene.methods.adversarial.goals import Goal, margin
from phosphene.methods.adversarial.norms import size
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.descend import descend

PATIENCE = 0.9999
"""Carlini and Wagner's: a tenth of the steps must lower the loss below this share of it."""


def deepfool(
    goal: Goal,
    *,
    steps: int = 50,
    candidates: int = 10,
    overshoot: float = 0.02,
    render: Render = show,
) -> Attempts:
    """DeepFool (arXiv 1511.04599) in L2: over the nearest border of a network taken as linear.

    Untargeted, of the first of the goal's networks; the nearest of the `candidates` most probable
    other classes. All their gradients come from one pass forward.
    """
    progress, network = Progress(steps), goal.networks[0]
    original, labels = goal.original, goal.labels
    total = torch.zeros_like(original)
    for _ in range(steps):
        picture = (original + (1 + overshoot) * total).clamp(0, 1)
        with device_lock(picture.device):
            # Only the clipped picture is real; the sum of the steps goes on unclipped.
            x = picture.detach().requires_grad_()
            logits = network.logits(x)
            goal.passes += 1
            goal.note(x, logits[None, None])
            active = ~goal.reached
            if not goal.done:
                step = _over_border(x, logits, labels, candidates)
                total = total + step * active.view(-1, 1, 1, 1)
        frame = progress.frame(render(picture), steps=1)
        if goal.done:
            yield replace(frame, steps=frame.step), goal.best
            return
        yield frame, picture


def _over_border(x: Tensor, logits: Tensor, labels: Tensor, candidates: int) -> Tensor:
    """The shortest step (N, 3, H, W) to the nearest border to another class."""
    others = logits.detach().scatter(1, labels[:, None], -torch.inf).topk(candidates).indices
    own = logits.gather(1, labels[:, None])
    gaps = logits.gather(1, others) - own
    best = torch.full((len(x),), torch.inf, device=x.device)
    step = torch.zeros_like(x)
    for column in range(candidates):
        last = column == candidates - 1
        (slope,) = torch.autograd.grad(gaps[:, column].sum(), x, retain_graph=not last)
        length = slope.flatten(1).norm(dim=1).clamp(min=1e-12)
        # The small constant is the authors' own: it takes the step off the border itself.
        distance = (gaps[:, column].detach().abs() + 1e-4) / length
        near = distance < best
        best = torch.where(near, distance, best)
        scaled = slope * (distance / length).view(-1, 1, 1, 1)
        step = torch.where(near.view(-1, 1, 1, 1), scaled, step)
    return step


class Tanh(Canvas):
    """Pictures as (tanh(w) + 1) / 2: they cannot leave [0, 1]."""

    def __init__(self, start: Tensor) -> None:
        super().__init__()
        self.inner = torch.nn.Parameter(torch.empty_like(start))
        self.put(start)

    def forward(self) -> Tensor:
        """The squashed parameters."""
        return (torch.tanh(self.inner) + 1) / 2

    def put(self, picture: Tensor) -> None:
        """The parameters that render a picture, its black and white moved in by a millionth."""
        with torch.no_grad():
            self.inner.copy_(torch.atanh((2 * picture - 1) * (1 - 1e-6)))


def carlini_wagner(
    goal: Goal,
    *,
    steps: int = 100,
    searches: int = 4,
    weight: float = 1.0,
    kappa: float = 0.0,
    lr: float = 0.01,
    abort: bool = True,
    every: int | None = None,
    render: Render = show,
) -> Attempts:
    """Carlini and Wagner's L2 attack (arXiv 1608.04644): distance and margin, minimized together.

    The weight of the margin is searched for each picture: ten times more until the goal is
    reached, then by halving. With `abort` a search ends where its loss stops falling.
    `goal.best` is the nearest picture: the goal keeps "near".
    """
    progress = Progress(searches * steps)
    count, device = len(goal.original), goal.original.device
    low, high = torch.zeros(count, device=device), torch.full((count,), torch.inf, device=device)
    weights = torch.full((count,), weight, device=device)
    for number in range(searches):
        trial = _Trial(goal, weights, kappa)
        run = descend(
            Tanh(goal.original), trial.loss, steps=steps, lr=lr, every=every, render=render
        )
        lowest = torch.inf
        for frame, picture in run:
            yield progress.of(frame, f"search {number + 1} of {searches}"), picture
            tenth = frame.step % max(steps // 10, 1) == 0
            if abort and tenth and frame.history:
                value = sum(frame.history[-1].values())
                if value > lowest * PATIENCE:
                    yield progress.of(replace(frame, steps=frame.step)), picture
                    break
                lowest = value
        high = torch.where(trial.reached, torch.minimum(high, weights), high)
        low = torch.where(trial.reached, low, torch.maximum(low, weights))
        halved = (low + high) / 2
        weights = torch.where(high.isinf(), weights * 10, halved)


class _Trial:
    """The loss at one weight, and whether it led to the goal."""

    def __init__(self, goal: Goal, weights: Tensor, kappa: float) -> None:
        self.goal, self.weights, self.kappa = goal, weights, kappa
        self.reached = torch.zeros_like(weights, dtype=torch.bool)

    def loss(self, picture: Tensor) -> dict[str, Tensor]:
        """Squared distance, and how far the margin is from -kappa."""
        goal = self.goal
        logits = goal.logits(picture)
        goal.note(picture, logits)
        self.reached |= goal.fooled(logits.detach())[0]
        distance = (picture - goal.original).square().sum()
        gap = margin(logits.mean((0, 1)), goal.labels, goal.targeted)
        missing = ((gap + self.kappa).clamp(min=0) * self.weights).sum()
        return {"distance": distance, "margin": missing}


def smallest_budget(
    goal: Goal, most: int, attack: Callable[[int], Attempts]
) -> Iterator[tuple[Frame, Tensor, int]]:
    """The least whole budget up to `most` at which an attack reaches the goal, by halving.

    `attack(budget)` is run on the goal; each frame comes with its budget. `goal.best` is what the
    smallest one made.
    """
    failed, works, budget = 0, 0, 1
    best, rank = goal.best, goal.rank
    while not works or works - failed > 1:
        goal.best, goal.rank = goal.original.clone(), torch.full_like(rank, -torch.inf)
        for frame, picture in attack(budget):
            yield frame, picture, budget
        if goal.done:
            works, best, rank = budget, goal.best, goal.rank
        else:
            failed = budget
        if not works and budget >= most:
            break
        budget = (failed + works) // 2 if works else min(2 * budget, most)
    goal.best, goal.rank = best, rank


def distances(goal: Goal) -> list[float]:
    """The L2 norms of the best changes, infinite where there is none."""
    change = size(goal.best - goal.original, "l2")
    return torch.where(goal.reached, change, torch.inf).tolist()
