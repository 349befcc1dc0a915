"""Does it still fool after JPEG, blur or a screenshot, under noise, and other networks?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel, Table
from phosphene.knobs import Flag, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.case import Case, prepare
from phosphene.methods.adversarial.damage import hardships, smoothed, ways
from phosphene.methods.adversarial.goals import View
from phosphene.methods.adversarial.parameters import Epsilon, Net, Photo, Size, Steps, Target
from phosphene.methods.adversarial.run import Options, attempts, finished, so_far
from phosphene.networks.loading import load_network
from phosphene.networks.zoo import CLASSIFIERS


@method
def robustness(
    image: Photo,
    *,
    target: Target = "",
    epsilon: Epsilon = 4,
    survive: Annotated[
        bool,
        Flag(label="Made to survive", help="attack through random JPEG, blur and the like"),
    ] = False,
    confidence: Annotated[
        float, Range(0, 0.999, 0.001, label="How sure should it be?", advanced=True)
    ] = 0.9,
    quality: Annotated[
        int, Range(5, 100, label="JPEG quality", advanced=True, group="What happens to it")
    ] = 75,
    radius: Annotated[
        float,
        Range(0, 5, 0.1, label="Blur", help="pixels", advanced=True, group="What happens to it"),
    ] = 1.0,
    share: Annotated[
        float,
        Range(
            0.1,
            1,
            0.05,
            label="Resized to",
            help="and back",
            advanced=True,
            group="What happens to it",
        ),
    ] = 0.7,
    noise: Annotated[
        float,
        Range(
            0, 64, 1, label="Noise", help="gray levels", advanced=True, group="What happens to it"
        ),
    ] = 8,
    draws: Annotated[
        int,
        Range(
            0,
            256,
            label="Votes under noise",
            help="randomized smoothing; 0: none",
            advanced=True,
            group="What happens to it",
            quick=2,
        ),
    ] = 24,
    steps: Steps = 40,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Fool a network, then send the picture through what happens to pictures, and ask again.

    JPEG, blur, resizing, noise, a screenshot, votes under noise (randomized smoothing, arXiv
    1902.02918), and the other networks. `survive` attacks through random ones of them: the
    expectation over transformations (arXiv 1707.07397).
    """
    case = prepare(image, target, size, network, device)
    goal = case.goal(confidence, views=hardships(seed) if survive else ())
    generator = torch.Generator().manual_seed(seed)
    for frame, picture in attempts(goal, Options(epsilon=epsilon, steps=steps), generator):
        shown = so_far(frame, case, goal, picture)
        yield shown
    last = finished(shown, case, goal, picture)
    result = report.reloaded(last.image, case.network)
    rows, panels = damaged(case, result, ways(quality, radius, share, noise, seed))
    if draws:
        rows.append(_votes(case, result, noise, draws, seed))
    others = Table(
        "What other networks say", COLUMNS, tuple(_asked(case, result, n) for n in CLASSIFIERS)
    )
    ways_table = Table("What is left of it", COLUMNS, tuple(rows))
    yield replace(
        last,
        tables=(ways_table, others),
        panels=(last.panels[0], last.panels[4], *panels, last.panels[-1]),
    )


COLUMNS = ("after", "your picture is", "%", "the fooling one is", "% ", "")


def damaged(
    case: Case, result: Tensor, views: dict[str, View]
) -> tuple[list[tuple[str | float, ...]], list[Panel]]:
    """A row and a panel for the fooling picture after each way."""
    rows: list[tuple[str | float, ...]] = []
    panels: list[Panel] = []
    for name, view in {"nothing": lambda x: x, **views}.items():
        with torch.no_grad():
            plain, fooling = view(case.original), view(result)
        one, two = case.network.verdict(plain, 1), case.network.verdict(fooling, 1)
        rows.append(row(case, name, one, two))
        what, chance = report.first(two)
        panels.append(Panel(images.to_image(fooling), f"{name}: {what}, {chance:.0%}"))
    return rows, panels[1:]


def row(
    case: Case, name: str, before: dict[str, float], after: dict[str, float]
) -> tuple[str | float, ...]:
    """Names and percent of both, and whether the attack still works."""
    (one, chance), (two, other) = report.first(before), report.first(after)
    wish = None if case.target is None else case.network.label(case.target)
    fools = two != case.network.label(case.label) if wish is None else two == wish
    return (
        name,
        one,
        report.percent(chance),
        two,
        report.percent(other),
        "fooled" if fools else "not fooled",
    )


def _votes(
    case: Case, result: Tensor, levels: float, draws: int, seed: int
) -> tuple[str | float, ...]:
    one, two = (smoothed(case.network, x, levels, draws, seed) for x in (case.original, result))
    return row(case, f"most of {draws} votes under noise", one, two)


def _asked(case: Case, result: Tensor, name: str) -> tuple[str | float, ...]:
    """What another network says of both pictures."""
    other = load_network(name, device=str(case.network.device))
    with torch.no_grad():
        return row(case, name, other.verdict(case.original, 1), other.verdict(result, 1))
