"""How much must change? The network's answer over the budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch

from phosphene.frame import Frame, Panel, Progress, Table
from phosphene.knobs import Choice, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.case import prepare
from phosphene.methods.adversarial.charts import curves
from phosphene.methods.adversarial.parameters import Net, Photo, Size, Target
from phosphene.methods.adversarial.run import Options, attempts, finished


@method
def epsilon_curve(
    image: Photo,
    *,
    target: Target = "",
    most: Annotated[int, Range(1, 64, label="Up to", help="gray levels", quick=3)] = 8,
    attack: Annotated[str, Choice(("pgd", "fgsm", "momentum", "apgd"), label="Attack")] = "pgd",
    steps: Annotated[
        int,
        Range(1, 200, label="Steps for each", advanced=True, group="Search", quick=2),
    ] = 10,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Attack with one gray level, with two, and so on: both probabilities over the budget.

    Every attack uses its whole budget and its result is an 8-bit picture, so the smallest budget
    is one gray level. The smallest one that works is marked.
    """
    case = prepare(image, target, size, network, device)
    old, new = case.names
    points: list[dict[str, float]] = []
    panels: list[Panel] = []
    rows: list[tuple[str | float, ...]] = []
    works: int | None = None
    progress = Progress(most)
    generator = torch.Generator().manual_seed(seed)
    goal = case.goal()
    goal.ask(case.original)
    points.append(dict(goal.history[0]))
    for epsilon in range(1, most + 1):
        goal = case.goal(0.0, keep="sure")
        options = Options(attack, epsilon, steps=steps)
        for frame, attempt in attempts(goal, options, generator, stop=False):
            shown, picture = frame, attempt
        last = finished(shown, case, goal, picture)
        name, chance = report.first(last.verdict)
        points.append({key: last.losses[key] for key in (old, new)})
        fooled = goal.done
        works = epsilon if fooled and works is None else works
        panels.append(Panel(last.image, f"{epsilon} of 255: {name}, {chance:.0%}"))
        percents = [report.percent(share) for share in (points[-1][old], chance)]
        rows.append((epsilon, percents[0], name, percents[1], "yes" if fooled else ""))
        said = f"{works} of 255 is enough" if works else f"not fooled with {epsilon} of 255"
        table = Table(
            "Budget by budget", ("gray levels", f"{old}, %", "answer", "%", "fooled"), tuple(rows)
        )
        made = progress.frame(curves(points, works), steps=1, note=said, tables=(table,))
        yield replace(
            made,
            losses=points[-1],
            history=tuple(points),
            verdict=last.verdict,
            panels=(Panel(case.image, f"before: {old}"), *panels),
            metrics={"smallest that works, gray levels": float(works)} if works else {},
        )
