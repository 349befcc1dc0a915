"""Walk along the dimensions of a code, the most telling ones first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import Codes, grid, known, prepare, shown
from phosphene.methods.vae.parameters import Known, Own

SHOWN, COLUMNS, REACH = 280, 9, 2.5
"""Pixels of the result's side; pictures of a row of the sheet; deviations that it goes each way."""
ROWS = 12
"""Of the sheet: dimensions beyond them tell little."""

_Shift = Range(-4, 4, 0.05, label="First dimension", help="deviations away from the picture")


@method
def traverse(
    image: Annotated[
        ImageLike | None, Picture(label="A picture", help="empty: the middle of all")
    ] = None,
    *,
    model: Known = "digits_vae",
    first: Annotated[float, _Shift] = 0.0,
    second: Annotated[
        float, Range(-4, 4, 0.05, label="Second dimension", help="the next most telling")
    ] = 0.0,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Change one number of the code at a time and see what it stands for.

    Dimensions are ranked by what they tell (their KL from the prior; by their spread where there is
    no noise); a step is a standard deviation of all codes.
    """
    codes = known(model, device, file)
    net = codes.model
    code = net.encode(prepare(image, net)).mean.flatten(1).cpu() if image is not None else None
    start = codes.means.mean(0, keepdim=True) if code is None else code
    order, told = ranked(codes)
    spread = codes.means.std(0)
    moved = start.clone()
    for dimension, shift in zip(order, (first, second), strict=False):
        moved[0, dimension] += shift * spread[dimension]
    before, after = (shown(codes.decode(c), SHOWN)[0] for c in (start, moved))
    rows = tuple(
        (place + 1, dimension + 1, round(told[dimension], 2), round(float(moved[0, dimension]), 3))
        for place, dimension in enumerate(order)
    )
    unit = "KL, nats" if net.noisy else "spread"
    captions = ("as it was", f"moved by {first:+g}, {second:+g}")
    pair = [Panel(before, captions[0]), Panel(after, captions[1])]
    yield Frame(
        contact_sheet(pair, 2),
        panels=(
            Panel(
                sheet(codes, moved, order[:ROWS]), "the most telling dimensions, from left to right"
            ),
            *pair,
        ),
        tables=(Table("Dimensions", ("rank", "number", unit, "now"), rows),),
    )


def ranked(codes: Codes) -> tuple[list[int], list[float]]:
    """The dimensions from the most telling one, and what each tells on average."""
    posterior = codes.posterior
    if codes.model.noisy:
        mean, log_variance = posterior.mean.flatten(1), posterior.log_variance.flatten(1)
        told = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0)
    else:
        told = codes.means.std(0)
    return told.argsort(descending=True).tolist(), told.tolist()


def sheet(codes: Codes, start: Tensor, order: list[int]) -> Image.Image:
    """A row for each dimension in this order: from `REACH` deviations less to as many more."""
    spread = codes.means.std(0)
    rows = []
    for dimension in order:
        row = start.repeat(COLUMNS, 1)
        row[:, dimension] += torch.linspace(-REACH, REACH, COLUMNS) * spread[dimension]
        rows.append(row)
    return grid(codes.decode(torch.cat(rows)), COLUMNS, 84)
