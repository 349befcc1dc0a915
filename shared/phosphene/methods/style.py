"""Style transfer by optimization: one picture's content, the other's brush (arXiv 1508.06576)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

import torch
from PIL import Image
from torch import Tensor

from phosphene import colors as hues
from phosphene import images
from phosphene.canvas import noise
from phosphene.descend import Loss
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Mask, NetworkChoice, Picture, Range, TapChoice, Text
from phosphene.methods import method
from phosphene.networks import Network, Pooling, load_network
from phosphene.painting import Look, Region, layers_of, painting_loss, parse_layers
from phosphene.pyramid import Search, paint, schedule, sizes_up_to
from phosphene.style_stats import KINDS, Kind

CONTENT_WEIGHT = 0.0075
TV_WEIGHT = 0.2
DREAM_WEIGHT = 0.1
COLOR_WEIGHT = 2.0
"""Of the colors themselves, which softened activations hold but loosely."""
STYLE_SIDE = 32
"""A style needs at least this many pixels a side to say anything about brushwork."""


@method
def stylize(
    content: Annotated[ImageLike, Picture(label="Your picture")],
    style: Annotated[ImageLike, Picture(label="Style")],
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
    steps: Annotated[
        int, Range(3, 200, label="Steps", help="at the full size; coarser sizes take more")
    ] = 8,
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
    third: Annotated[ImageLike | None, Picture(label="Third style", advanced=True)] = None,
    third_share: Annotated[
        float, Range(0, 1, 0.05, label="Share of the third style", advanced=True)
    ] = 0.33,
    mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Where the second style paints", advanced=True),
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
    statistics: Annotated[
        str,
        Choice(
            KINDS,
            label="Style is",
            help="Gram matrices, means and deviations, or Wasserstein-2 (slow, finest)",
            advanced=True,
        ),
    ] = "gram",
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
        str, TapChoice(label="Content layer", help="empty: what suits the network", advanced=True)
    ] = "",
    smooth: Annotated[
        float, Range(0, 10, 0.1, label="Smoothness", help="total variation", advanced=True)
    ] = 1.0,
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
    network: Annotated[
        str, NetworkChoice(("vgg19", "efficientnet_lite0"), label="Network")
    ] = "vgg19",
    seed: Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True)] = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint the content with the brush of one to three styles, from coarse to fine."""
    net = load_network(network, device=device, pooling=cast(Pooling, pooling))
    layers = layers_of(net)
    soft = activations == "soft" or (activations == "auto" and soft_by_itself(net))
    look = Look(
        net,
        parse_layers(style_layers) or layers.style,
        content_tap or layers.content,
        layers.dream,
        cast(Kind, statistics),
        soft,
        {
            "style": 1 - dream,
            "colors": COLOR_WEIGHT * (1 - dream) if soft else 0.0,
            "content": CONTENT_WEIGHT * 10 ** (1 - strength / 5),
            "dream": DREAM_WEIGHT * dream,
            "tv": TV_WEIGHT * smooth,
        },
    )
    photo = images.load(content, size)
    for tap in look.taps:
        net.check_size(tap, photo.height, photo.width)
    source = images.to_tensor(photo, net.device)
    shown = [(style, 1.0), (second, second_share), (third, third_share)]
    named = [(open_style(p, net), share) for p, share in shown if p is not None]
    styles = [(_in_colors(p, source, colors), share) for p, share in named]
    inside = None if mask is None else images.region(mask, photo.height, photo.width, net.device)
    if inside is not None and second is None:
        raise InputError("a mask needs a second style to paint with; choose one or clear the mask")
    seen = hues.luminance(source) if colors == "mine" else source

    def loss_at(height: int, width: int) -> Loss:
        scaled = [
            (style_scaled(p, max(height, width) * brush, look.minimum), share)
            for p, share in styles
        ]
        regions = _regions(look, scaled, inside, (height, width))
        loss = painting_loss(look, regions, images.scaled(seen, height, width))
        return (lambda x: loss(hues.luminance(x))) if colors == "mine" else loss

    def finish(x: Tensor) -> Tensor:
        return hues.recolor(x, images.scaled(source, *x.shape[-2:])) if colors == "mine" else x

    first = _first(start, seen, styles[0][0], seed)
    sizes = sizes_up_to(photo.height, photo.width, look.minimum)
    plan = schedule(sizes, steps, rounds, cast(Search, optimizer))
    if resume is not None:
        first, plan = images.to_tensor(_same_shape(resume, photo.size), net.device), plan[-rounds:]
    detail = seen if start == "content" else None
    yield from paint(first, plan, loss_at, lr=lr, average=average, finish=finish, detail=detail)


def soft_by_itself(net: Network) -> bool:
    """Whether a network's activations are softened where nothing is said: all but VGG's."""
    return "vgg" not in net.name


def open_style(picture: ImageLike, net: Network) -> Tensor:
    """A style (1, 3, H, W); InputError where it is too small to have one."""
    loaded = images.load(picture)
    if min(loaded.size) < STYLE_SIDE:
        raise InputError(
            f"style is {loaded.width}×{loaded.height}; choose one of at least "
            f"{STYLE_SIDE}×{STYLE_SIDE} pixels"
        )
    if max(loaded.size) > 2048:
        loaded = images.resize(loaded, 2048)
    return images.to_tensor(loaded, net.device)


def _in_colors(style: Tensor, source: Tensor, colors: str) -> Tensor:
    if colors == "mine":
        return hues.match_luminance(hues.luminance(style), hues.luminance(source))
    return hues.match_colors(style, source) if colors == "matched" else style


def style_scaled(style: Tensor, side: float, least: int) -> Tensor:
    """The style with its longer side `side` pixels, never enlarged but to what a tap needs."""
    height, width = style.shape[-2:]
    ratio = max(min(1.0, side / max(height, width)), least / min(height, width))
    return images.scaled(style, round(height * ratio), round(width * ratio))


def _regions(
    look: Look, styles: list[tuple[Tensor, float]], inside: Tensor | None, size: tuple[int, int]
) -> list[Region]:
    """One region for all styles; with a mask the second has the inside, the rest the outside."""
    if not look.weights["style"]:
        return []
    pictures, shares = [p for p, _ in styles], [share for _, share in styles]
    if inside is None:
        return [Region(look.style_of(pictures, shares))]
    mask = images.scaled(inside, *size)
    found = [Region(look.style_of(pictures[1:2], [1.0]), mask)]
    if float(mask.min()) < 1:
        outside = look.style_of(pictures[::2], shares[::2])
        found.append(Region(outside, 1 - mask))
    return found


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
