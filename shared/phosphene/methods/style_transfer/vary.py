"""Vary one thing: the same painting over a row of values, as one contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from phosphene.frame import Frame, Panel, Progress
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Choice, Range, Seed
from phosphene.methods import method
from phosphene.methods.style_transfer.stylize import Content, Net, Style, stylize
from phosphene.networks.loading import load_network

THINGS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "style strength": ("strength", (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)),
    "content layer": ("content_tap", ()),
    "brush size": ("brush", (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)),
    "dream": ("dream", (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)),
    "statistics": ("statistics", ("gram", "moments", "wasserstein")),
    "start": ("start", ("content", "noise", "style")),
}
CONTENT_TAPS = {
    "vgg19": ("relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_2"),
    "efficientnet_lite0": ("bn1", "blocks.1.0.bn1", "blocks.2.0.bn1", "blocks.3.0.bn1", "blocks.4"),
}
COLUMNS = 3


@method
def vary_style(
    content: Content,
    style: Style,
    *,
    thing: Annotated[str, Choice(tuple(THINGS), label="Vary")] = "style strength",
    size: Annotated[
        int, Range(96, 512, 32, label="Size of each", help="longer side, pixels")
    ] = 224,
    steps: Annotated[int, Range(3, 100, label="Steps")] = 9,
    network: Net = "vgg19",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint the same two pictures several times with one setting changed, as one sheet."""
    name, values = THINGS[thing]
    values = values or _content_taps(network, device)
    common: dict[str, Any] = {
        "size": size,
        "steps": steps,
        "network": network,
        "seed": seed,
        "device": device,
    }
    done: list[Panel] = []
    progress: Progress | None = None
    for value in values:
        caption = f"{name.replace('_', ' ')} {value}"
        for own in stylize(content, style, **{**common, name: value}):
            progress = progress or Progress(len(values) * own.steps)
            panels = (*done, Panel(own.image, caption, sets={name: value}))
            sheet = contact_sheet(panels, COLUMNS, len(values))
            frame = progress.of(own)
            yield replace(frame, image=sheet, history=own.history, note=caption, panels=panels)
        done = list(panels)


def _content_taps(network: str, device: str | None) -> tuple[str, ...]:
    if network in CONTENT_TAPS:
        return CONTENT_TAPS[network]
    maps = [t.name for t in load_network(network, device=device).taps.values() if t.stride <= 16]
    return tuple(maps[:: max(1, len(maps) // 5)][:6])
