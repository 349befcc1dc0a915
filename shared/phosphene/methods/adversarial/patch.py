"""A printed patch that outshouts everything else in a picture (arXiv 1712.09665)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from phosphene import images
from phosphene.frame import ITSELF, Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.knobs import ClassChoice, Picture, Pictures, Point, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.case import CLASSES, Case, prepare
from phosphene.methods.adversarial.parameters import Net, Photo, Size
from phosphene.optimize.canvas import Pixels
from phosphene.optimize.descend import descend

BATCH = 6
TURN = 20.0
"""Degrees by which a patch is turned at most while it is trained, either way."""

Place = Annotated[
    tuple[float, float],
    Point(of="", label="Where it lies", help="the patch's middle; drag it there"),
]
Area = Annotated[float, Range(2, 60, 1, label="Size of the patch", help="percent of the picture")]


@method
def patch(
    image: Photo,
    *,
    target: Annotated[str, ClassChoice(options=CLASSES, label="What should it be?")] = "toaster",
    place: Place = (0.25, 0.75),
    area: Area = 25,
    others: Annotated[
        Sequence[ImageLike] | None,
        Pictures(32, label="Other pictures to learn from", advanced=True),
    ] = None,
    steps: Annotated[
        int, Range(1, 2000, label="Steps", log=True, advanced=True, group="Search", quick=2)
    ] = 150,
    lr: Annotated[
        float,
        Range(0.001, 0.5, label="Step size", log=True, advanced=True, group="Search"),
    ] = 0.1,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Train a patch for a class and lay it on a picture, wherever you like.

    It is learned on random places, turns and sizes over the picture and `others` (arXiv
    1712.09665), in colors that a printer has, and comes as a file to print, which `lay_patch` lays
    elsewhere.
    """
    case = prepare(image, target, size, network, device)
    net, original = case.network, case.original
    side = _side(original, area)
    label = torch.tensor([net.find_class(target)], device=net.device)
    generator = torch.Generator().manual_seed(seed)
    backgrounds = [original, *(_like(other, original) for other in others or ())]
    begin = (0.5 + 0.1 * torch.randn((1, 3, side, side), generator=generator)).clamp(0, 1)

    def loss(square: Tensor) -> dict[str, Tensor]:
        pasted = [
            pasted_at_random(
                backgrounds[int(torch.randint(len(backgrounds), (1,), generator=generator))],
                square,
                generator,
            )
            for _ in range(BATCH)
        ]
        logits = net.logits(torch.cat(pasted))
        rough = square.diff(dim=-1).abs().mean() + square.diff(dim=-2).abs().mean()
        return {
            f"not {net.label(int(label))}": F.cross_entropy(logits, label.expand(BATCH)),
            "roughness": 0.1 * rough,
        }

    run = descend(
        Pixels(begin.to(net.device)),
        loss,
        steps=steps,
        lr=lr,
        render=lambda square: images.to_image(laid(original, square, place)),
    )
    for frame, square in run:  # noqa: B007 (the last one is the result)
        if not frame.last:
            yield frame
    yield _laid(case, square, place, frame)


@method
def lay_patch(
    image: Photo,
    *,
    pattern: Annotated[ImageLike, Picture(label="The patch", help="a patch.png, or any picture")],
    place: Place = (0.25, 0.75),
    area: Area = 25,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Lay a patch made before on a picture, and ask the network again (arXiv 1712.09665)."""
    case = prepare(image, "", size, network, device)
    side = _side(case.original, area)
    given = images.to_tensor(images.load(pattern), case.network.device)
    yield _laid(case, images.scaled(given, side, side), place, Frame(case.image))


def _side(original: Tensor, area: float) -> int:
    """The patch's side in pixels, from its share of the picture in percent."""
    height, width = original.shape[-2:]
    return min(max(8, round(math.sqrt(area / 100 * height * width))), height, width)


def laid(original: Tensor, square: Tensor, place: tuple[float, float]) -> Tensor:
    """The picture with the patch at a place (shares from the top left), all of it inside."""
    height, width = original.shape[-2:]
    side = square.shape[-1]
    top = min(max(round(place[1] * height - side / 2), 0), height - side)
    left = min(max(round(place[0] * width - side / 2), 0), width - side)
    result = original.clone()
    result[..., top : top + side, left : left + side] = square
    return result


def pasted_at_random(background: Tensor, square: Tensor, generator: Generator) -> Tensor:
    """The patch turned, scaled and somewhere on the picture, differentiable in the patch."""
    height, width = background.shape[-2:]
    draw = torch.rand(4, generator=generator).tolist()
    angle = math.radians((2 * draw[0] - 1) * TURN)
    scale = 0.8 + 0.4 * draw[1]
    half_x, half_y = scale * square.shape[-1] / width, scale * square.shape[-2] / height
    x = (2 * draw[2] - 1) * max(0.0, 1 - half_x)
    y = (2 * draw[3] - 1) * max(0.0, 1 - half_y)
    cos, sin, aspect = math.cos(angle), math.sin(angle), height / width
    # From places on the picture in [-1, 1] to places on the patch.
    rows = [
        [cos / half_x, sin * aspect / half_x, -(cos * x + sin * aspect * y) / half_x],
        [-sin / aspect / half_y, cos / half_y, -(-sin / aspect * x + cos * y) / half_y],
    ]
    matrix = torch.tensor([rows], device=background.device)
    grid = F.affine_grid(matrix, [1, 3, height, width], align_corners=False)
    inside = (grid.abs() <= 1).all(-1)[:, None]
    drawn = F.grid_sample(square, grid, padding_mode="border", align_corners=False)
    return torch.where(inside, drawn, background)


def _like(picture: ImageLike, original: Tensor) -> Tensor:
    """Another picture in the size of the first."""
    height, width = original.shape[-2:]
    whole = images.load(picture).resize((width, height))
    return images.to_tensor(whole, original.device)


def _laid(case: Case, square: Tensor, place: tuple[float, float], frame: Frame) -> Frame:
    """The patch where it was asked for, and in the four corners."""
    net = case.network
    corners = [(x, y) for y in (0.0, 1.0) for x in (0.0, 1.0)]
    panels, rows, answers = [], [], []
    for where in (place, *corners):
        image = images.to_image(laid(case.original, square, where))
        verdict = net.verdict(report.reloaded(image, net))
        name, chance = report.first(verdict)
        answers.append((image, verdict))
        panels.append(Panel(image, f"{name}, {chance:.0%}", sets={"place": where}))
        rows.append((f"{where[0]:.0%}, {where[1]:.0%}", name, report.percent(chance)))
    printable = images.to_image(square).resize((512, 512))
    image, verdict = answers[0]
    name, chance = report.first(verdict)
    old, before = report.first(case.before)
    return replace(
        frame,
        image=image,
        note=f"{old} {before:.0%} → {name} {chance:.0%}",
        verdict=verdict,
        panels=(Panel(printable, "the patch, to print", sets={"pattern": ITSELF}), *panels),
        tables=(
            Table("Wherever it lies", ("from left, top", "answer", "%"), tuple(rows)),
            report.before_and_after(case.before, verdict),
        ),
        files={"patch.png": images.png(printable)},
    )
