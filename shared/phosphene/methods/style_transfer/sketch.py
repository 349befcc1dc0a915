"""A painting at once, by a network that paints in one pass: there until the better one comes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from phosphene.methods.style_transfer.sources import StyleSource
from phosphene.networks.any_style import load_any_style

NOTE = "a sketch in one pass; the painting follows"


@torch.no_grad()
def sketch(subject: Tensor, styles: Sequence[StyleSource]) -> Tensor:
    """A picture (1, 3, H, W) painted like the styles, each in its place (arXiv 1705.06830).

    WeightsError where the network is not installed.
    """
    net = load_any_style(subject.device)
    blended = [style for style in styles if style.mask is None and style.share]
    total = sum(style.share for style in blended)
    x = subject
    if blended:
        codes = [net.code(style.picture) * (style.share / total) for style in blended]
        x = net.paint(subject, torch.stack(codes).sum(0))
    for style in styles:
        if style.mask is not None:
            x = torch.lerp(x, net.paint(subject, net.code(style.picture)), style.mask)
    return x.contiguous()  # L-BFGS takes no other layout
