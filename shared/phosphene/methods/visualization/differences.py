"""What each regularizer does: one class, one start, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch
from PIL import Image

from phosphene import images
from phosphene.frame import Frame, Panel, Progress
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.visualization.render import Care, Grower, beginning
from phosphene.methods.visualization.visualize import Net, Target, read_target, wish_of
from phosphene.networks.loading import load_network
from phosphene.optimize.objectives import check

# Name, whether the canvas is Fourier's, sizes, step, care; each adds one thing to plain pixels
# but for the last, which is much of what `visualize` does, milder, for pictures this small.
VARIANTS = (
    ("none", False, 1, 0.02, Care()),
    ("L2 decay", False, 1, 0.02, Care(l2=100)),
    ("blur", False, 1, 0.04, Care(blur=1.0, every=4)),
    ("small pixels clipped", False, 1, 0.02, Care(small=0.5, every=4)),
    ("weak pixels clipped", False, 1, 0.02, Care(weak=0.5, every=4)),
    ("total variation", False, 1, 0.02, Care(tv=200)),
    ("jitter", False, 1, 0.02, Care(jitter=16)),
    ("size and turn", False, 1, 0.02, Care(jitter=16, zoom=40, turn=15)),
    ("several sizes", False, 3, 0.02, Care(jitter=16)),
    ("middle", False, 1, 0.02, Care(jitter=16, center=0.6)),
    ("Fourier", True, 1, 0.05, Care()),
    ("together", True, 2, 0.05, Care(tv=30, jitter=8, zoom=20, turn=10, center=0.35)),
)
COLUMNS = 4


@method
def visualize_differences(
    target: Target = "goose",
    *,
    steps: Annotated[int, Range(1, 256, label="Steps", help="for each picture")] = 64,
    size: Annotated[int, Range(64, 224, 16, label="Size", help="pixels each")] = 160,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow one thing with each regularizer in turn, from the same start."""
    net = load_network(network, device=device)
    wish = read_target(target, net)
    check(wish, net, size, size)
    tiles = [Image.new("RGB", (size, size), (128, 128, 128)) for _ in VARIANTS]
    names = [f"{variant[0]}\n" for variant in VARIANTS]  # the second line: what it is taken for
    progress = Progress(steps * len(VARIANTS))

    def panels() -> list[Panel]:
        return [Panel(tile, name) for name, tile in zip(names, tiles, strict=True)]

    for index, (name, fourier, octaves, lr, care) in enumerate(VARIANTS):
        generator = torch.Generator().manual_seed(seed)
        start = beginning("noise", size, size, 1, generator).to(net.device)
        wanted = wish_of(net, wish, start, 0.0)
        grower = Grower(net, wanted, care, generator, fourier, octaves, lr)
        for own, _ in grower.grow(start, steps):
            frame = progress.of(own, name)
            tiles[index] = frame.image.resize((size, size))
            yield replace(frame, image=contact_sheet(panels(), COLUMNS))
        with torch.no_grad():
            seen = net.verdict(images.to_tensor(tiles[index], net.device), 1)
        chance = next((f"{value:.0%} {label}" for label, value in seen.items()), "")
        names[index] = f"{name}\n{chance}"
    yield replace(
        frame,
        image=contact_sheet(panels(), COLUMNS),
        panels=tuple(
            replace(panel, caption=panel.caption.replace("\n", ", ").strip(", "))
            for panel in panels()
        ),
    )
