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
from phosphene.methods.deepdream.rolloff import Detail, added
from phosphene.optimize import transforms
from phosphene.optimize.descend import Condition, descend
from phosphene.optimize.gradients import Conditioner, contrast_mask
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import octave_sizes
from phosphene.optimize.tiling import tiled

STEP = 0.007
"""What strength 1 changes the mean pixel by in one step."""
OVERLAP = 64
"""Pixels around a tile that are seen and not changed."""


@dataclass(frozen=True)
class DreamSettings:
    """How long, how strongly and how wildly to dream.

    `octave_strengths` are factors on `strength`, the smallest octave's first; the last repeats.
    """

    steps: int = 12
    octaves: int = 5
    scale: float = 1.4
    strength: float = 1.0
    octave_strengths: tuple[float, ...] = (1.0,)
    color: float = 0.25
    calm: float = 0.85
    smooth: float = 1.0
    momentum: float = 0.8
    jitter: int = 24
    turn: float = 0.0
    tile: int = 1024

    def sizes(self, height: int, width: int, min_side: int) -> list[tuple[int, int]]:
        """Picture sizes from small to full, those with a side under `min_side` left out."""
        sizes = octave_sizes(height, width, self.octaves, self.scale)
        return [size for size in sizes if min(size) >= min_side]

    def strength_at(self, octave: int) -> float:
        """The strength of an octave counted from the smallest."""
        factors = self.octave_strengths
        return self.strength * factors[min(octave, len(factors) - 1)]

    def transform(self) -> transforms.Transform:
        """The random change before each step."""
        roll = transforms.jitter(self.jitter)
        if not self.turn:
            return roll
        zooms = [1 + self.turn * share / 100 for share in transforms.SWING]
        return transforms.compose(roll, transforms.scale(zooms), transforms.swing(self.turn))


@dataclass(frozen=True)
class Composite:
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
class OctaveDream:
    """Dreams of one kind: a loss on pictures, settings, a stream of random numbers.

    `inside` (1, 1, H, W) says where; with `focus` steps there are as long as if there were nothing
    else, however little the gradient is there and large elsewhere.
    """

    loss: Loss
    settings: DreamSettings
    min_side: int
    generator: torch.Generator
    inside: Tensor | None = None
    focus: bool = False
    show: Callable[[Tensor], Image.Image] = field(default=images.to_image)

    def count(self, height: int, width: int) -> int:
        """The steps of one dream."""
        return self.settings.steps * len(self.settings.sizes(height, width, self.min_side))

    def dream(
        self, source: Tensor, progress: Progress, note: str = ""
    ) -> Generator[Frame, None, Tensor]:
        """Frames of the source (1, 3, H, W) dreaming; returns the dream.

        Every octave starts from the source at its size plus the detail dreamt so far, so that
        the source's own detail is never lost to resampling.
        """
        full_height, full_width = source.shape[-2:]
        sizes = self.settings.sizes(full_height, full_width, self.min_side)
        detail = torch.zeros_like(source)
        for octave, (height, width) in enumerate(sizes):
            base = images.scaled(source, height, width)
            canvas = Detail(base, images.enlarged(detail, height, width))

            def render(_: Tensor, canvas: Detail = canvas) -> Image.Image:
                own = images.enlarged(canvas.detail.detach(), full_height, full_width)
                return self.show(added(source, own))

            run = descend(
                canvas,
                self._loss(),
                steps=self.settings.steps,
                optimizer="gradient",
                condition=self._condition(base),
                lr=STEP * self.settings.strength_at(octave),
                render=render,
            )
            for frame, _ in run:
                yield progress.of(frame, note or f"octave {octave + 1} of {len(sizes)}")
            detail = canvas.detail.detach()
        return added(source, detail).clamp(0, 1)

    def _condition(self, base: Tensor) -> Condition:
        conditioner = self._conditioner(base)
        if self.inside is None or not self.focus:
            return conditioner
        inside = images.scaled(self.inside, *base.shape[-2:])
        share = inside.mean()
        return lambda gradient: share * conditioner(gradient * inside)

    def _conditioner(self, base: Tensor) -> Conditioner:
        where = None
        if self.settings.calm:
            where = 1 - self.settings.calm * (1 - contrast_mask(base))
        if self.inside is not None:
            inside = images.scaled(self.inside, *base.shape[-2:])
            where = inside if where is None else where * inside
        settings = self.settings
        return Conditioner(
            smooth=settings.smooth,
            color=settings.color,
            momentum=settings.momentum,
            where=where,
        )

    def _loss(self) -> Loss:
        transform, generator, tile = self.settings.transform(), self.generator, self.settings.tile

        def place() -> tuple[int, int]:
            down, right = torch.randint(tile, (2,), generator=generator).tolist()
            return down, right

        def transformed(x: Tensor) -> dict[str, Tensor]:
            return self.loss(transform(x, generator))

        return tiled(transformed, tile=tile, overlap=OVERLAP, place=place)


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
