"""One attribution: which pixels speak for a class, as the estimate gets surer."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Table
from phosphene.knobs import Choice, Seed
from phosphene.methods import method
from phosphene.methods.saliency import maps
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.drawn import SHOWN, Drawn, Style
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.parameters import (
    Baselines,
    Cells,
    Colors,
    Keep,
    Layer,
    Net,
    Noise,
    Opacity,
    Photo,
    Samples,
    Segments,
    Size,
    Smoothing,
    Stride,
    Target,
    Versus,
    Window,
)

EMPTY = ": zero everywhere, for this method finds nothing that speaks for it"


@method
def attribute(
    image: Photo,
    *,
    method: Annotated[
        str,
        Choice(tuple(ATTRIBUTIONS), label="Method", help="the quick ones first"),
    ] = "gradient",
    target: Target = "",
    versus: Versus = "",
    opacity: Opacity = 0.9,
    colors: Colors = "automatic",
    smoothing: Smoothing = 1,
    samples: Samples = 0,
    noise: Noise = 15,
    baseline: Baselines = "black",
    window: Window = 32,
    stride: Stride = 16,
    layer: Layer = "",
    cells: Cells = 7,
    keep: Keep = 0.5,
    segments: Segments = 50,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Which pixels made the network say so, by one of many methods; each names its paper.

    What is explained is a class's score before the softmax, its difference to that of `versus`, or
    the mean of a layer, of a channel, of a neuron (arXiv 1312.6034, 1706.03825, 1703.01365,
    1610.02391, 1311.2901, 1806.07421, 1602.04938, 1705.07874). The map's top is the 99th
    percentile of its magnitudes, and its zero is zero. `map.npy` is the map, float32 (H, W).
    """
    begun = time.monotonic()
    case = prepare(image, target, versus, size, network, device)
    asked = ATTRIBUTIONS[method]
    options = Options(samples, noise, baseline, window, stride, layer, cells, keep, segments, seed)
    style = Style.of(image, max(size, SHOWN), opacity, colors, smoothing)
    history: tuple[dict[str, float], ...] = ()
    before: Tensor | None = None
    last: Estimate | None = None
    for estimate in asked.run(case, options):
        last = estimate
        heat = maps.reduced(estimate.values, asked.signed).cpu()
        history = (*history, {"change, %": change(before, heat)}) if before is not None else ()
        before = heat
        if estimate.done < estimate.of:
            yield Frame(
                Drawn(heat, asked.signed, style).over(estimate.shown),
                estimate.done,
                estimate.of,
                history[-1] if history else {},
                history,
                time.monotonic() - begun,
                f"{asked.title} for {case.name}",
                verdict=case.before,
            )
    if last is None or before is None:
        raise InputError(f"{method} gave no map; choose other settings")
    drawn = Drawn(before, asked.signed, style)
    yield Frame(
        drawn.over(),
        last.done,
        last.done,
        history[-1] if history else {},
        history,
        time.monotonic() - begun,
        f"{asked.title} for {case.name}{'' if before.any() else EMPTY}",
        measures(case, drawn, last),
        case.before,
        drawn.panels(),
        (told(asked, case),),
        files=files(drawn),
    )


def change(before: Tensor, after: Tensor) -> float:
    """By how much of its size a map has changed, in percent."""
    size = float(after.norm())
    return 100 * float((after - before).norm()) / size if size else 0.0


def measures(case: Case, drawn: Drawn, estimate: Estimate) -> dict[str, float]:
    """The score that is explained, the map's range, and the attribution's own measures."""
    with torch.no_grad():
        score = float(case.score(case.x)[0])
    return {
        "score": score,
        "top of the scale": drawn.top,
        "least": float(drawn.heat.min()),
        "most": float(drawn.heat.max()),
        **estimate.metrics,
    }


def told(asked: Attribution, case: Case) -> Table:
    """What is shown, what it does, how it misleads."""
    sign = "Red speaks for it, blue against." if asked.signed else "Bright matters, either way."
    rows = (
        ("asked about", case.name),
        ("what it does", asked.about),
        ("how to read it", sign),
        ("how it misleads", asked.caution),
        ("paper", f"arXiv {asked.paper}" if asked.paper[:1].isdigit() else asked.paper),
    )
    return Table(asked.title, ("question", "answer"), rows)


def files(drawn: Drawn) -> dict[str, bytes]:
    """The map as numbers and as a picture."""
    numbers = io.BytesIO()
    np.save(numbers, drawn.heat.numpy().astype(np.float32))
    return {"map.npy": numbers.getvalue(), "map.png": images.png(drawn.bare())}
