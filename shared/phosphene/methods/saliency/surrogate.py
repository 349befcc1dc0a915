"""A simple model in place of the network: what each superpixel adds to the score."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from phosphene.methods.saliency.baselines import baseline
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.masking import asked
from phosphene.methods.saliency.superpixels import superpixels

SAMPLES = 256
KERNEL = 0.25
"""The width of LIME's kernel, in cosine distance from the whole picture."""


def lime(case: Case, options: Options) -> Iterator[Estimate]:
    """The slopes of a ridge regression on which superpixels are there (arXiv 1602.04938).

    Each is there at even odds; samples near the whole picture weigh more; the penalty is 1.
    """
    labels = superpixels(case.x, options.segments)
    there = at_even_odds(int(labels.max()) + 1, options.samples or SAMPLES, options.generator())
    weights = nearness(there)

    def fit(scores: Tensor) -> Tensor:
        known = len(scores)
        return slopes(there[:known], scores, weights[:known], 1.0)

    yield from fitted(case, options, labels, there, fit)


def kernel_shap(case: Case, options: Options) -> Iterator[Estimate]:
    """Shapley values of superpixels by weighted least squares (arXiv 1705.07874).

    They sum to the whole picture's score less the baseline's. Where all subsets are no more than
    the samples, all are asked and the values are exact.
    """
    labels = superpixels(case.x, options.segments)
    count, samples = int(labels.max()) + 1, options.samples or SAMPLES
    there, weights = coalitions(count, samples, options.generator())
    fill = baseline(case, options.baseline, options.generator())
    with torch.no_grad():
        full, none = case.score(torch.cat([case.x, fill])).double().cpu()

    def fit(scores: Tensor) -> Tensor:
        known = len(scores)
        return shapley(there[:known], scores, weights[:known], float(full), float(none))

    yield from fitted(case, options, labels, there, fit)


def fitted(
    case: Case, options: Options, labels: Tensor, there: Tensor, fit: Callable[[Tensor], Tensor]
) -> Iterator[Estimate]:
    """Estimates from samples (N, S) of the superpixels there; `fit` reads the scores so far."""
    fill = baseline(case, options.baseline, options.generator())
    kept = there.to(case.x)
    scores = torch.zeros(0, dtype=torch.float64)

    def shares(part: slice) -> Tensor:
        return kept[part][:, labels][:, None]

    for part, _, answers, shown in asked(case, options, len(there), shares, fill, case.score):
        scores = torch.cat([scores, answers.double().cpu()])
        values = fit(scores).to(case.x)[labels][None, None]
        yield Estimate(values, part.stop, len(there), shown)


def at_even_odds(count: int, samples: int, generator: Generator) -> Tensor:
    """Samples (N, S) of zeros and ones, float64; the first one is the whole picture."""
    there = torch.randint(2, (samples, count), generator=generator).double()
    there[0] = 1
    return there


def nearness(there: Tensor) -> Tensor:
    """LIME's weight of each sample (N,): a Gaussian of its cosine distance from all ones."""
    distance = 1 - there.mean(1).sqrt()
    return (-0.5 * (distance / KERNEL) ** 2).exp()


def slopes(there: Tensor, scores: Tensor, weights: Tensor, penalty: float) -> Tensor:
    """Weighted ridge regression with a free intercept in closed form: slopes (S,), float64."""
    share = weights / weights.sum()
    z, y = there - share @ there, scores - share @ scores
    return ridge(z, y, weights, penalty)


def ridge(z: Tensor, y: Tensor, weights: Tensor, penalty: float) -> Tensor:
    """The coefficients (S,) of `y` (N,) on `z` (N, S) through the origin."""
    weighed = z.T * weights
    squares = weighed @ z
    squares.diagonal().add_(penalty)
    solution: Tensor = torch.linalg.solve(squares, weighed @ y)
    return solution


def coalitions(count: int, samples: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Subsets (N, S) without the empty and the full one, and their weights (N,), float64.

    All of them by the Shapley kernel, or as many as are asked for, drawn by it: each beside its
    complement, which halves the noise.
    """
    if count < 16 and 2**count - 2 <= samples:
        every = torch.tensor(list(itertools.product((0.0, 1.0), repeat=count)), dtype=torch.float64)
        every = every[1:-1]
        sizes = every.sum(1)
        ways = torch.tensor([math.comb(count, int(size)) for size in sizes], dtype=torch.float64)
        return every, (count - 1) / (ways * sizes * (count - sizes))
    sizes = torch.arange(1, count, dtype=torch.float64)
    drawn = torch.multinomial(
        1 / (sizes * (count - sizes)), -(-samples // 2), replacement=True, generator=generator
    )
    order = torch.rand(len(drawn), count, generator=generator).argsort(1).argsort(1)
    half = (order <= drawn[:, None]).double()
    both = torch.stack([half, 1 - half], 1).flatten(0, 1)[:samples]
    return both, torch.ones(len(both), dtype=torch.float64)


def shapley(there: Tensor, scores: Tensor, weights: Tensor, full: float, none: float) -> Tensor:
    """Values (S,) that sum to `full - none` and fit the scores best: the last one is eliminated."""
    gain = full - none
    z = there[:, :-1] - there[:, -1:]
    y = scores - none - there[:, -1] * gain
    # Just enough of a penalty for the samples so far to have one solution.
    first = ridge(z, y, weights, 1e-9 * float(weights.sum()))
    return torch.cat([first, (gain - first.sum())[None]])


ATTRIBUTIONS = {
    "lime": Attribution(
        lime,
        "LIME",
        signed=True,
        passes=256,
        about="What each superpixel adds to the score, by a linear model near the picture.",
        caution="Depends on the superpixels and on the color that replaces them.",
        paper="1602.04938",
        options=("segments", "samples", "baseline"),
    ),
    "kernel_shap": Attribution(
        kernel_shap,
        "Kernel SHAP",
        signed=True,
        passes=258,
        about="The score shared out fairly among superpixels: their Shapley values, sampled.",
        caution="Most samples are pictures that no camera takes; few samples are noisy.",
        paper="1705.07874",
        options=("segments", "samples", "baseline"),
    ),
}
