"""Fill in a painted hole: look for the code whose picture agrees with everything around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor, nn

from phosphene import images
from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Mask, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import Codes, known, prepare, shown
from phosphene.methods.vae.parameters import Known, Own, Photo
from phosphene.networks.autoencoder import Autoencoder
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.descend import descend
from phosphene.optimize.losses import Loss

STARTS, TRIED = 6, 60
"""Codes that descend side by side, and those of the data that they are the best of."""
SIDE = 196
HOLE = 0.5
"""Gray of a hole as it is shown."""
RATE = 0.08


class LatentCanvas(Canvas):
    """Codes (N, C, h, w) that a frozen decoder renders."""

    def __init__(self, codes: Tensor, model: Autoencoder) -> None:
        """Start from codes; the tensor is copied."""
        super().__init__()
        self.codes = nn.Parameter(codes.detach().clone().float().to(model.device))
        self.render = model.rendered

    def forward(self) -> Tensor:
        """Their pictures (N, 3, H, W)."""
        return self.render(self.codes).expand(-1, 3, -1, -1)


@method
def repair(
    image: Photo,
    *,
    hole: Annotated[
        ImageLike | None,
        Mask(of="image", label="Paint a hole", help="nothing painted: the lower half"),
    ] = None,
    model: Known = "digits_vae",
    likely: Annotated[
        float,
        Range(0, 10, 0.1, label="Likeliness", help="how much a code near the others' is worth"),
    ] = 1.0,
    steps: Annotated[int, Range(5, 500, label="Steps", quick=10)] = 120,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Fill a hole with what the model finds likely there, seen what is around it.

    The code is descended, the decoder stays as it is (arXiv 1607.07539): its picture has to agree
    with yours outside the hole, and itself to be as likely as the data's codes are. The nearest of
    some dozen codes of the data are where it begins; the best of them is shown.
    """
    codes = known(model, device, file)
    net = codes.model
    x = prepare(image, net)
    kept = 1 - inside(hole, x)
    generator = torch.Generator().manual_seed(seed)
    canvas = LatentCanvas(starts(codes, x, kept, generator), net)

    def render(pictures: Tensor) -> Image.Image:
        return _shown(x, kept, best(pictures, x, kept))

    loss = repairing(canvas, codes, x, kept, likely)
    rate = RATE * float(codes.means.std())
    for frame, pictures in descend(
        canvas, loss, steps=steps, lr=rate, schedule=lambda part: 1 - part, render=render
    ):
        yield _told(frame, x, kept, best(pictures, x, kept)) if frame.last else frame


def inside(hole: ImageLike | None, x: Tensor) -> Tensor:
    """The hole (1, 1, H, W) in the picture as the model takes it, 1 inside."""
    height, width = x.shape[-2:]
    if hole is None:
        lower = torch.zeros(1, 1, height, width, device=x.device)
        lower[..., height // 2 :, :] = 1
        return lower
    painted = images.load(hole)
    short = min(painted.size)  # as the picture, whose middle the model takes
    left, top = ((side - short) // 2 for side in painted.size)
    square = painted.crop((left, top, left + short, top + short))
    return (images.region(square, height, width, x.device) > 0.3).float()


def starts(codes: Codes, x: Tensor, kept: Tensor, generator: torch.Generator) -> Tensor:
    """Of codes of the data drawn at random those whose pictures agree best outside the hole."""
    chosen = torch.randperm(len(codes.means), generator=generator)[:TRIED]
    some = codes.means[chosen]
    errors = known_error(codes.decode(some), x, kept)
    nearest = errors.argsort()[:STARTS].cpu()
    return some[nearest].reshape(len(nearest), *codes.posterior.mean.shape[1:])


def known_error(pictures: Tensor, x: Tensor, kept: Tensor) -> Tensor:
    """The mean squared error outside the hole of each picture (N, C, H, W): (N,)."""
    away = (pictures - x).square().mean(1, keepdim=True) * kept
    return away.flatten(1).sum(1) / kept.sum().clamp(min=1)


def repairing(canvas: LatentCanvas, codes: Codes, x: Tensor, kept: Tensor, likely: float) -> Loss:
    """Agreement outside the hole, and the codes' own likeliness as Gaussian, each a share.

    Errors count against the usual one of the data; distances against those of the data's codes.
    """
    mean, deviation = (part.to(x) for part in (codes.means.mean(0), codes.means.std(0)))
    usual = codes.usual

    def loss(pictures: Tensor) -> dict[str, Tensor]:
        away = ((canvas.codes.flatten(1) - mean) / deviation).square().mean(1)
        return {
            "around the hole": known_error(pictures, x, kept).sum() / usual,
            "unlikely": 0.1 * likely * away.sum(),
        }

    return loss


def best(pictures: Tensor, x: Tensor, kept: Tensor) -> Tensor:
    """The picture (1, C, H, W) that agrees best outside the hole."""
    chosen = int(known_error(pictures, x, kept).argmin())
    return pictures[chosen : chosen + 1, : x.shape[1]].clamp(0, 1)


def filled(x: Tensor, kept: Tensor, rebuilt: Tensor) -> Tensor:
    """Yours outside the hole, the model's inside."""
    return kept * x + (1 - kept) * rebuilt


def _shown(x: Tensor, kept: Tensor, rebuilt: Tensor) -> Image.Image:
    return contact_sheet(_panels(x, kept, rebuilt), 3)


def _panels(x: Tensor, kept: Tensor, rebuilt: Tensor) -> list[Panel]:
    with_hole = kept * x + (1 - kept) * HOLE
    pictures = torch.cat([with_hole, filled(x, kept, rebuilt), rebuilt])
    captions = ("with its hole", "filled in", "all of it decoded")
    return [Panel(p, c) for p, c in zip(shown(pictures, SIDE), captions, strict=True)]


def _told(frame: Frame, x: Tensor, kept: Tensor, rebuilt: Tensor) -> Frame:
    """The last frame, with what there was in the hole and how far off the filling is."""
    hole = 1 - kept
    around = float(known_error(rebuilt, x, kept))
    within = float(known_error(rebuilt, x, hole))
    rows = (("around the hole", round(around, 4)), ("in the hole", round(within, 4)))
    truth = Panel(shown(x, SIDE)[0], "your picture, whole")
    return replace(
        frame,
        panels=(*_panels(x, kept, rebuilt), truth),
        tables=(Table("Mean squared error against your picture", ("", "error"), rows),),
        metrics={"around": around, "inside": within},
    )
