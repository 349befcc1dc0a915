"""Watch it decide: where the evidence lies in every layer, from the first to the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from phosphene.frame import Frame, Panel, Progress, Table
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.saliency.cams import layer_cam, maps, over_picture, places, with_places
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.drawn import SHOWN, Drawn, Style
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.parameters import (
    Colors,
    Net,
    Opacity,
    Photo,
    Size,
    Smoothing,
    Target,
    Versus,
)

HEAD = ("layer", "cells a row", "pixels that a cell sees", "top of the scale")


@method
def attribute_layers(
    image: Photo,
    *,
    target: Target = "",
    versus: Versus = "",
    count: Annotated[
        int, Range(2, 24, label="How many layers", help="from the first to the last", quick=3)
    ] = 8,
    opacity: Opacity = 0.9,
    colors: Colors = "automatic",
    smoothing: Smoothing = 0,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Where each layer finds what speaks for the answer: edges first, then parts, then the thing.

    The panels are Layer-CAMs (doi 10.1109/TIP.2021.3089943) from shallow to deep, each on a scale
    of its own: what is positive in a layer's maps and in the score's gradient there.
    """
    case = prepare(image, target, versus, size, network, device)
    style = Style.of(image, max(size, SHOWN), opacity, colors, smoothing)
    names = route(case, count)
    progress = Progress(len(names))
    panels: tuple[Panel, ...] = ()
    rows: tuple[tuple[str | float, ...], ...] = ()
    for name in names:
        coarse = layer_cam(*maps(case, name))
        drawn = Drawn(over_picture(case, coarse)[0, 0], False, style)
        panel = Panel(drawn.over(), name, _note(case, name), {"layer": name, "method": "layer_cam"})
        panels = (*panels, panel)
        field = case.network.tap(name).receptive_field or 0
        rows = (*rows, (name, coarse.shape[-1], field, float(f"{drawn.top:.3g}")))
        yield progress.frame(
            panel.image,
            steps=1,
            note=f"{case.name} in {name}",
            verdict=case.before,
            panels=panels,
            tables=(Table(f"Where {case.name} is decided", HEAD, rows),),
        )


def route(case: Case, count: int) -> list[str]:
    """At most `count` layers with places, from the first to the last that counts."""
    deepest, before = places(case, Options()), with_places(case)
    before = before[: before.index(deepest)] if deepest in before else before
    stages = _parts([name for name in before if name.count(".") < 2])
    names = [*(stages if len(stages) + 1 >= count else _parts(before)), deepest]
    count = min(count, len(names))
    spread = [round(i * (len(names) - 1) / max(1, count - 1)) for i in range(count)]
    return [names[index] for index in spread]


def _parts(names: Sequence[str]) -> list[str]:
    """Of a container and its parts the parts alone."""
    parted = {name.rpartition(".")[0] for name in names}
    return [name for name in names if name not in parted]


def _note(case: Case, name: str) -> str:
    """What a layer's cells are, for people."""
    field = case.network.tap(name).receptive_field
    longer = max(case.x.shape[-2:])
    if field is None or field >= longer:
        return f"Each cell of {name} may see the whole picture."
    return f"Each cell of {name} sees {field} of {longer} pixels."
