"""Texture synthesis: the style of a sample with no content at all (arXiv 1505.07376)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

import torch

from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Flag, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.style_transfer.loss import painting_loss
from phosphene.methods.style_transfer.parameters import Net, Smooth, Statistics, Steps
from phosphene.methods.style_transfer.sources import StyleSource, opened, regions
from phosphene.methods.style_transfer.spec import TV_WEIGHT, StyleSpec
from phosphene.methods.style_transfer.statistics import Kind
from phosphene.networks.loading import load_network
from phosphene.optimize import transforms
from phosphene.optimize.canvas import noise
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import paint, schedule, sizes_up_to


@method
def texture(
    sample: Annotated[ImageLike, Picture(label="Sample")],
    *,
    size: Annotated[
        int, Range(64, 1024, 32, label="Size", help="of the square, pixels", quick=64)
    ] = 384,
    grain: Annotated[
        float, Range(0.25, 2, 0.05, label="Grain", help="the sample's scale in the texture")
    ] = 1.0,
    tileable: Annotated[
        bool, Flag(label="Tileable", help="its edges meet when it is repeated")
    ] = True,
    steps: Steps = 16,
    seed: Seed = 0,
    statistics: Statistics = "gram",
    smooth: Smooth = 1.0,
    network: Net = "vgg19",
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow a square texture from noise until the network cannot tell it from the sample.

    arXiv 1505.07376.
    """
    net = load_network(network, device=device)
    weights = {"style": 1.0, "tv": TV_WEIGHT * smooth}
    spec = StyleSpec.of(net, weights, kind=cast(Kind, statistics))
    spec.check_size(size, size)
    source = StyleSource(opened(sample, net.device))
    generator = torch.Generator().manual_seed(seed)

    def loss_at(height: int, width: int) -> Loss:
        scaled = source.scaled(width * grain, spec.min_side)
        loss = painting_loss(spec, regions(spec, [scaled], height, width), None)
        if not tileable:
            return loss
        # Rolled by any distance, the seam lies inside: what the network minds there goes away.
        anywhere = transforms.jitter(max(height, width))
        return lambda x: loss(anywhere(x, generator))

    first = noise(size, size, spread=0.2, generator=generator)
    sizes = sizes_up_to(size, size, spec.min_side)
    # A rolled loss changes from call to call, which L-BFGS cannot bear.
    plan = schedule(sizes, steps, search="adam" if tileable else "both")
    yield from paint(first.to(net.device), plan, loss_at, average=0.8)
