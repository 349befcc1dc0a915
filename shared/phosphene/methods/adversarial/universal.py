"""One change for every picture (arXiv 1610.08401)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import torch
from PIL import Image, ImageOps
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.knobs import Pictures, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial import report
from phosphene.methods.adversarial.norms import LEVELS, most, straight_through
from phosphene.methods.adversarial.parameters import Net, Photo, Target
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.descend import descend

BATCH, PARTS = 6, 8
MAGNIFIED = 8


@method
def universal(
    image: Photo,
    *,
    pictures: Annotated[
        Sequence[ImageLike] | None,
        Pictures(
            64, label="More pictures", help="three or more; none: parts of the one above are taken"
        ),
    ] = None,
    target: Target = "",
    epsilon: Annotated[
        float,
        Range(1, 255, label="How much may change", help="gray levels of 255", log=True, quick=8),
    ] = 10,
    steps: Annotated[
        int, Range(1, 1000, label="Steps", log=True, advanced=True, group="Search", quick=3)
    ] = 60,
    size: Annotated[
        int, Range(64, 320, 16, label="Size", help="each cut to a square", advanced=True, quick=64)
    ] = 192,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """One faint pattern that, added to any of the pictures, changes what the network says.

    Sign gradients of batches, projected onto the budget: the task of arXiv 1610.08401, solved by
    descent. Every fourth picture is never trained on, and tells whether it works on others. Of a
    single picture eight parts are taken for as many pictures.
    """
    net = load_network(network, device=device)
    goal = net.find_class(target) if target else None
    net.find_class(0)  # says so where a network has no classes
    generator = torch.Generator().manual_seed(seed)
    squares = [_square(picture, size) for picture in (image, *(pictures or ()))]
    if len(squares) == 1:
        squares = _parts(image, size, generator)
    x = torch.cat(squares).to(net.device)
    labels = _answers(net, x)[0]
    held = torch.arange(len(x)) % 4 == 3
    train = torch.nonzero(~held)[:, 0]
    canvas = _Shared(x.shape[-2:], most(epsilon / LEVELS) / LEVELS, net.device)

    def loss(pattern: Tensor) -> dict[str, Tensor]:
        chosen = train[torch.randperm(len(train), generator=generator)[:BATCH]]
        logits = net.logits((x[chosen] + pattern - 0.5).clamp(0, 1))
        wish = labels[chosen] if goal is None else torch.full_like(labels[chosen], goal)
        # Bounded, so that the pictures that are fooled already do not take over (1707.05572).
        chance = logits.softmax(-1).gather(1, wish[:, None])[:, 0]
        kept = chance if goal is None else 1 - chance
        return {"not fooled, probability": kept.mean()}

    def render(pattern: Tensor) -> Image.Image:
        return images.to_image(0.5 + MAGNIFIED * (pattern - 0.5))

    run = descend(
        canvas,
        loss,
        steps=steps,
        optimizer="gradient",
        lr=epsilon / LEVELS / 8,
        condition=torch.sign,
        schedule=lambda progress: 1 - 0.8 * progress,
        render=render,
    )
    for frame, pattern in run:  # noqa: B007 (the last one is the result)
        if not frame.last:
            yield frame
    yield _tested(frame, net, x, pattern, labels, goal, held)


class _Shared(Canvas):
    """One pattern around gray, within the budget, in 8 bits."""

    def __init__(self, shape: Sequence[int], radius: float, device: torch.device) -> None:
        super().__init__()
        self.radius = radius
        self.pattern = torch.nn.Parameter(torch.full((1, 3, *shape), 0.5, device=device))

    def forward(self) -> Tensor:
        """Gray plus the pattern in whole gray levels."""
        whole = ((self.pattern.detach() - 0.5) * LEVELS).round() / LEVELS + 0.5
        return straight_through(self.pattern, whole)

    def project(self) -> None:
        """Into the budget."""
        with torch.no_grad():
            self.pattern.clamp_(0.5 - self.radius, 0.5 + self.radius)


def _square(picture: ImageLike, size: int) -> Tensor:
    return images.to_tensor(ImageOps.fit(images.load(picture), (size, size)))


def _parts(picture: ImageLike, size: int, generator: torch.Generator) -> list[Tensor]:
    """Eight squares of two thirds of a picture's shorter side, anywhere in it."""
    whole = images.load(picture)
    side = max(1, min(whole.size) * 2 // 3)
    parts = []
    for _ in range(PARTS):
        across, down = torch.rand(2, generator=generator).tolist()
        left, top = round(across * (whole.width - side)), round(down * (whole.height - side))
        parts.append(_square(whole.crop((left, top, left + side, top + side)), size))
    return parts


@torch.no_grad()
def _answers(network: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    """The class of each picture (N,) and its probability."""
    tops = [network.logits(part).softmax(-1).max(-1) for part in torch.split(x, 8)]
    return torch.cat([top.indices for top in tops]), torch.cat([top.values for top in tops])


def _tested(
    frame: Frame,
    network: Network,
    x: Tensor,
    pattern: Tensor,
    labels: Tensor,
    goal: int | None,
    held: Tensor,
) -> Frame:
    """The pattern on every picture, those that it was made of and those that it was not."""
    fooling = ((x + pattern - 0.5).clamp(0, 1) * LEVELS).round() / LEVELS
    answers, chances = _answers(network, fooling)
    hits = (answers != labels) if goal is None else (answers == goal)
    hits = hits.cpu()
    rows, panels = [], []
    for index, (part, answer, chance) in enumerate(
        zip(fooling, answers.tolist(), chances.tolist(), strict=True)
    ):
        before, after = network.label(int(labels[index])), network.label(answer)
        role = "tested on" if held[index] else "made of"
        rows.append((index + 1, role, before, after, report.percent(chance)))
        panels.append(Panel(images.to_image(part[None]), f"{before} → {after}, {chance:.0%}"))
    metrics = {"fooled of those it was made of, %": 100 * float(hits[~held].float().mean())}
    if held.any():
        metrics["fooled of the others, %"] = 100 * float(hits[held].float().mean())
    table = Table("Picture by picture", ("", "", "before", "after", "%"), tuple(rows))
    image = images.to_image(pattern)
    return replace(
        frame,
        note=f"{int(hits.sum())} of {len(x)} fooled; the pattern is shown × {MAGNIFIED}",
        metrics=metrics,
        panels=tuple(panels),
        tables=(table,),
        files={"pattern.png": images.png(image)},
    )
