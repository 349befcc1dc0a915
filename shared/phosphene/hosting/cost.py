"""What a run will take, told from its settings before it starts: pixels, steps, seconds of GPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from phosphene import limits
from phosphene.errors import InputError
from phosphene.knobs import Range, parameters
from phosphene.methods import METHODS

# What a method repeats its steps for, by the names of its knobs; each multiplies the others.
REPEATS = ("steps", "octaves", "rounds", "pictures", "count", "restarts", "repeats", "draws")
# Steps of methods that count them otherwise, or leave them to the network.
UNKNOWN = 200
QUERYING = ("square", "pixels", "hop_skip_jump")
"""Attacks whose length is that of their questions."""
SIDE = 512

GPU_SECONDS = 4e-8
"""Of a pixel of a step, generously: a VGG-19 forth and back at 512 pixels takes about 10 ms."""
GPU_STEP = 0.02
"""Seconds of a step besides its pixels: launches, previews, the way to the page."""
GPU_START = 25.0
"""Seconds for a worker to start and to load a network."""


@dataclass(frozen=True)
class Cost:
    """Pixels of the picture, steps of the run, and the settings that each of them came from."""

    pixels: float
    steps: float
    of_pixels: tuple[str, ...] = ()
    of_steps: tuple[str, ...] = ()

    @property
    def work(self) -> float:
        """Pixels times steps."""
        return self.pixels * self.steps


def cost(method: Callable[..., Any], arguments: Mapping[str, Any]) -> Cost:
    """The cost of a method with these checked arguments: never under what the settings ask for."""
    numbers = {p.name for p in parameters(method) if isinstance(p.knob, Range)}
    side = float(arguments.get("size") or SIDE)
    repeats = {
        name: float(arguments[name])
        for name in REPEATS
        if name in numbers and (arguments.get(name) or 0) > 1
    }
    steps = math.prod(repeats.values()) or 1.0
    if "steps" not in repeats:
        steps *= 1 if arguments.get("steps") == 1 else UNKNOWN
    by_steps = max(repeats, key=lambda name: repeats[name], default="")
    more = "queries" if arguments.get("attack") in QUERYING else "samples"
    if float(arguments.get(more) or 0) > steps:
        steps, by_steps = float(arguments[more]), more
    of_pixels = ("size",) if "size" in numbers else ()
    return Cost(side * side, steps, of_pixels, (by_steps,) if by_steps else ())


def check(name: str, arguments: Mapping[str, Any]) -> None:
    """InputError for a run that costs more than the operator allows, with the setting to lower."""
    told = cost(METHODS[name], arguments)
    _within("pixels", told.pixels / 1e6, limits.PIXELS, told.of_pixels, arguments, 2)
    _within("steps", told.steps, limits.STEPS, told.of_steps, arguments, 1)
    both = told.of_steps or told.of_pixels
    _within("work", told.work / 1e6, limits.WORK, both, arguments, 1)


def _within(
    what: str,
    number: float,
    limit: limits.Limit,
    settings: tuple[str, ...],
    arguments: Mapping[str, Any],
    power: int,
) -> None:
    most = limit.read()
    if not most or number <= most:
        return
    remedy = "choose another method"
    if settings and (now := arguments.get(settings[0])):
        fits = int(float(now) * (most / number) ** (1 / power))
        remedy = f"lower {settings[0]} from {now:g} to {fits}" if fits else f"lower {settings[0]}"
    raise InputError(
        f"this run would take about {number:.3g} {limit.unit}, "
        f"at most {most:g} are allowed here; {remedy}"
    )


def seconds(name: str, arguments: Mapping[str, Any]) -> float:
    """Seconds of GPU to ask for: an estimate on the safe side, the operator's budget at most.

    Where they are asked for, they are also what the run may take: see `allowed`.
    """
    told = cost(METHODS[name], arguments)
    estimate = GPU_START + told.steps * GPU_STEP + told.work * GPU_SECONDS
    return float(math.ceil(min(max(estimate, 2 * GPU_START), limits.SECONDS.read() + GPU_START)))


def allowed(name: str, arguments: Mapping[str, Any], asked: bool) -> float:
    """Seconds that a run may take: the budget, and where GPU time is asked for, less than that."""
    budget = limits.SECONDS.read()
    if not asked:
        return budget
    # It ends by itself, with its picture, before the worker is taken away.
    return min(budget, seconds(name, arguments) - GPU_START / 2)
