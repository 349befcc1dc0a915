"""Style transfer by optimization: one picture's content, the other's brush (arXiv 1508.06576)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, TypeAlias, cast

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.knobs import Choice, LayerChoice, Mask, NetworkChoice, Picture, Range, Seed, Text
from phosphene.methods import method
from phosphene.methods.style_transfer.loss import painting_loss
from phosphene.methods.style_transfer.sources import Brush, colored, opened, regions
from phosphene.methods.style_transfer.spec import Look, parse_layers
from phosphene.methods.style_transfer.statistics import KINDS, Kind
from phosphene.networks.loading import Pooling, load_network
from phosphene.optimize.canvas import noise
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import Search, paint, schedule, sizes_up_to

CONTENT_WEIGHT = 0.0075
TV_WEIGHT = 0.2
DREAM_WEIGHT = 0.1

Content: TypeAlias = Annotated[ImageLike, Picture(label="Your picture")]
Style: TypeAlias = Annotated[ImageLike, Picture(label="Style")]
Steps: TypeAlias = Annotated[
    int, Range(3, 200, label="Steps", help="at the full size; coarser sizes take more")
]
Statistics: TypeAlias = Annotated[
    str,
    Choice(
        KINDS,
        label="Style is",
        help="Gram matrices, means and deviations, or Wasserstein-2 (slow, finest)",
        advanced=True,
    ),
]
Smooth: TypeAlias = Annotated[
    float, Range(0, 10, 0.1, label="Smoothness", help="total variation", advanced=True)
]
Net: TypeAlias = Annotated[str, NetworkChoice(("vgg19", "efficientnet_lite0"), label="Network")]


@method
def stylize(
    content: Content,
    style: Style,
    *,
    strength: Annotated[
        float,
        Range(0, 10, 0.5, label="Style strength", help="0: your photo, 10: paint"),
    ] = 5.0,
    brush: Annotated[
        float, Range(0.25, 2, 0.05, label="Brush size", help="the style's scale in the picture")
    ] = 1.0,
    colors: Annotated[
        str,
        Choice(
            ("style", "mine", "matched"),
            label="Colors",
            help="mine: only brightness is painted; matched: the style takes on your palette first",
        ),
    ] = "style",
    size: Annotated[int, Range(64, 2048, 32, label="Size", help="longer side, pixels")] = 384,
    steps: Steps = 8,
    rounds: Annotated[
        int,
        Range(1, 10, label="Rounds", help="how often the full size is gone over", advanced=True),
    ] = 1,
    dream: Annotated[
        float, Range(0, 1, 0.05, label="Dream", help="0 paints, 1 dreams (DeepDream)")
    ] = 0.0,
    second: Annotated[ImageLike | None, Picture(label="Second style", advanced=True)] = None,
    second_share: Annotated[
        float, Range(0, 1, 0.05, label="Share of the second style", advanced=True)
    ] = 0.5,
    mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Second style only here", advanced=True),
    ] = None,
    third: Annotated[ImageLike | None, Picture(label="Third style", advanced=True)] = None,
    third_share: Annotated[
        float, Range(0, 1, 0.05, label="Share of the third style", advanced=True)
    ] = 0.33,
    third_mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Third style only here", advanced=True),
    ] = None,
    resume: Annotated[
        ImageLike | None,
        Picture(
            label="Continue from", help="a result of these settings: more rounds", advanced=True
        ),
    ] = None,
    start: Annotated[
        str, Choice(("content", "noise", "style"), label="Start from", advanced=True)
    ] = "content",
    statistics: Statistics = "gram",
    style_layers: Annotated[
        str,
        Text(
            label="Style layers and weights",
            placeholder="relu1_1 256, relu2_1 64, ...",
            help="empty: what suits the network",
            advanced=True,
        ),
    ] = "",
    content_tap: Annotated[
        str, LayerChoice(label="Content layer", help="empty: what suits the network", advanced=True)
    ] = "",
    smooth: Smooth = 1.0,
    optimizer: Annotated[
        str,
        Choice(
            ("both", "lbfgs", "adam"),
            label="Optimizer",
            help="both: Adam at the coarsest size, then L-BFGS; Adam takes three times the steps",
            advanced=True,
        ),
    ] = "both",
    lr: Annotated[float, Range(0.005, 0.2, 0.005, label="Step size (Adam)", advanced=True)] = 0.05,
    average: Annotated[
        float, Range(0, 0.98, 0.01, label="Averaging of steps (Adam)", advanced=True)
    ] = 0.8,
    pooling: Annotated[str, Choice(("max", "average"), label="Pooling", advanced=True)] = "max",
    activations: Annotated[
        str,
        Choice(
            ("auto", "soft", "plain"),
            label="Activations",
            help="soft levels their peaks; auto: soft on all networks but VGG",
            advanced=True,
        ),
    ] = "auto",
    network: Net = "vgg19",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint the content with the brush of one to three styles, from coarse to fine."""
    net = load_network(network, device=device, pooling=cast(Pooling, pooling))
    look = Look.of(
        net,
        {
            "style": 1 - dream,
            "content": CONTENT_WEIGHT * 10 ** (1 - strength / 5),
            "dream": DREAM_WEIGHT * dream,
            "tv": TV_WEIGHT * smooth,
        },
        kind=cast(Kind, statistics),
        style=parse_layers(style_layers),
        content=content_tap,
        soft=None if activations == "auto" else activations == "soft",
    )
    photo = images.load(content, size)
    for tap in look.taps:
        net.check_size(tap, photo.height, photo.width)
    source = images.to_tensor(photo, net.device)
    given: list[_Given] = [
        ("first", style, 1.0, None),
        ("second", second, second_share, mask),
        ("third", third, third_share, third_mask),
    ]
    brushes = list(_brushes(given, source, colors))
    seen = hues.luminance(source) if colors == "mine" else source

    def loss_at(height: int, width: int) -> Loss:
        side = max(height, width) * brush
        places = regions(look, [b.scaled(side, look.minimum) for b in brushes], height, width)
        loss = painting_loss(look, places, images.scaled(seen, height, width))
        return (lambda x: loss(hues.luminance(x))) if colors == "mine" else loss

    def finish(x: Tensor) -> Tensor:
        return hues.recolor(x, images.scaled(source, *x.shape[-2:])) if colors == "mine" else x

    first = _first(start, seen, brushes[0].style, seed)
    sizes = sizes_up_to(photo.height, photo.width, look.minimum)
    plan = schedule(sizes, steps, rounds, cast(Search, optimizer))
    if resume is not None:
        first, plan = images.to_tensor(_same_shape(resume, photo.size), net.device), plan[-rounds:]
    detail = seen if start == "content" else None
    yield from paint(first, plan, loss_at, lr=lr, average=average, finish=finish, detail=detail)


