"""Teaching a brush: the few numbers that are a style learn to paint like one painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Picture, Range, Seed, Text
from phosphene.methods import method
from phosphene.methods.instant_style.learning import BrushCanvas, begun, in_colors
from phosphene.methods.instant_style.lessons import PHOTOGRAPHS, Crops, Lesson, has_texture
from phosphene.methods.instant_style.taught import BRUSH
from phosphene.networks import brush_file
from phosphene.networks.brush import Brush
from phosphene.networks.loading import load_network
from phosphene.networks.stylizer import load_stylizer
from phosphene.optimize.descend import descend

STYLE_SIDE = 32
"""A painting needs at least this many pixels a side to say anything about strokes."""
PAINTING = 384
"""Pixels of a painting's longer side where strokes have their usual size."""
BATCH = 2
"""Crops that a brush learns on at a step."""
PAUSE = 1.0
"""Seconds between two previews."""
AVERAGE = 0.9
"""Decay of the running mean of a brush: single steps go this way and that."""


@method
def teach(
    style: Annotated[ImageLike, Picture(label="A painting")],
    *,
    content: Annotated[
        ImageLike | None, Picture(label="Your picture", help="what the brush is tried on")
    ] = None,
    name: Annotated[
        str, Text(label="Its name", placeholder="my wave", longest=brush_file.NAME)
    ] = "",
    strength: Annotated[
        float, Range(0.25, 4, 0.25, label="Strength", help="of the style beside your picture")
    ] = 1.0,
    strokes: Annotated[
        float, Range(0.5, 2, 0.05, label="Size of strokes", help="the painting's scale")
    ] = 1.0,
    steps: Annotated[
        int,
        Range(10, 3000, 10, label="Steps", help="stop whenever you like it", quick=10),
    ] = 150,
    size: Annotated[
        int,
        Range(
            64, 1024, 32, label="Size", help="of your picture meanwhile", quick=64, advanced=True
        ),
    ] = 512,
    learn: Annotated[
        str,
        Choice(
            ("brush", "last layers"),
            label="What learns",
            help="last layers: their weights too; a file of 12 KB, too long for most links",
            advanced=True,
        ),
    ] = "brush",
    start: Annotated[
        str,
        Choice(
            ("nearest", "mean"),
            label="Start from",
            help="the nearest of the network's 26 styles, or their mean",
            quick="mean",
            advanced=True,
        ),
    ] = "nearest",
    further: Annotated[
        str, replace(BRUSH, label="Go on from a brush", help="one of yours", advanced=True)
    ] = "",
    crop: Annotated[
        int,
        Range(
            64,
            208,
            16,
            label="Crops",
            help="pixels of what it learns on: smaller is faster, and sees less",
            quick=64,
            advanced=True,
        ),
    ] = 128,
    lr: Annotated[float, Range(0.005, 0.3, 0.005, label="Step size", advanced=True)] = 0.1,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Teach the network that paints in one pass a painting: a brush of a few KB (arXiv 1610.07629).

    It learns on crops of photographs that come along, and is tried on `content`, of `size` pixels.
    Every frame has the brush as it then paints: its file in `files`, its text in the panel. The
    painting has `strokes` times its usual scale; `further` is a brush to go on from.
    """
    stylizer, net = load_stylizer(device), load_network("vgg19", device=device)
    painting = opened(style, round(PAINTING * strokes), stylizer.device)
    photo = images.load(PHOTOGRAPHS / "cat.jpg" if content is None else content, size)
    lesson = Lesson.of(net, painting)
    if further:
        first = brush_file.read(further)
    else:
        first = in_colors(begun(start, lesson, stylizer, seed), painting)
    first = replace(first, name=brush_file.named(name or _words(style)))
    canvas = BrushCanvas(
        stylizer,
        first,
        images.to_tensor(photo, stylizer.device),
        Crops(crop, BATCH, seed, stylizer.device),
        last_layers=learn == "last layers",
    )
    note = "" if has_texture(painting) else "no strokes in this painting: its colors are learned"
    moments = descend(
        canvas,
        canvas.loss(lesson, strength),
        steps=steps,
        lr=lr,
        betas=(0.9, 0.99),
        average=AVERAGE,
        seconds=PAUSE,
    )
    for frame, _ in moments:
        yield with_brush(frame, canvas.shown, note)


def with_brush(frame: Frame, brush: Brush, note: str = "") -> Frame:
    """A frame with its brush: as a file, and as a panel that fills it in where one is asked for."""
    text = brush_file.write(brush)
    panel = Panel(frame.image, brush.name, sets={"brush": text})
    files = {brush_file.file_name(brush): f"{text}\n".encode()}
    return replace(frame, panels=(panel,), files=files, note=frame.note or note)


def opened(picture: ImageLike, side: int, device: torch.device) -> Tensor:
    """A painting (1, 3, h, w) of at most `side` pixels; InputError where it is too small."""
    loaded = images.load_at_least(picture, STYLE_SIDE, "the painting")
    if max(loaded.size) > side:
        loaded = images.resize(loaded, side)
    return images.to_tensor(loaded, device)


def _words(picture: ImageLike) -> str:
    """A brush's name from the painting's file."""
    path = Path(picture) if isinstance(picture, (str, Path)) else Path("my brush")
    return path.stem.replace("_", " ")
