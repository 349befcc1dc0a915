"""Attacks that only ask: square attack, few pixels, HopSkipJump. No gradient is ever taken."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Generator, Tensor

from phosphene.device import device_lock
from phosphene.errors import InputError
from phosphene.frame import Progress
from phosphene.images import show
from phosphene.methods.adversarial.attacks.descents import Attempts, Render
from phosphene.methods.adversarial.goals import Goal
from phosphene.methods.adversarial.norms import LEVELS, project, size, to_grid

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries of 10,000 after which the squares' share of the picture halves (arXiv 1912.00049)."""


def square(
    goal: Goal,
    radius: float,
    generator: Generator,
    *,
    queries: int = 1000,
    share: float = 0.8,
    every: int = 20,
    render: Render = show,
) -> Attempts:
    """Square attack in L-infinity (arXiv 1912.00049): squares of +-radius, kept where they help."""
    x, progress = goal.original, Progress(queries)
    count, colors, height, width = x.shape
    stripes = radius * _signs((count, colors, 1, width), generator).to(x)
    picture = project(x + stripes, x, radius, "linf")
    lowest = goal.ask(picture)
    for query in range(1, queries):
        if query % every == 1 or goal.done:
            shown = goal.best if goal.done else picture
            frame = progress.frame(render(shown), steps=query - progress.done)
            yield (replace(frame, steps=frame.step) if goal.done else frame), shown
        if goal.done:
            return
        side = _side(share, query / queries, height, width)
        trial = picture.clone()
        for index in range(count):
            top = int(torch.randint(height - side + 1, (1,), generator=generator))
            left = int(torch.randint(width - side + 1, (1,), generator=generator))
            place = (index, slice(None), slice(top, top + side), slice(left, left + side))
            trial[place] = x[place] + radius * _signs((colors, 1, 1), generator).to(x)
        trial = project(trial, x, radius, "linf")
        losses = goal.ask(trial)
        better = (losses < lowest) & ~goal.reached | (losses < lowest)
        picture = torch.where(better.view(-1, 1, 1, 1), trial, picture)
        lowest = torch.where(better, losses, lowest)
    yield progress.frame(render(picture), steps=queries - progress.done), picture


