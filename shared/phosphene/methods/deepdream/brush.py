"""A brush that paints dreams: creatures grow where a stroke went, and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Progress
from phosphene.images import ImageLike
from phosphene.images.filters import blur
from phosphene.knobs import Mask, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.deepdream.dream import SEARCH, Layer, Mixture, Net, Strength, prepare
from phosphene.methods.deepdream.loss import dream_loss, min_side
from phosphene.methods.deepdream.octaves import DreamSettings, OctaveDream

NATURAL = 96
"""Pixels across one creature, about, where a network sees a picture as it is."""
MARGIN = 32
"""Pixels around a stroke that are seen with it."""
LARGEST = 240
"""Pixels of a side, if the tile were square, that are dreamt in half a second on two cores."""
STRONGER = 3.0
"""A stroke has few steps, each of them longer than a dream's."""
OCTAVES, SCALE = 4, 1.5
"""Chosen by looking, as the bounds of `creatures`: below half a creature is a texture."""


class Tile(NamedTuple):
    """A rectangle of a picture around a stroke."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: Tensor) -> Tensor:
        """The tile of a picture (N, C, H, W)."""
        rows, columns = (self.top, self.top + self.height), (self.left, self.left + self.width)
        return picture[..., slice(*rows), slice(*columns)]


@method
def dream_brush(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    stroke: Annotated[
        ImageLike | None, Mask(of="image", label="Paint where creatures grow")
    ] = None,
    layer: Layer = "",
    strength: Strength = 1.0,
    creatures: Annotated[
        float, Range(0.5, 2.0, 0.1, label="Creatures", help="how large; 0.5: the finest brush")
    ] = 1.0,
    size: Annotated[
        int, Range(64, 2048, 32, label="Size", help="longer side, pixels", quick=96)
    ] = 512,
    objective: Mixture = "",
    network: Net = "efficientnet_lite0",
    steps: Annotated[int, Range(1, 30, label="Steps per octave", quick=1, **SEARCH)] = 6,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Dream under a stroke alone: a tile around it dreams, feathered inwards, the rest stays.

    Creatures are larger than asked for under a stroke whose tile would take more than half a
    second. Strokes add up: the result is the next one's `image`. Without a stroke nothing changes.
    InputError as for `dream`.
    """
    picture = images.load(image, size)
    nets, aim, source = prepare(picture, objective or layer, network, device)
    if stroke is None:
        yield Frame(images.to_image(source))
        return
    height, width = source.shape[-2:]
    inside = feathered(images.region(stroke, height, width, source.device), 8 * creatures)
    tile = around(inside, round(MARGIN * creatures))
    share = tile.of(inside)
    sides = sides_seen(tile, creatures, min_side(nets, aim))
    seen = images.scaled(tile.of(source), *sides)

    def finished(dream: Tensor) -> Tensor:
        own = tile.height, tile.width
        detail = images.scaled(dream, *own) - images.scaled(seen, *own)
        result = source.clone()
        tile.of(result).add_(share * detail).clamp_(0, 1)
        return result

    octave_dream = OctaveDream(
        loss=dream_loss(nets, aim, seen),
        settings=DreamSettings(
            steps=steps,
            octaves=OCTAVES,
            scale=SCALE,
            strength=STRONGER * strength,
            calm=0.0,  # who paints on an empty sky wants something there
            jitter=16,
        ),
        min_side=min_side(nets, aim),
        generator=torch.Generator().manual_seed(seed),
        inside=images.scaled(share, *sides),
        focus=True,
        show=lambda dream: images.to_image(finished(dream)),
    )
    yield from octave_dream.dream(seen, Progress(octave_dream.count(*sides)))


def feathered(inside: Tensor, radius: float) -> Tensor:
    """A mask (1, 1, H, W) that fades inwards over `radius` pixels, or a fifth of its width."""
    core = 1 - F.max_pool2d(1 - inside, 3, stride=1, padding=1)
    width = 2 * float(inside.sum() / (inside - core).sum().clamp(min=1))
    soft = blur(inside, min(radius, width / 5))
    # Half of the blur lies outside; only what is painted may change.
    return inside * (2 * soft / soft.max() - 1).clamp(0, 1)


def around(inside: Tensor, margin: int) -> Tile:
    """The tile that holds a mask (1, 1, H, W) and `margin` pixels around it, inside the picture."""
    height, width = inside.shape[-2:]
    rows = inside[0, 0].amax(1).nonzero().flatten()
    columns = inside[0, 0].amax(0).nonzero().flatten()
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    bottom = min(height, int(rows[-1]) + 1 + margin)
    right = min(width, int(columns[-1]) + 1 + margin)
    return Tile(top, left, bottom - top, right - left)


def sides_seen(tile: Tile, creatures: float, least: int) -> tuple[int, int]:
    """Height and width at which the networks see a tile, at least `least` both."""
    scale = min(1 / creatures, LARGEST / math.sqrt(tile.height * tile.width))
    scale = max(scale, least / min(tile.height, tile.width))
    return round(tile.height * scale), round(tile.width * scale)
