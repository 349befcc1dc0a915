"""Attributions from gradients with respect to the picture, at the picture and around it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import (
    Attribution,
    Estimate,
    Options,
    batch_size,
    batches,
)
from phosphene.networks.network import Network

SAMPLES = 25
"""Noisy pictures of SmoothGrad; Smilkov et al. see little change above 50."""


def slope(case: Case, x: Tensor, network: Network | None = None) -> Tensor:
    """The gradient of each picture's own score (N, 3, H, W), in pixel space [0, 1]."""
    return slopes(case, x, network)[1]


def slopes(case: Case, x: Tensor, network: Network | None = None) -> tuple[Tensor, Tensor]:
    """The scores of pictures (N,) and their gradients (N, 3, H, W), from one pass there and back.

    `network` is another of the same layers, such as one with other rules backwards.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        scores = case.score(x, network)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
    return scores.detach(), gradient


def gradient(case: Case, options: Options) -> Iterator[Estimate]:
    """How the score changes with each pixel (arXiv 1312.6034)."""
    yield Estimate(slope(case, case.x))


def gradient_times_input(case: Case, options: Options) -> Iterator[Estimate]:
    """The gradient times the picture in [0, 1]: what black would cost, to first order (1605.01713).

    Not in the network's own normalized space, where mid-gray would be what black is here.
    """
    yield Estimate(case.x * slope(case, case.x))


def noisy(case: Case, options: Options) -> Iterator[tuple[Tensor, Tensor, int, int]]:
    """Gradients of the picture under Gaussian noise, a batch at a time.

    The noisy pictures and their gradients (N, 3, H, W), how many there were, of how many; sigma is
    `options.noise` percent of the picture's range. The noise is the same whatever the batches.
    """
    samples, generator = sample_count(options, SAMPLES), options.generator()
    if not 0 < options.noise <= 100:
        raise InputError(f"noise is {options.noise:g} percent; choose 1 to 100, such as 15")
    sigma = options.noise / 100 * float(case.x.max() - case.x.min())
    for part in batches(samples, batch_size(case, options)):
        noise = torch.stack(
            [
                torch.randn(case.x.shape[1:], generator=generator)
                for _ in range(*part.indices(samples))
            ]
        )
        x = case.x + sigma * noise.to(case.x)
        yield x, slope(case, x), part.stop, samples


def sample_count(options: Options, default: int) -> int:
    """How many samples are asked for; InputError below 0."""
    if options.samples < 0:
        raise InputError(
            f"samples is {options.samples}; choose 1 or more, or 0 for the method's own number"
        )
    return options.samples or default


def smoothgrad(case: Case, options: Options) -> Iterator[Estimate]:
    """The mean of signed gradients under noise (arXiv 1706.03825)."""
    total = torch.zeros_like(case.x)
    for x, gradients, done, samples in noisy(case, options):
        total += gradients.sum(0, keepdim=True)
        yield Estimate(total / done, done, samples, x[-1:])


def vargrad(case: Case, options: Options) -> Iterator[Estimate]:
    """The variance of gradients under noise (arXiv 1810.03292), of the samples themselves."""
    mean, deviation, before = torch.zeros_like(case.x), torch.zeros_like(case.x), 0
    for x, gradients, done, samples in noisy(case, options):
        # Batch by batch about their own means: a difference of two large sums loses its digits.
        share = gradients.mean(0, keepdim=True)
        step = share - mean
        deviation += (gradients - share).square().sum(0, keepdim=True)
        deviation += step.square() * (before * (done - before) / done)
        mean += step * ((done - before) / done)
        before = done
        yield Estimate(deviation / done, done, samples, x[-1:])


ATTRIBUTIONS = {
    "gradient": Attribution(
        gradient,
        "Gradient",
        signed=False,
        passes=2,
        about="How much the score changes if a pixel changes a little.",
        caution="Noisy: it says where the network is sensitive, not what it has seen.",
        paper="1312.6034",
    ),
    "gradient_times_input": Attribution(
        gradient_times_input,
        "Gradient × input",
        signed=True,
        passes=2,
        about="The gradient times the pixel itself: what the pixel adds, if all were linear.",
        caution="Black pixels count for nothing, whatever they show; it looks like the picture "
        "because the picture is a factor.",
        paper="1605.01713",
    ),
    "smoothgrad": Attribution(
        smoothgrad,
        "SmoothGrad",
        signed=False,
        passes=2 * SAMPLES,
        about="The mean gradient of many noisy copies: what is left when chance has averaged out.",
        caution="The noise decides how fine the map is; with much of it the network is asked about "
        "pictures that it has never seen.",
        paper="1706.03825",
        options=("samples", "noise"),
    ),
    "vargrad": Attribution(
        vargrad,
        "VarGrad",
        signed=False,
        passes=2 * SAMPLES,
        about="How much the gradient varies between noisy copies: edges that decide.",
        caution="High where the network wavers, which need not be where it found its evidence.",
        paper="1810.03292",
        options=("samples", "noise"),
    ),
}
