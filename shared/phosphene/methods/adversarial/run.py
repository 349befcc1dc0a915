"""One attack on one case: which it is, its frames, and what is shown of its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Generator, Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Progress
from phosphene.images import ImageLike
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.attacks.descents import Attempts, apgd, pgd, restarted
from phosphene.methods.adversarial.attacks.queries import few_pixels, hop_skip_jump, square
from phosphene.methods.adversarial.attacks.smallest import (
    carlini_wagner,
    deepfool,
    smallest_budget,
)
from phosphene.methods.adversarial.case import Case
from phosphene.methods.adversarial.finish import in_levels
from phosphene.methods.adversarial.goals import Goal
from phosphene.methods.adversarial.norms import LEVELS, Norm, most

GRADIENT = ("pgd", "fgsm", "momentum", "apgd")
SMALLEST = ("smallest", "deepfool", "carlini_wagner")
QUERIES = ("square", "pixels", "hop_skip_jump")
ATTACKS = (*GRADIENT, *SMALLEST, *QUERIES)


@dataclass(frozen=True)
class Options:
    """How a change is looked for, as the page says it."""

    attack: str = "pgd"
    epsilon: float = 4
    norm: Norm = "linf"
    steps: int = 40
    step_size: float = 0
    restarts: int = 1
    random: bool = False
    queries: int = 1000
    pixels: int = 5

    def radius(self, original: Tensor) -> float:
        """The budget in [0, 1]; that of L2 is the root mean square over all values."""
        share = self.epsilon / LEVELS
        return share if self.norm == "linf" else share * original[0].numel() ** 0.5

    def stride(self, original: Tensor) -> float:
        """The length of a step in the same units, at least a gray level."""
        radius = self.radius(original)
        if self.step_size:
            return radius * self.step_size / self.epsilon
        return (
            max(radius / 4, radius * min(1, 1 / self.epsilon))
            if self.norm == "linf"
            else (radius / 4)
        )


def check(case: Case, options: Options, example: ImageLike | None) -> None:
    """InputError for what an attack cannot do."""
    attack = options.attack
    bounded = attack in (*GRADIENT, "smallest", "square")
    if bounded and options.norm == "linf" and most(options.epsilon / LEVELS) < 1:
        raise InputError(
            f"epsilon is {options.epsilon:g}; an 8-bit picture changes by 1 gray level at least: "
            "choose 1 or more, or the norm l2"
        )
    if attack == "deepfool" and case.target is not None:
        raise InputError(
            "deepfool only leads away from a class; leave the target empty, or choose pgd"
        )
    if attack == "square" and options.norm == "l2":
        raise InputError("square changes every pixel alike; choose the norm linf, or pgd for l2")
    if attack == "hop_skip_jump" and case.target is not None and example is None:
        raise InputError(
            "hop_skip_jump never sees a probability: toward a class it needs a picture of the "
            "target to start from, or leave the target empty"
        )


def example_of(example: ImageLike, case: Case) -> Tensor:
    """A picture of the target in the size of the original."""
    height, width = case.original.shape[-2:]
    whole = images.to_tensor(images.load(example), case.network.device)
    return images.scaled(whole, height, width)


def attempts(
    goal: Goal,
    options: Options,
    generator: Generator,
    example: Tensor | None = None,
    stop: bool = True,
) -> Attempts:
    """The frames of an attack, each with its picture (1, 3, H, W)."""
    steps, queries = options.steps, options.queries
    budget = most(options.epsilon / LEVELS) / LEVELS
    others: dict[str, Callable[[], Attempts]] = {
        "deepfool": lambda: deepfool(goal, steps=steps),
        "carlini_wagner": lambda: carlini_wagner(goal, steps=steps),
        "smallest": lambda: _smallest(goal, options),
        "square": lambda: square(goal, budget, generator, queries=queries),
        "pixels": lambda: few_pixels(goal, options.pixels, generator, queries=queries),
        "hop_skip_jump": lambda: hop_skip_jump(goal, generator, start=example, queries=queries),
    }
    if options.attack in others:
        return others[options.attack]()
    if options.random:
        return _from_random(goal, options, generator, stop)
    return gradient_attack(goal, options, goal.original, stop)


def _from_random(goal: Goal, options: Options, generator: Generator, stop: bool) -> Attempts:
    """The descent from one random start after the other, as one run."""
    progress = Progress(options.steps * options.restarts)
    radius = options.radius(goal.original)

    def descent(start: Tensor) -> Attempts:
        return gradient_attack(goal, options, start, stop)

    runs = restarted(goal, radius, options.norm, generator, options.restarts, descent)
    for frame, picture in runs:
        yield progress.of(frame), picture


def gradient_attack(goal: Goal, options: Options, start: Tensor, stop: bool = True) -> Attempts:
    """One descent inside the ball, on 8-bit pictures."""
    radius, norm = options.radius(goal.original), options.norm
    if options.attack == "apgd":
        return apgd(goal, radius, norm, steps=options.steps, start=start, levels=True, stop=stop)
    one = options.attack == "fgsm"
    return pgd(
        goal,
        radius,
        norm,
        steps=1 if one else options.steps,
        step_size=radius if one else options.stride(goal.original),
        start=start,
        decay=1.0 if options.attack == "momentum" else 0.0,
        levels=True,
        stop=stop,
    )


def _smallest(goal: Goal, options: Options) -> Attempts:
    """PGD with budget after budget; in L2 they are tenths of a gray level's root mean square."""
    unit = 1.0 if options.norm == "linf" else 0.1
    budgets = max(int(options.epsilon / unit + 1e-6), 1)
    progress = Progress(2 * max(budgets.bit_length(), 1) * options.steps)

    def attack(budget: int) -> Attempts:
        within = replace(options, attack="pgd", epsilon=budget * unit)
        return gradient_attack(goal, within, goal.original)

    for frame, picture, budget in smallest_budget(goal, budgets, attack):
        yield progress.of(frame, f"with {budget * unit:g} gray levels"), picture


