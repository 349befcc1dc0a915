"""How a picture dreams: octaves from small to full size, detail carried from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Progress
from phosphene.images.colors import recolor
from phosphene.optimize import transforms
from phosphene.optimize.canvas import Pixels
from phosphene.optimize.descend import descend
from phosphene.optimize.gradients import Conditioner, busy
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import octave_sizes
from phosphene.optimize.tiling import tiled

STEP = 0.007
"""What strength 1 changes the mean pixel by in one step."""
OVERLAP = 64
"""Pixels around a tile that are seen and not changed."""


@dataclass(frozen=True)
class Plan:
    """How long, how strongly and how wildly to dream; `powers` are per octave, smallest first."""

    steps: int = 12
    octaves: int = 5
    scale: float = 1.4
    strength: float = 1.0
    powers: tuple[float, ...] = (1.0,)
    color: float = 0.25
    calm: float = 0.85
    smooth: float = 1.0
    momentum: float = 0.8
    jitter: int = 24
    turn: float = 0.0
    tile: int = 1024

    def sizes(self, height: int, width: int, least: int) -> list[tuple[int, int]]:
        """Picture sizes from small to full, those with a side under `least` left out."""
        sizes = octave_sizes(height, width, self.octaves, self.scale)
        return [size for size in sizes if min(size) >= least]

    def power(self, octave: int) -> float:
        """The strength of an octave counted from the smallest; the last one given repeats."""
        return self.strength * self.powers[min(octave, len(self.powers) - 1)]

    def shake(self) -> transforms.Transform:
        """The random change before each step."""
        roll = transforms.jitter(self.jitter)
        if not self.turn:
            return roll
        zooms = [1 + self.turn * share / 100 for share in transforms.SWING]
        return transforms.compose(roll, transforms.scale(zooms), transforms.swing(self.turn))


@dataclass(frozen=True)
class Look:
    """How the dream is shown over its source (1, 3, H, W)."""

    source: Tensor
    inside: Tensor | None = None
    blend: float = 1.0
    keep_colors: float = 0.0

    def finish(self, dream: Tensor) -> Tensor:
        """The dream with the source's colors, inside the mask, blended."""
        dream = dream.clamp(0, 1)
        if self.keep_colors:
            dream = dream.lerp(recolor(dream, self.source), self.keep_colors)
        share = self.blend if self.inside is None else self.blend * self.inside
        return self.source + share * (dream - self.source)

    def show(self, dream: Tensor) -> Image.Image:
        """The finished dream as a picture."""
        return images.to_image(self.finish(dream))


@dataclass
class Dreamer:
    """Dreams of one kind: a loss on pictures, a plan, a stream of random numbers."""

    loss: Loss
    plan: Plan
    least: int
    generator: torch.Generator
    inside: Tensor | None = None
    show: Callable[[Tensor], Image.Image] = field(default=images.to_image)

    def count(self, height: int, width: int) -> int:
        """The steps of one dream."""
        return self.plan.steps * len(self.plan.sizes(height, width, self.least))

    def dream(
        self, source: Tensor, progress: Progress, note: str = ""
    ) -> Generator[Frame, None, Tensor]:
        """Frames of the source (1, 3, H, W) dreaming; returns the dream.

        Every octave starts from the source at its size plus the detail dreamt so far, so that
        the source's own detail is never lost to resampling.
        """
        full_height, full_width = source.shape[-2:]
        sizes = self.plan.sizes(full_height, full_width, self.least)
        detail = torch.zeros_like(source)
        for octave, (height, width) in enumerate(sizes):
            base = images.scaled(source, height, width)
            canvas = Pixels((base + images.enlarged(detail, height, width)).clamp(0, 1))

            def render(x: Tensor, base: Tensor = base) -> Image.Image:
                return self.show(source + images.enlarged(x - base, full_height, full_width))

            run = descend(
                canvas,
                self._loss(),
                steps=self.plan.steps,
                optimizer="gradient",
                condition=self._conditioner(base),
                lr=STEP * self.plan.power(octave),
                render=render,
            )
            for frame, dreamt in run:
                detail = dreamt - base
                yield progress.of(frame, note or f"octave {octave + 1} of {len(sizes)}")
        return source + detail

    def _conditioner(self, base: Tensor) -> Conditioner:
        where = None
        if self.plan.calm:
            where = 1 - self.plan.calm * (1 - busy(base))
        if self.inside is not None:
            inside = images.scaled(self.inside, *base.shape[-2:])
            where = inside if where is None else where * inside
        plan = self.plan
        return Conditioner(
            smooth=plan.smooth, color=plan.color, momentum=plan.momentum, where=where
        )

    def _loss(self) -> Loss:
        shake, generator, tile = self.plan.shake(), self.generator, self.plan.tile

        def place() -> tuple[int, int]:
            down, right = torch.randint(tile, (2,), generator=generator).tolist()
            return down, right

        def shaken(x: Tensor) -> dict[str, Tensor]:
            return self.loss(shake(x, generator))

        return tiled(shaken, tile=tile, overlap=OVERLAP, place=place)


def strengths(text: str) -> tuple[float, ...]:
    """ "1, 0.8, 0.5" -> numbers; InputError for anything else."""
    try:
        values = tuple(float(part) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise InputError(
            f"strengths {text!r} cannot be read; write them like 1, 0.8, 0.5"
        ) from None
    if not all(0 <= value <= 10 for value in values):
        raise InputError(f"strengths {text!r} leave 0 to 10; write them like 1, 0.8, 0.5")
    return values or (1.0,)