def _signs(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return 2.0 * torch.randint(0, 2, shape, generator=generator) - 1


def _side(share: float, progress: float, height: int, width: int) -> int:
    halvings = sum(progress * 10_000 > mark for mark in HALVINGS)
    side = round(math.sqrt(share / 2**halvings * height * width))
    return min(max(side, 1), height - 1, width - 1)


def few_pixels(
    goal: Goal,
    pixels: int,
    generator: Generator,
    *,
    queries: int = 1000,
    population: int = 40,
    render: Render = show,
) -> Attempts:
    """A few pixels in any color, by differential evolution (arXiv 1710.08864); one picture.

    Each candidate holds (row, column, red, green, blue) as shares of their ranges per pixel;
    children are a + (b - c) / 2 as in the paper, and replace their parents where they are better.
    """
    x = goal.original
    generations = max(queries // population, 1)
    progress = Progress(generations)
    members = torch.rand((population, pixels, 5), generator=generator)
    members[..., 2:] = (0.5 + 0.5 * torch.randn(members[..., 2:].shape, generator=generator)).clamp(
        0, 1
    )
    pictures = _painted(x, members)
    losses = _asked(goal, pictures)
    for generation in range(generations):
        best = goal.best if goal.done else pictures[losses.argmin()][None]
        frame = progress.frame(render(best), steps=1)
        last = goal.done or generation == generations - 1
        yield (replace(frame, steps=frame.step) if last else frame), best
        if last:
            return
        a, b, c = (members[torch.randperm(population, generator=generator)] for _ in range(3))
        children = (a + 0.5 * (b - c)).clamp(0, 1)
        drawn = _painted(x, children)
        tried = _asked(goal, drawn)
        better = tried < losses
        keep = better.cpu().view(-1, 1, 1)
        members = torch.where(keep, children, members)
        pictures = torch.where(better.view(-1, 1, 1, 1), drawn, pictures)
        losses = torch.where(better, tried, losses)


def _painted(x: Tensor, members: Tensor) -> Tensor:
    """The picture (1, 3, H, W) with each member's pixels: (members, 3, H, W)."""
    height, width = x.shape[-2:]
    pictures = x.repeat(len(members), 1, 1, 1)
    rows = (members[..., 0] * height).long().clamp(max=height - 1)
    columns = (members[..., 1] * width).long().clamp(max=width - 1)
    which = torch.arange(len(members))[:, None].expand_as(rows)
    pictures[which, :, rows, columns] = to_grid(members[..., 2:]).to(x)
    return pictures


def _asked(goal: Goal, pictures: Tensor, batch: int = 10) -> Tensor:
    """The losses of many variants of the goal's one picture, asked a few at a time."""
    return torch.cat([_ask_part(goal, part) for part in torch.split(pictures, batch)])


@torch.no_grad()
def _ask_part(goal: Goal, pictures: Tensor) -> Tensor:
    part = Goal(
        goal.networks,
        goal.original.expand(len(pictures), -1, -1, -1),
        goal.labels.expand(len(pictures)),
        goal.targeted,
        goal.confidence,
        goal.criterion,
        goal.views,
        names=goal.names,
        leaves=goal.leaves,
    )
    with device_lock(pictures.device):
        logits = part.logits(pictures)
    losses = part.losses(logits)
    lowest = int(losses.argmin())
    part.note(pictures, logits, lowest)
    if part.reached[lowest] and not goal.done:
        goal.best, goal.rank = pictures[lowest][None].clone(), part.rank[lowest][None]
    goal.passes += part.passes * len(pictures)
    goal.history += part.history
    return losses


def hop_skip_jump(
    goal: Goal,
    generator: Generator,
    *,
    start: Tensor | None = None,
    queries: int = 1000,
    first: int = 50,
    render: Render = show,
) -> Attempts:
    """HopSkipJump in L2 (arXiv 1904.02144): from decisions alone; one picture.

    From a picture that has reached the goal (noise, or `start`) along the border toward the
    original; only 8-bit pictures are asked about. InputError where the start is on the wrong side.
    """
    x, progress = goal.original, Progress(queries)
    generator_size = x[0].numel()
    edge = 1 / (math.sqrt(generator_size) * generator_size)
    picture = _first(goal, start, generator)
    picture = _to_border(goal, picture, edge)
    yield progress.frame(render(goal.best), steps=goal.passes - progress.done), goal.best
    rounds = 0
    while goal.passes < queries:
        rounds += 1
        distance = float(size(picture - x, "l2"))
        reach = distance / math.sqrt(generator_size) * (0.1 if rounds == 1 else 1.0)
        count = min(int(first * math.sqrt(rounds)), queries - goal.passes)
        direction = _toward(goal, picture, max(reach, 0.5 / LEVELS), max(count, 2), generator)
        stride = distance / math.sqrt(rounds)
        while stride > 1e-3 and not _reaches(goal, (picture + stride * direction).clamp(0, 1)):
            stride /= 2
        moved = (picture + stride * direction).clamp(0, 1)
        if stride > 1e-3:
            picture = _to_border(goal, moved, edge)
        taken = min(goal.passes, queries) - progress.done
        yield progress.frame(render(goal.best), steps=taken), goal.best


def _reaches(goal: Goal, picture: Tensor) -> bool:
    """Whether the 8-bit form of one picture reaches the goal."""
    return bool(_decisions(goal, picture)[0])


@torch.no_grad()
def _decisions(goal: Goal, pictures: Tensor) -> Tensor:
    """Which of the pictures (M, 3, H, W), in 8 bits, reach the goal; the nearest is kept."""
    rounded = to_grid(pictures)
    with device_lock(rounded.device):
        logits = goal.logits(rounded)
    goal.passes += (len(rounded) - 1) * len(goal.networks) * (1 + len(goal.views))
    labels = goal.labels
    goal.labels = labels.expand(len(rounded))
    hits, _ = goal.fooled(logits)
    goal.labels = labels
    distance = size(rounded - goal.original, "l2")
    distance = torch.where(hits, distance, torch.inf)
    best = int(distance.argmin())
    rank = -distance[best].square()
    if hits.any() and rank > goal.rank[0]:
        goal.best, goal.rank = rounded[best][None].clone(), rank[None]
        goal.history.append(goal.chances(logits[0, 0, best].softmax(-1)))
    return hits


def _first(goal: Goal, start: Tensor | None, generator: Generator) -> Tensor:
    """A picture that has reached the goal."""
    if start is not None:
        if not _reaches(goal, start):
            raise InputError("the picture to start from is not of the class that you wish for")
        return start
    for _ in range(50):
        noise = torch.rand(goal.original.shape, generator=generator).to(goal.original)
        if _reaches(goal, noise):
            return noise
    raise InputError("no random picture is of that class; give a picture of it to start from")


def _to_border(goal: Goal, picture: Tensor, edge: float) -> Tensor:
    """By halving between the original and a picture beyond the border: the nearest one beyond."""
    low, high = 0.0, 1.0
    while high - low > max(edge, 1e-3):
        middle = (low + high) / 2
        if _reaches(goal, goal.original + middle * (picture - goal.original)):
            high = middle
        else:
            low = middle
    return goal.original + high * (picture - goal.original)


def _toward(goal: Goal, picture: Tensor, reach: float, count: int, generator: Generator) -> Tensor:
    """The direction of length 1 that leads farther beyond the border, from `count` decisions."""
    noise = torch.randn((count, *picture.shape[1:]), generator=generator).to(picture)
    noise = noise / noise.square().mean((1, 2, 3), keepdim=True).sqrt()
    hits = [
        _decisions(goal, (picture + reach * part).clamp(0, 1)) for part in torch.split(noise, 10)
    ]
    signs = 2 * torch.cat(hits).float() - 1
    if signs.abs().mean() > signs.mean().abs():  # both sides occur: less noise without the mean
        signs = signs - signs.mean()
    direction = (signs.view(-1, 1, 1, 1) * noise).mean(0, keepdim=True)
    length: Tensor = direction.flatten(1).norm(dim=1).clamp(min=1e-12)
    return direction / length.view(-1, 1, 1, 1)