def so_far(frame: Frame, case: Case, goal: Goal, picture: Tensor) -> Frame:
    """An attempt as it is seen: both probabilities, from the goal's own count."""
    history = tuple(goal.history)
    return replace(
        frame,
        steps=max(frame.steps, frame.step + 1),  # the result is still to come
        losses=history[-1] if history else {},
        history=history,
    )


def finished(frame: Frame, case: Case, goal: Goal, picture: Tensor) -> Frame:
    """The result: the best picture that reached the goal, else the last attempt; in 8 bits."""
    if not goal.done:
        goal.ask(picture.detach())  # what the last step made was not seen yet
    chosen = in_levels(goal, goal.best if goal.done else picture, rounds=40 if goal.done else 0)
    image = images.to_image(chosen)
    net, original = case.network, case.original
    result = report.reloaded(image, net)
    verdict = net.verdict(result)
    name, chance = report.first(verdict)
    old, before = report.first(case.before)
    goal.ask(result)
    outcome = f"{old} {before:.0%} → {name} {chance:.0%}"
    flipped = net.find_class(name) != case.label
    if flipped if case.target is None else net.find_class(name) == case.target:
        outcome += "" if goal.done else "; no surer within these limits"
    else:
        outcome = f"not fooled as you wished: {outcome}; allow more, or choose another attack"
    parts = [case.note, outcome]
    change = report.magnified(result, original)
    slid = report.amounts(net, result, original)
    originally = Panel(case.image, f"before: {old}, {before:.0%}")
    after = Panel(image, f"after: {name}, {chance:.0%}", "Saved as 8 bits, loaded, asked again.")
    return replace(
        frame,
        image=image,
        steps=frame.step,
        losses=goal.history[-1],
        history=tuple(goal.history),
        note="; ".join(part for part in parts if part),
        metrics={**report.measures(result, original), "passes": float(goal.passes)},
        verdict=verdict,
        panels=(originally, *slid[:3], after, *slid[3:], change),
        tables=(report.before_and_after(case.before, verdict),),
        files={report.FILE: images.png(image)},
    )
