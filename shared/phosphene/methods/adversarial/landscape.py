"""A slice of the space of pictures around one of them, colored by what a network sees there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel, Progress, Table
from phosphene.images.charts import COLORS
from phosphene.knobs import Point, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.case import Case, prepare
from phosphene.methods.adversarial.charts import OTHERS, legend
from phosphene.methods.adversarial.norms import LEVELS
from phosphene.methods.adversarial.parameters import Net, Photo, Size, Target
from phosphene.methods.adversarial.run import Options, attempts
from phosphene.networks.network import Network

SIDE = 512
"""Pixels of the map's side."""
CENTER = 1 / 3
"""Where the picture itself lies: a third from the left, half way down."""
BATCH, PARTS = 8, 8


@method
def landscape(
    image: Photo,
    *,
    target: Target = "",
    reach: Annotated[
        float,
        Range(
            1, 64, label="How far", help="gray levels of the attack, at its full length", log=True
        ),
    ] = 4,
    at: Annotated[
        tuple[float, float],
        Point(label="A place to look at", help="on the map, from its top left corner"),
    ] = (0.67, 0.5),
    detail: Annotated[
        int,
        Range(8, 64, 8, label="Detail", help="places across", advanced=True, quick=8),
    ] = 32,
    size: Size = 160,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Walk away from a picture: to the right as an attack leads, up and down at random.

    Each place is a picture, colored by the class that the network gives it, brighter where it is
    surer, from coarse to fine. The picture itself is at the ring; the attack's result lies a third
    of the map to the right of it, and random noise of the same L2 norm as far down.
    """
    case = prepare(image, target, size, network, device)
    plane = _plane(case, reach, torch.Generator().manual_seed(seed))
    sides = [side for side in (8, 16, 32) if side < detail] + [detail]
    progress = Progress(PARTS * len(sides) + 1)
    answers = torch.full((1, 1), case.label)
    chances = torch.zeros((1, 1))
    for side in sides:
        answers, chances = _finer(answers, side), _finer(chances, side)
        for first in range(0, side, side // PARTS):
            rows = slice(first, first + side // PARTS)
            answers[rows], chances[rows] = _ask(case.network, plane, side, rows)
            shown = _map(case, answers, chances, at)
            yield progress.frame(shown, steps=1, note=f"{side} places across")
    yield _finished(case, plane, answers, chances, at, progress)


@dataclass(frozen=True)
class _Plane:
    """A picture and two directions of one length (1, 3, H, W)."""

    original: Tensor
    across: Tensor
    down: Tensor

    def picture(self, x: float, y: float) -> Tensor:
        """What lies at a place of the map, given as shares from its top left."""
        right, below = (x - CENTER) / CENTER, (y - 0.5) / CENTER
        return (self.original + right * self.across + below * self.down).clamp(0, 1)


def _plane(case: Case, reach: float, generator: torch.Generator) -> _Plane:
    """The direction of an attack, and a random one of the same length."""
    goal = case.goal(0.0, keep="sure")
    options = Options("pgd", max(reach, 1), steps=8)
    for _, picture in attempts(goal, options, generator, stop=False):
        attempt = picture
    across = (goal.best if goal.done else attempt) - case.original
    signs = 2.0 * torch.randint(0, 2, across.shape, generator=generator).to(across) - 1
    return _Plane(case.original, across, signs * across.norm() / signs.norm())


def _finer(grid: Tensor, side: int) -> Tensor:
    """A square of values at more places: each becomes several."""
    index = torch.arange(side) * len(grid) // side
    return grid[index][:, index].clone()


def _ask(network: Network, plane: _Plane, side: int, rows: slice) -> tuple[Tensor, Tensor]:
    """The class at each place of some rows, and its probability."""
    places = [
        ((column + 0.5) / side, (row + 0.5) / side)
        for row in range(rows.start, rows.stop)
        for column in range(side)
    ]
    best = []
    with torch.no_grad():
        for first in range(0, len(places), BATCH):
            batch = torch.cat([plane.picture(x, y) for x, y in places[first : first + BATCH]])
            best.append(network.logits(batch).softmax(-1).max(-1))
    shape = (rows.stop - rows.start, side)
    answers = torch.cat([top.indices for top in best]).cpu().view(shape)
    return answers, torch.cat([top.values for top in best]).cpu().view(shape)


def _map(case: Case, answers: Tensor, chances: Tensor, at: tuple[float, float]) -> Image.Image:
    """The places as squares with a legend; a ring at the picture, a cross at `at`."""
    colors = _colors(case, answers)
    palette = torch.tensor([colors.get(index, OTHERS) for index in answers.flatten().tolist()])
    strength = (0.35 + 0.65 * chances).flatten()[:, None]
    mixed = 255 - strength * (255 - palette)
    pixels = mixed.to(torch.uint8).view(*answers.shape, 3).numpy()
    page = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(page)
    x, y, r = CENTER * SIDE, SIDE / 2, 7
    draw.ellipse((x - r, y - r, x + r, y + r), outline="black", width=3)
    x, y = (share * SIDE for share in at)
    draw.line((x - r, y, x + r, y), fill="black", width=3)
    draw.line((x, y - r, x, y + r), fill="black", width=3)
    names = [(case.network.label(index), color) for index, color in colors.items()]
    others = [("other classes", OTHERS)] if len(set(answers.flatten().tolist())) > 8 else []
    return legend(page, names + others)


def _colors(case: Case, answers: Tensor) -> dict[int, tuple[int, int, int]]:
    """The picture's own class, the target, and the most frequent others."""
    first = [case.label] if case.target is None else [case.label, case.target]
    frequent = [index for index, _ in Counter(answers.flatten().tolist()).most_common()]
    return dict(zip(dict.fromkeys(first + frequent), COLORS, strict=False))


def _finished(
    case: Case,
    plane: _Plane,
    answers: Tensor,
    chances: Tensor,
    at: tuple[float, float],
    progress: Progress,
) -> Frame:
    """The map, the picture at the cross and at nine places, the shares of the classes."""
    places = [at, *((x, y) for y in (0.17, 0.5, 0.83) for x in (CENTER, 0.67, 0.99))]
    panels = []
    for x, y in places:
        here = images.to_image(plane.picture(x, y))
        verdict = case.network.verdict(report.reloaded(here, case.network), 1)
        name, chance = report.first(verdict)
        panels.append(Panel(here, f"{name}, {chance:.0%}", sets={"at": (x, y)}))
    counts = Counter(answers.flatten().tolist()).most_common(8)
    rows = tuple((case.network.label(i), report.percent(n / answers.numel())) for i, n in counts)
    table = Table("Classes on the map", ("class", "% of the places"), rows)
    shown = _map(case, answers, chances, at)
    note = f"the cross: {panels[0].caption}"
    length = float(plane.across.norm()) * LEVELS
    return progress.frame(
        shown,
        steps=1,
        note=note,
        panels=tuple(panels),
        tables=(table,),
        metrics={"classes": float(len(set(answers.flatten().tolist()))), "L2 to the right": length},
    )
