"""Occlusion by hand: cover a part of the picture and see what the network says now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Table
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Mask, Seed
from phosphene.methods import method
from phosphene.methods.saliency.baselines import BASELINES, baseline
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.masking import covered
from phosphene.methods.saliency.parameters import Net, Photo, Size, Target

SHOWN = 6
"""Classes in the table: those that are likely before or after."""


@method
def occlude(
    image: Photo,
    *,
    cover: Annotated[ImageLike | None, Mask(of="image", label="Paint over a part")] = None,
    fill: Annotated[
        str, Choice(BASELINES, label="Covered with", help="mean: the network's own gray")
    ] = "gray",
    target: Target = "",
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint over a part and see the probabilities move (arXiv 1311.2901, with your own hand).

    Without a stroke, the picture and what the network says of it. A soft stroke covers by half.
    """
    case = prepare(image, target, "", size, network, device)
    picture, share = case.x, 0.0
    if cover is not None:
        height, width = case.x.shape[-2:]
        inside = images.region(cover, height, width, case.network.device)
        blank = baseline(case, fill, torch.Generator().manual_seed(seed))
        picture, share = covered(case.x, blank, 1 - inside), float(inside.mean())
    before, after, chances = asked(case, torch.cat([case.x, picture]))
    score = "score before the softmax" if case.layers == ("logits",) else "activation"
    moved = f"{case.name}: {score} {before:.3g}"
    yield Frame(
        images.to_image(picture),
        note=moved if cover is None else f"{moved} → {after:.3g}, {share:.0%} covered",
        metrics={"score before": before, "score now": after, "covered, %": 100 * share},
        verdict=first(case, chances),
        tables=(compared(case, chances),) if len(chances) else (),
    )


def asked(case: Case, both: Tensor) -> tuple[float, float, Tensor]:
    """Both scores of two pictures, and their probabilities (2, classes), from one pass."""
    with torch.no_grad():
        if not case.network.classes:
            before, after = case.score(both).tolist()
            return before, after, both.new_zeros(0)
        acts = case.network.acts(both, {**dict.fromkeys(case.layers), "logits": None})
        before, after = case.total(acts).tolist()
        return before, after, acts["logits"].float().softmax(-1).cpu()


def first(case: Case, chances: Tensor) -> dict[str, float]:
    """The most probable classes of the second picture, most probable first."""
    if not len(chances):
        return {}
    best = chances[1].topk(len(case.before))
    ranked = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return {case.network.label(index): value for index, value in ranked}


def compared(case: Case, chances: Tensor) -> Table:
    """Percent before and after of the classes that are likely in either of two pictures."""
    before, after = 100 * chances
    of_classes = [term for term in case.terms if term.layer == "logits"]
    targets = [index for term in of_classes for index in term.channels]
    likely = torch.maximum(before, after).topk(min(SHOWN, len(before))).indices.tolist()
    listed = [*targets, *(index for index in likely if index not in targets)][:SHOWN]
    rows: list[tuple[str | float, ...]] = []
    for index in listed:
        was, now = float(before[index]), float(after[index])
        label = case.network.label(index)
        rows.append((label, round(was, 1), round(now, 1), f"{now - was:+.1f}"))
    return Table("What the network says", ("class", "before, %", "now, %", "moved"), tuple(rows))
