"""What is said of an adversarial picture: verdicts, norms, the change made visible."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Panel, Table
from phosphene.images import metrics
from phosphene.methods.adversarial.norms import LEVELS, size
from phosphene.networks.network import Network

AMOUNTS = (0.25, 0.5, 0.75, 1.5)
"""Shares of the change that are shown one after the other."""
FILE = "adversarial.png"


def reloaded(image: Image.Image, network: Network) -> Tensor:
    """An 8-bit picture as the network is given it again: (1, 3, H, W)."""
    return images.to_tensor(image, network.device)


def measures(picture: Tensor, original: Tensor) -> dict[str, float]:
    """Norms of the change in gray levels of 255, how many pixels it touches, the likeness."""
    change = (picture - original) * LEVELS
    touched = float((change.abs().amax(1) > 1e-3).sum())
    return {
        "largest change (L∞), gray levels": round(float(size(change, "linf")), 2),
        "L2, gray levels": float(size(change, "l2")),
        "changed pixels (L0)": touched,
        "changed pixels, %": 100 * touched / change[0, 0].numel(),
        "SSIM": metrics.ssim(picture, original),
    }


def magnification(picture: Tensor, original: Tensor) -> int:
    """By how much the change can be multiplied until its 99.9th percentile is black or white."""
    change = (picture - original).abs().flatten()
    top = float(change.kthvalue(max(1, int(0.999 * change.numel()))).values) or float(change.max())
    return max(1, int(0.5 / top)) if top else 1


def magnified(picture: Tensor, original: Tensor) -> Panel:
    """The change alone, multiplied, on gray."""
    factor = magnification(picture, original)
    shown = images.to_image(0.5 + factor * (picture - original))
    note = "Gray is no change; lighter was added, darker taken away."
    often = f", {factor} times" if factor > 1 else ""
    return Panel(shown, f"the change alone{often}", note)


def amounts(network: Network, picture: Tensor, original: Tensor) -> tuple[Panel, ...]:
    """The change slid in: the original plus a share of it, with the verdict on each."""
    steps = torch.tensor(AMOUNTS, device=original.device).view(-1, 1, 1, 1)
    mixed = (original + steps * (picture - original)).clamp(0, 1)
    panels = []
    for share, part in zip(AMOUNTS, mixed, strict=True):
        image = images.to_image(part[None])
        name, chance = first(network.verdict(reloaded(image, network), 1))
        panels.append(Panel(image, f"{share:.0%} of the change: {name}, {chance:.0%}"))
    return tuple(panels)


def first(verdict: Mapping[str, float]) -> tuple[str, float]:
    """The most probable class and its probability."""
    return next(iter(verdict.items()))


def before_and_after(before: Mapping[str, float], after: Mapping[str, float]) -> Table:
    """Both top-5 side by side, probabilities in percent."""
    rows = tuple(
        (one, percent(chance), two, percent(later))
        for (one, chance), (two, later) in zip(before.items(), after.items(), strict=True)
    )
    return Table("What the network says", ("before", "%", "after", "% "), rows)


def percent(share: float) -> float:
    """A probability as a table has it."""
    return round(100 * share, 1)
