"""Dreams that move: falling into a picture without end, and a dreaming video."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Progress
from phosphene.images import ImageLike
from phosphene.images import video as films
from phosphene.knobs import File, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.deepdream.dream import (
    SEARCH,
    KeepColors,
    Layer,
    Mixture,
    Net,
    Octaves,
    Strength,
    prepare,
)
from phosphene.methods.deepdream.loss import dream_loss, min_side
from phosphene.methods.deepdream.octaves import Composite, DreamSettings, OctaveDream

FILM: dict[str, Any] = {"advanced": True, "group": "Film"}

Size: TypeAlias = Annotated[
    int, Range(96, 1024, 32, label="Size", help="longer side, pixels", quick=96, **FILM)
]
Steps: TypeAlias = Annotated[int, Range(1, 30, label="Steps per octave", quick=1, **SEARCH)]


@method
def zoom(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    layer: Layer = "",
    strength: Strength = 1.0,
    closer: Annotated[float, Range(-10, 20, 0.5, label="Zoom", help="percent a picture")] = 4,
    pictures: Annotated[int, Range(1, 1200, label="Pictures", help="of the film", quick=2)] = 48,
    size: Size = 512,
    rate: Annotated[float, Range(1, 60, 1, label="Pictures a second", **FILM)] = 12,
    turn: Annotated[
        float, Range(-10, 10, 0.1, label="Turn", help="degrees a picture", **FILM)
    ] = 0.5,
    drift_x: Annotated[float, Range(-10, 10, 0.5, label="Drift right", help="percent", **FILM)] = 0,
    drift_y: Annotated[float, Range(-10, 10, 0.5, label="Drift down", help="percent", **FILM)] = 0,
    objective: Mixture = "",
    network: Net = "efficientnet_lite0",
    octaves: Octaves = 2,
    steps: Steps = 4,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Fall into a picture: dream, move closer, dream again; every picture joins the film.

    Frames with a `rate` are the film's pictures, `size` pixels on the longer side; the others are
    previews. InputError as for `dream`.
    """
    picture = images.load(image, size)
    nets, objective, source = prepare(picture, objective or layer, network, device)
    settings = DreamSettings(steps=steps, octaves=octaves, strength=strength, calm=0.5)
    generator = torch.Generator().manual_seed(seed)
    loss = dream_loss(nets, objective, source)
    octave_dream = OctaveDream(loss, settings, min_side(nets, objective), generator)
    progress = Progress(pictures * octave_dream.count(*source.shape[-2:]))
    for number in range(1, pictures + 1):
        dream = yield from octave_dream.dream(source, progress, f"picture {number} of {pictures}")
        yield _film_frame(dream, progress, number, pictures, rate)
        source = moved(dream.clamp(0, 1), closer, turn, drift_x, drift_y)


@method
def dream_video(
    video: Annotated[str, File(label="Your video", suffixes=(".mp4", ".mov", ".webm", ".gif"))],
    *,
    layer: Layer = "",
    strength: Strength = 1.0,
    steady: Annotated[
        float, Range(0, 0.95, 0.05, label="Steady", help="how much of the last dream stays")
    ] = 0.6,
    keep_colors: KeepColors = 0.0,
    size: Size = 512,
    rate: Annotated[float, Range(1, 30, 1, label="Pictures a second", **FILM)] = 8,
    objective: Mixture = "",
    network: Net = "efficientnet_lite0",
    octaves: Octaves = 3,
    steps: Steps = 6,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Make a short video dream, each picture starting from a share of the dream before it.

    Frames with a `rate` are the film's pictures, `size` pixels on the longer side; the others are
    previews. InputError as for `dream`, and for a video that cannot be read.
    """
    shots = films.read(video, size, rate)
    nets, objective, source = prepare(shots[0], objective or layer, network, device)
    settings = DreamSettings(steps=steps, octaves=octaves, strength=strength)
    loss, detail = dream_loss(nets, objective, source), torch.zeros_like(source)
    octave_dream = OctaveDream(loss, settings, min_side(nets, objective), torch.Generator())
    progress = Progress(len(shots) * octave_dream.count(*source.shape[-2:]))
    for number, shot in enumerate(shots, 1):
        source = images.to_tensor(shot, source.device)
        if source.shape != detail.shape:
            raise InputError("the pictures of the video differ in size; save it again as MP4")
        # The same random numbers for every picture: what does not move does not flicker.
        octave_dream.generator.manual_seed(seed)
        composite = Composite(source, keep_colors=keep_colors)
        octave_dream.show = composite.show
        start = (source + steady * detail).clamp(0, 1)
        dream = yield from octave_dream.dream(start, progress, f"picture {number} of {len(shots)}")
        detail = dream - source
        yield _film_frame(composite.finish(dream), progress, number, len(shots), rate)


def moved(picture: Tensor, closer: float, turn: float, right: float, down: float) -> Tensor:
    """A picture (1, 3, H, W) seen `closer` by percent, turned by degrees, shifted by percent."""
    height, width = picture.shape[-2:]
    angle = torch.deg2rad(torch.tensor(turn))
    cos, sin = float(angle.cos()), float(angle.sin())
    ratio, scale = width / height, 1 / (1 + closer / 100)
    matrix = torch.tensor(
        [
            [scale * cos, -scale * sin / ratio, -2 * right / 100],
            [scale * sin * ratio, scale * cos, -2 * down / 100],
        ],
        device=picture.device,
    )
    grid = F.affine_grid(matrix[None], [1, 3, height, width], align_corners=False)
    return F.grid_sample(
        picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    ).clamp(0, 1)


def _film_frame(dream: Tensor, progress: Progress, number: int, count: int, rate: float) -> Frame:
    """A finished picture of the film."""
    note = f"picture {number} of {count}"
    return progress.frame(images.to_image(dream), note=note, rate=rate)
