"""Fool several networks at once, and see whether one that was left out is fooled too."""

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
from phosphene.methods.adversarial.parameters import Epsilon, Photo, Size, Target
from phosphene.methods.adversarial.run import Options, attempts, finished, so_far
from phosphene.networks.loading import load_network
from phosphene.networks.zoo import CLASSIFIERS

NOBODY = "nobody"


@method
def transfer(
    image: Photo,
    *,
    target: Target = "",
    left_out: Annotated[
        str,
        Choice((*CLASSIFIERS[::-1], NOBODY), label="Left out", help="never asked by the attack"),
    ] = "efficientnet_lite2",
    epsilon: Epsilon = 8,
    steps: Annotated[
        int, Range(1, 200, label="Steps", advanced=True, group="Search", quick=2)
    ] = 12,
    size: Size = 224,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """One network fooled, then all but the one left out at once; what each says of both pictures.

    Momentum through the mean of the networks' logits (arXiv 1710.06081), the whole budget: what
    fools several networks is more likely to fool another (arXiv 1611.02770).
    """
    names = [name for name in CLASSIFIERS if name != left_out]
    case = prepare(image, target, size, names[0], device)
    networks = {name: load_network(name, device=device) for name in CLASSIFIERS}
    progress = Progress(2 * steps + 2)
    options = Options("momentum", epsilon, steps=steps)
    ways = {"alone": names[:1], "together": names}
    frames: dict[str, Frame] = {}
    generator = torch.Generator().manual_seed(seed)
    for way, members in ways.items():
        goal = case.goal(0.0, keep="sure", networks=[networks[name] for name in members])
        note = f"fooling {', '.join(members)}"
        for frame, picture in attempts(goal, options, generator, stop=False):
            shown = so_far(frame, case, goal, picture)
            yield progress.of(replace(shown, steps=steps + 1), note)
        frames[way] = finished(replace(shown, step=steps + 1), case, goal, picture)
        joined = progress.of(replace(frames[way], steps=steps + 1))
        if way == "alone":
            yield joined
    rows = []
    wish = None if case.target is None else case.network.label(case.target)
    for name, network in networks.items():
        own = network.verdict(case.original, 1)
        answers = [
            report.first(network.verdict(report.reloaded(frame.image, network), 1))
            for frame in frames.values()
        ]
        original, chance = report.first(own)
        words = [
            f"{what} {sure:.0%}{' ✓' * (what != original if wish is None else what == wish)}"
            for what, sure in answers
        ]
        role = "left out" if name == left_out else "attacked"
        rows.append((name, role, f"{original} {chance:.0%}", *words))
    columns = ("network", "", "your picture", f"{names[0]} fooled alone", "fooled together")
    table = Table("Who is fooled (✓)", columns, tuple(rows))
    panels = [Panel(case.image, "before")]
    for way, frame in frames.items():
        panels += [Panel(frame.image, way), replace(frame.panels[-1], caption=f"{way}: the change")]
    last = frames["together"]
    yield replace(
        joined,
        image=last.image,
        steps=joined.step,
        panels=tuple(panels),
        tables=(table, *last.tables),
    )
