"""Vary one thing: the same painting over a row of values, as one contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.style_transfer.parameters import Content, Net
from phosphene.methods.style_transfer.stylize import stylize
from phosphene.methods.variations import variations
from phosphene.networks.loading import load_network

THINGS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "style strength": ("strength", (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)),
    "content layer": ("content_layer", ()),
    "brush size": ("brush", (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)),
    "dream": ("dream", (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)),
    "statistics": ("statistics", ("gram", "moments", "wasserstein")),
    "start": ("start", ("content", "noise", "style")),
}
CONTENT_LAYERS = {
    "vgg19": ("relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_2"),
    "efficientnet_lite0": ("bn1", "blocks.1.0.bn1", "blocks.2.0.bn1", "blocks.3.0.bn1", "blocks.4"),
}
COLUMNS = 3


@method
def vary_style(
    content: Content,
    style: Annotated[ImageLike, Picture(label="Style")],
    *,
    thing: Annotated[str, Choice(tuple(THINGS), label="Vary", quick="start")] = "style strength",
    size: Annotated[
        int, Range(96, 512, 32, label="Size of each", help="longer side, pixels", quick=96)
    ] = 224,
    steps: Annotated[int, Range(3, 100, label="Steps", quick=3, advanced=True, group="Search")] = 9,
    seed: Seed = 0,
    network: Net = "vgg19",
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint the same two pictures several times with one setting changed, as one captioned sheet.

    Each painting is a panel that sets its value of the setting.
    """
    name, values = THINGS[thing]
    values = values or _content_layers(network, device)
    variants = {
        f"{name.replace('_', ' ')} {value}": {"network": network, name: value} for value in values
    }
    yield from variations(
        stylize,
        variants,
        COLUMNS,
        content=content,
        style=style,
        size=size,
        steps=steps,
        seed=seed,
        device=device,
    )


def _content_layers(network: str, device: str | None) -> tuple[str, ...]:
    """Up to six layers from shallow to deep, where the network's are not listed above."""
    if network in CONTENT_LAYERS:
        return CONTENT_LAYERS[network]
    taps = load_network(network, device=device).taps.values()
    maps = [tap.name for tap in taps if tap.receptive_field is not None and tap.stride <= 16]
    return tuple(maps[:: max(1, len(maps) // 5)][:6])
