"""Attributions along straight paths from pictures of nothing to the picture."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from phosphene.methods.saliency.baselines import BASELINES, baseline
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import (
    Attribution,
    Estimate,
    Options,
    batch_size,
    batches,
)
from phosphene.methods.saliency.gradients import sample_count, slope
from phosphene.methods.saliency.integral import Integral

COMPLETENESS = "completeness error, %"
STEPS = "steps"
SEVERAL = "several"
SAMPLES = 60
"""Draws of expected gradients: twelve of each baseline."""
ENOUGH = 0.9
"""Completeness error in percent at which integrated gradients stop spending steps."""
AT_MOST = 400
# Of 1 to 3 points, 10 to 32 pieces and 2 to 8 halved at a time, on two pictures (black, blur):
# 78 and 46 steps; 158 and 46 with one point, over 200 and 64 without pieces.
POINTS, PIECES, HALVED = 2, 15, 4
"""Gauss-Legendre points of a piece, pieces that all paths together begin with, the worst of them
that are halved at a time.
"""


def paths(case: Case, options: Options) -> Tensor:
    """The baselines asked for (B, 3, H, W)."""
    names = BASELINES if options.baseline == SEVERAL else (options.baseline,)
    generator = options.generator()
    return torch.cat([baseline(case, name, generator) for name in names])


def integrated_gradients(case: Case, options: Options) -> Iterator[Estimate]:
    """The gradient averaged along the path, times the way (arXiv 1703.01365), in [0, 1].

    With `options.samples` so many Gauss-Legendre steps for each baseline; without, steps are spent
    until the attributions sum up to the change of the score within 0.9 %, or 400 are.
    """
    size, starts = batch_size(case, options), paths(case, options)
    steps = sample_count(options, 0)
    pieces = 1 if steps else max(2, PIECES // len(starts))
    integral = Integral(case, starts, pieces, steps or POINTS, size)
    todo, whole = integral.pieces, None
    metrics: dict[str, float] = {}
    while todo:
        for shown, left in integral.walk(todo):
            if left:
                of = integral.spent + left
                values = integral.values() * (of / integral.spent) if whole is None else whole
                yield Estimate(values, integral.spent, of, shown, metrics)
        whole = integral.values()
        metrics = {COMPLETENESS: integral.error, STEPS: integral.spent}
        room = 0 if steps else (AT_MOST - integral.spent) // (2 * POINTS)
        missing = room > 0 and integral.error > ENOUGH
        todo = integral.halve(min(room, HALVED)) if missing else []
        yield Estimate(whole, integral.spent, integral.spent + len(todo) * POINTS, shown, metrics)


def expected_gradients(case: Case, options: Options) -> Iterator[Estimate]:
    """Gradients at random places of paths from all baselines, each times its way (1906.10670).

    The baselines take turns, noise is another one each time. Their mean is the integral's over all
    baselines, with chance in it.
    """
    samples, generator = sample_count(options, SAMPLES), options.generator()
    fixed = {name: baseline(case, name) for name in BASELINES if name != "noise"}
    shares = torch.rand((samples, 1, 1, 1), generator=generator).to(case.x)
    total = torch.zeros_like(case.x)
    for part in batches(samples, batch_size(case, options)):
        names = [BASELINES[index % len(BASELINES)] for index in range(*part.indices(samples))]
        starts = torch.cat(
            [fixed[n] if n in fixed else baseline(case, n, generator) for n in names]
        )
        x = starts + shares[part] * (case.x - starts)
        total += (slope(case, x) * (case.x - starts)).sum(0, keepdim=True)
        yield Estimate(total / part.stop, part.stop, samples, x[-1:])


ATTRIBUTIONS = {
    "integrated_gradients": Attribution(
        integrated_gradients,
        "Integrated gradients",
        signed=True,
        passes=160,
        about="The gradient summed up on the way from nothing to the picture: the parts add up to "
        "the score.",
        caution="What counts as nothing decides: on a black baseline black pixels get no share.",
        paper="1703.01365",
        options=("baseline", "samples"),
    ),
    "expected_gradients": Attribution(
        expected_gradients,
        "Expected gradients",
        signed=True,
        passes=2 * SAMPLES,
        about="Integrated gradients with several kinds of nothing and random places on the way.",
        caution="Noisy until many samples are drawn; its kinds of nothing are still a choice.",
        paper="1906.10670",
        options=("samples",),
    ),
}