_Given: TypeAlias = tuple[str, ImageLike | None, float, ImageLike | None]


def _brushes(given: Sequence[_Given], source: Tensor, colors: str) -> Iterator[Brush]:
    """The styles by name, share and place; those not chosen left out."""
    height, width = source.shape[-2:]
    for name, picture, share, place in given:
        if picture is not None:
            style = colored(opened(picture, source.device), source, colors)
            mask = None
            if place is not None:
                mask = images.region(place, height, width, source.device)
            yield Brush(style, share, mask)
        elif place is not None:
            raise InputError(
                f"a mask needs a {name} style to paint with; choose one or clear the mask"
            )


def _first(start: str, source: Tensor, style: Tensor, seed: int) -> Tensor:
    height, width = source.shape[-2:]
    if start == "noise":
        generator = torch.Generator().manual_seed(seed)
        return noise(height, width, spread=0.2, generator=generator).to(source.device)
    return images.scaled(style, height, width) if start == "style" else source


def _same_shape(picture: ImageLike, size: tuple[int, int]) -> Image.Image:
    loaded = images.load(picture)
    if loaded.size != size:
        raise InputError(
            f"the picture to continue from is {loaded.width}×{loaded.height}; "
            f"it must be {size[0]}×{size[1]}, as these settings made it"
        )
    return loaded
