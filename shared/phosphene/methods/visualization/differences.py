"""What each regularizer does: one class, one start, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated, Any, NamedTuple

import torch
from PIL import Image

from phosphene import images
from phosphene.frame import Frame, Panel, Progress
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.visualization.loss import agreed_loss, resolve_target, verdict
from phosphene.methods.visualization.render import (
    FeatureVisualizer,
    Regularizers,
    initial_image,
)
from phosphene.methods.visualization.visualize import ALONE, SEARCH, Net, Target
from phosphene.optimize.ensemble import check_sizes, load_first, load_rest


class Variant(NamedTuple):
    """One way to grow a picture."""

    name: str
    fourier: bool
    octaves: int
    lr: float
    regularizers: Regularizers

    @property
    def knobs(self) -> dict[str, Any]:
        """What `visualize` is told for it."""
        canvas = "fourier" if self.fourier else "pixels"
        own = {"canvas": canvas, "octaves": self.octaves, "lr": self.lr}
        return {**own, **asdict(self.regularizers)}


# Each adds one thing to plain pixels but for the last, which is much of what `visualize` does,
# milder, for pictures this small.
VARIANTS = (
    Variant("none", False, 1, 0.02, Regularizers()),
    Variant("L2 decay", False, 1, 0.02, Regularizers(l2=100)),
    Variant("blur", False, 1, 0.04, Regularizers(blur=1.0, blur_every=4)),
    Variant("small pixels clipped", False, 1, 0.02, Regularizers(clip_norm=0.5, blur_every=4)),
    Variant(
        "weak pixels clipped", False, 1, 0.02, Regularizers(clip_contribution=0.5, blur_every=4)
    ),
    Variant("total variation", False, 1, 0.02, Regularizers(tv=200)),
    Variant("jitter", False, 1, 0.02, Regularizers(jitter=16)),
    Variant("size and turn", False, 1, 0.02, Regularizers(jitter=16, zoom=40, turn=15)),
    Variant("several sizes", False, 3, 0.02, Regularizers(jitter=16)),
    Variant("middle", False, 1, 0.02, Regularizers(jitter=16, center=0.6)),
    Variant("Fourier", True, 1, 0.05, Regularizers()),
    Variant(
        "together", True, 2, 0.05, Regularizers(tv=30, jitter=8, zoom=20, turn=10, center=0.35)
    ),
)
COLUMNS = 4


@method
def visualize_differences(
    target: Target = "goose",
    *,
    size: Annotated[int, Range(64, 224, 16, label="Size", help="pixels each", quick=64)] = 160,
    network: Net = ALONE,
    steps: Annotated[
        int, Range(1, 256, label="Steps", help="for each picture", quick=1, **SEARCH)
    ] = 64,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow one thing with each regularizer in turn, from the same start.

    Each is a panel that sets the knobs of `visualize`; its caption says what the network takes it
    for. The regularizers are those of arXiv 1312.6034, 1412.0035, 1506.06579 and
    doi 10.23915/distill.00007.
    """
    net = load_first(network, device)
    objective = resolve_target(target, net)
    nets = load_rest(network, net, objective)
    check_sizes(objective, nets, size, size)
    tiles = [Image.new("RGB", (size, size), (128, 128, 128)) for _ in VARIANTS]
    verdicts = [""] * len(VARIANTS)
    shared = {"target": target, "network": network, "start": "noise", "seed": seed}
    progress = Progress(steps * len(VARIANTS))

    def sheet() -> Image.Image:
        lines = [f"{v.name}\n{text}" for v, text in zip(VARIANTS, verdicts, strict=True)]
        return contact_sheet([Panel(*tile) for tile in zip(tiles, lines, strict=True)], COLUMNS)

    for index, variant in enumerate(VARIANTS):
        generator = torch.Generator().manual_seed(seed)
        start = initial_image("noise", size, size, 1, generator).to(net.device)
        visualizer = FeatureVisualizer(
            agreed_loss(nets, objective, start, 0.0),
            variant.regularizers,
            generator,
            variant.fourier,
            variant.octaves,
            variant.lr,
        )
        for own, _ in visualizer.run(start, steps):
            frame = progress.of(own, variant.name)
            tiles[index] = frame.image.resize((size, size))
            yield replace(frame, image=sheet())
        best = verdict(nets, images.to_tensor(tiles[index], net.device), 1)
        verdicts[index] = next((f"{value:.0%} {label}" for label, value in best.items()), "")
    panels = tuple(
        Panel(tile, ", ".join(filter(None, (v.name, text))), sets={**shared, **v.knobs})
        for v, tile, text in zip(VARIANTS, tiles, verdicts, strict=True)
    )
    yield replace(frame, image=sheet(), panels=panels)
