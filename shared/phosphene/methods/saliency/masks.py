"""What is left of the score under soft masks: random ones, or a layer's own channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.errors import InputError
from phosphene.methods.saliency.baselines import baseline
from phosphene.methods.saliency.cams import places
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.masking import asked

RANDOM, CHANNELS = 500, 64
"""Masks by default: enough to see an object, and the channels that weigh most."""


def rise(case: Case, options: Options) -> Iterator[Estimate]:
    """Random masks, each weighed by the probability that it leaves (arXiv 1806.07421).

    The sum of probability times mask over masks, divided by their count and the share kept.
    Probabilities, not logits, as in the paper; what is hidden has the network's mean color.
    """
    count = options.samples or RANDOM
    fill = baseline(case, "mean")
    total = torch.zeros_like(case.x[:, :1])
    shares = random_masks(case.x, count, options)
    for part, seen, chances, shown in asked(case, options, count, shares, fill, case.chance):
        total += (chances.view(-1, 1, 1, 1) * seen).sum(0, keepdim=True)
        yield Estimate(total / (part.stop * options.keep), part.stop, count, shown)


def random_masks(x: Tensor, count: int, options: Options) -> Callable[[slice], Tensor]:
    """Soft masks (n, 1, H, W) in [0, 1] by slices of `count`: random grids, enlarged, shifted.

    `options.cells` square cells go along the shorter side; the masks do not depend on the slices.
    """
    if not 0 < options.keep < 1:
        raise InputError(f"keep is {options.keep:g}; choose a share between 0 and 1, such as 0.5")
    height, width = x.shape[-2:]
    if not 1 <= options.cells <= min(height, width):
        raise InputError(f"cells is {options.cells}; choose 1 to {min(height, width)}, such as 7")
    cell = -(-min(height, width) // options.cells)
    rows, columns = (-(-side // cell) + 1 for side in (height, width))
    generator = options.generator()
    grids = torch.rand(count, 1, rows, columns, generator=generator) < options.keep
    shifts = torch.randint(cell, (count, 2), generator=generator).tolist()

    def masks(part: slice) -> Tensor:
        large = F.interpolate(grids[part].to(x), (rows * cell, columns * cell), mode="bilinear")
        return torch.stack(
            [
                grid[:, top : top + height, left : left + width]
                for grid, (top, left) in zip(large, shifts[part], strict=True)
            ]
        )

    return masks


def score_cam(case: Case, options: Options) -> Iterator[Estimate]:
    """Channels weighed by the softmax of the scores that they leave as masks (arXiv 1910.01279).

    The paper's scores are increases over a baseline's; the softmax does not change with it. Of a
    layer's channels those with the strongest activations are asked, `options.samples` of them.
    """
    layer = places(case, options)
    with torch.no_grad():
        features = case.network.acts(case.x, [layer])[layer].float()[0]
    count = min(options.samples or CHANNELS, len(features))
    strongest = features.flatten(1).amax(1).topk(count).indices
    chosen = features[strongest][:, None]
    size = (case.x.shape[-2], case.x.shape[-1])
    scores = case.x.new_zeros(0)

    def shares(part: slice) -> Tensor:
        return stretched(F.interpolate(chosen[part], size, mode="bilinear"))

    fill = baseline(case, "mean")
    for part, _, answers, shown in asked(case, options, count, shares, fill, case.score):
        scores = torch.cat([scores, answers])
        weights = scores.softmax(0).view(-1, 1, 1, 1)
        coarse = (weights * chosen[: part.stop]).sum(0, keepdim=True).relu()
        yield Estimate(F.interpolate(coarse, size, mode="bilinear"), part.stop, count, shown)


def stretched(maps: Tensor) -> Tensor:
    """Maps (N, 1, H, W), each to its own [0, 1]; a flat one hides everything."""
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low) / (high - low).clamp(min=1e-8)


ATTRIBUTIONS = {
    "score_cam": Attribution(
        score_cam,
        "Score-CAM",
        signed=False,
        passes=65,
        about="Channels of a layer, weighed by the score that each leaves as a mask.",
        caution="As coarse as its layer; a few channels take nearly all of the weight.",
        paper="1910.01279",
        options=("layer", "samples"),
    ),
    "rise": Attribution(
        rise,
        "RISE",
        signed=False,
        passes=500,
        about="Random masks, each weighed by the probability that it leaves of the class.",
        caution="Grainy with few masks: run it again with another seed and see what stays.",
        paper="1806.07421",
        options=("samples", "cells", "keep"),
    ),
}
