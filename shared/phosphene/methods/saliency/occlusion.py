"""Occlusion: a patch slides over the picture, and the score falls where it hides what counts."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.methods.saliency.baselines import baseline
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.masking import asked


def occlusion(case: Case, options: Options) -> Iterator[Estimate]:
    """The score less the score under a patch, averaged where patches overlap (arXiv 1311.2901)."""
    places = windows(case, options)
    fill = baseline(case, options.baseline, options.generator())
    with torch.no_grad():
        whole = case.score(case.x)
    total = torch.zeros_like(case.x[:, :1])
    times = torch.zeros_like(total)

    def shares(part: slice) -> Tensor:
        return torch.cat([outside(case.x, top, left, options.window) for top, left in places[part]])

    for part, seen, scores, shown in asked(case, options, len(places), shares, fill, case.score):
        hidden = 1 - seen
        total += ((whole - scores).view(-1, 1, 1, 1) * hidden).sum(0, keepdim=True)
        times += hidden.sum(0, keepdim=True)
        yield Estimate(total / times.clamp(min=1), part.stop, len(places), shown)


def windows(case: Case, options: Options) -> list[tuple[int, int]]:
    """Top and left of every patch, row by row; those at the far borders may reach over them."""
    height, width = case.x.shape[-2:]
    window, stride = options.window, options.stride or max(options.window // 2, 1)
    if window < 1 or window > min(height, width):
        raise InputError(
            f"window is {window} pixels but the picture {width}×{height}; "
            f"choose 1 to {min(height, width)}"
        )
    if stride > window:
        raise InputError(
            f"stride is {stride} pixels, which leaves gaps between windows of {window}; "
            f"choose 1 to {window}"
        )
    rows, columns = (range(0, side - window + stride, stride) for side in (height, width))
    return [(top, left) for top in rows for left in columns]


def outside(x: Tensor, top: int, left: int, window: int) -> Tensor:
    """Shares (1, 1, H, W): 0 under the patch, 1 elsewhere."""
    shares = torch.ones_like(x[:1, :1])
    shares[..., top : top + window, left : left + window] = 0
    return shares


ATTRIBUTIONS = {
    "occlusion": Attribution(
        occlusion,
        "Occlusion",
        signed=True,
        passes=170,
        about="How far the score falls when a patch covers the place.",
        caution="A patch is new evidence too: its color and its edges change the answer.",
        paper="1311.2901",
        options=("window", "stride", "baseline"),
    ),
}
