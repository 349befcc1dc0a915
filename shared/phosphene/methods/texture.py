"""Texture synthesis: the style of a sample with no content at all (arXiv 1505.07376)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

import torch
from torch import Tensor

from phosphene import transforms
from phosphene.canvas import noise
from phosphene.descend import Loss
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Flag, NetworkChoice, Picture, Range
from phosphene.methods import method
from phosphene.methods.style import (
    COLOR_WEIGHT,
    TV_WEIGHT,
    open_style,
    soft_by_itself,
    style_scaled,
)
from phosphene.networks import load_network
from phosphene.painting import Look, Region, layers_of, painting_loss
from phosphene.pyramid import paint, schedule, sizes_up_to
from phosphene.style_stats import KINDS, Kind


@method
def texture(
    sample: Annotated[ImageLike, Picture(label="Sample")],
    *,
    size: Annotated[int, Range(64, 1024, 32, label="Size", help="of the square, pixels")] = 384,
    grain: Annotated[
        float, Range(0.25, 2, 0.05, label="Grain", help="the sample's scale in the texture")
    ] = 1.0,
    tileable: Annotated[
        bool, Flag(label="Tileable", help="its edges meet when it is repeated")
    ] = True,
    steps: Annotated[
        int, Range(3, 200, label="Steps", help="at the full size; coarser sizes take more")
    ] = 16,
    statistics: Annotated[str, Choice(KINDS, label="Style is", advanced=True)] = "gram",
    smooth: Annotated[
        float, Range(0, 10, 0.1, label="Smoothness", help="total variation", advanced=True)
    ] = 1.0,
    network: Annotated[
        str, NetworkChoice(("vgg19", "efficientnet_lite0"), label="Network")
    ] = "vgg19",
    seed: Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True)] = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow a texture from noise until the network cannot tell it from the sample."""
    net = load_network(network, device=device)
    layers = layers_of(net)
    soft = soft_by_itself(net)
    look = Look(
        net,
        layers.style,
        layers.content,
        layers.dream,
        cast(Kind, statistics),
        soft,
        {"style": 1.0, "colors": COLOR_WEIGHT if soft else 0.0, "tv": TV_WEIGHT * smooth},
    )
    for tap in look.taps:
        net.check_size(tap, size, size)
    shown = open_style(sample, net)
    generator = torch.Generator().manual_seed(seed)

    def loss_at(height: int, width: int) -> Loss:
        goals = look.style_of([style_scaled(shown, width * grain, look.minimum)], [1.0])
        loss = painting_loss(look, [Region(goals)], None)
        if not tileable:
            return loss
        # Rolled by any distance, the seam lies inside: what the network minds there goes away.
        anywhere = transforms.jitter(max(height, width))
        return lambda x: loss(anywhere(x, generator))

    first: Tensor = noise(size, size, spread=0.2, generator=generator)
    sizes = sizes_up_to(size, size, look.minimum)
    # A rolled loss changes from call to call, which L-BFGS cannot bear.
    plan = schedule(sizes, steps, search="adam" if tileable else "both")
    yield from paint(first.to(net.device), plan, loss_at, average=0.8)
