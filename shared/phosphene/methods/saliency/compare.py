"""Several attributions of one picture side by side, the quick ones first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from phosphene.errors import InputError
from phosphene.frame import Frame, Progress
from phosphene.knobs import Choice, Choices, Seed
from phosphene.methods import method
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.drawn import Style
from phosphene.methods.saliency.estimates import Estimate, Options
from phosphene.methods.saliency.grid import CELL, Cell, Grid
from phosphene.methods.saliency.parameters import (
    LOOK,
    Baseline,
    Colors,
    Net,
    Opacity,
    Photo,
    Samples,
    Size,
    Smoothing,
    Target,
    Versus,
)

FAVORITES = (
    "grad_cam",
    "gradient",
    "guided_backpropagation",
    "smoothgrad",
    "integrated_gradients",
    "occlusion",
    "lime",
    "rise",
)
FEWER = {"integrated_gradients": 32, "lime": 128, "kernel_shap": 128, "rise": 256}
"""Samples here where a method's own number would make the others wait."""
OVER, ALONE = "over the picture", "alone"


@method
def compare(
    image: Photo,
    *,
    target: Target = "",
    versus: Versus = "",
    methods: Annotated[
        tuple[str, ...],
        Choices(
            tuple(ATTRIBUTIONS),
            label="Methods",
            help="whatever their order here, the quick ones come first",
            quick="gradient",
        ),
    ] = FAVORITES,
    show: Annotated[str, Choice((OVER, ALONE), label="Maps", advanced=True, group=LOOK)] = OVER,
    opacity: Opacity = 0.9,
    colors: Colors = "automatic",
    smoothing: Smoothing = 1,
    samples: Samples = 0,
    baseline: Baseline = "black",
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """The same question to several methods, and how their answers differ (arXiv 1810.03292).

    Every map has a scale of its own, written below it: compare where maps are bright, not how
    bright. `samples` 0 is each method's own number, or fewer where that takes long.
    """
    case = prepare(image, target, versus, size, network, device)
    cells = [
        Cell(name, asked, FEWER.get(name, asked.passes))
        for name, asked in ATTRIBUTIONS.items()
        if name in methods
    ]
    grid = Grid(case, cells, Style.of(image, CELL, opacity, colors, smoothing), show == ALONE)
    progress = Progress(sum(cell.passes for cell in cells))
    options = Options(samples, baseline=baseline, seed=seed)
    for cell in cells:
        start, due = progress.done, progress.done + cell.passes
        own = replace(options, samples=samples or FEWER.get(cell.name, 0))
        for estimate in _estimates(cell, case, own):
            grid.take(cell, estimate)
            if cell.part < 1:
                now = start + int(cell.part * cell.passes)
                yield _frame(progress, grid, cell, max(now - progress.done, 0))
        if cell is not cells[-1]:
            yield _frame(progress, grid, cell, due - progress.done)
    if all(cell.refused for cell in cells):
        raise InputError(cells[0].refused)
    last = _frame(progress, grid, cells[-1], due - progress.done)
    yield replace(last, note=f"why {case.name}", panels=grid.panels(target, versus))


def _frame(progress: Progress, grid: Grid, cell: Cell, steps: int) -> Frame:
    """The grid as it is now."""
    return progress.frame(
        grid.page(),
        steps=steps,
        note=cell.asked.title,
        verdict=grid.case.before,
        tables=(grid.table(),),
    )


def _estimates(cell: Cell, case: Case, options: Options) -> Iterator[Estimate]:
    """A method's estimates, its clock running; none where it does not know such a network."""
    begun = time.monotonic()
    try:
        for estimate in cell.asked.run(case, options):
            cell.seconds = time.monotonic() - begun
            yield estimate
            begun = time.monotonic() - cell.seconds
    except InputError as error:
        cell.refused = str(error)
