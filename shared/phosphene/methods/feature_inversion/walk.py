"""The walk through a network: one picture as every layer remembers it (arXiv 1412.0035)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.images import ImageLike
from phosphene.knobs import LayerChoice, NetworkChoice, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.feature_inversion import targets as inverting
from phosphene.methods.feature_inversion.invert import Net, Sides
from phosphene.methods.feature_inversion.poster import Memory, poster
from phosphene.methods.feature_inversion.search import (
    FEATURE_ERROR,
    PER_STEP,
    Comparison,
    begin,
    kept,
    search,
)
from phosphene.methods.feature_inversion.targets import Prior
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import EMBEDDED

PAUSE = 0.8
"""Seconds between two posters at least, and four times what the last one took to draw and show."""
WALKS = {
    "vgg19": (
        *("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"),
        *("relu3_3", "relu4_1", "relu4_3", "relu5_1", "relu5_3"),
    ),
    **dict.fromkeys(
        ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"),
        (
            *("conv_stem", "blocks.0.0", "blocks.1.1", "blocks.2.1", "blocks.3.2"),
            *("blocks.4.2", "blocks.5.3", "blocks.6.0", "global_pool", "logits"),
        ),
    ),
}


@method
def invert_layers(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    network: Net = "vgg19",
    versus: Annotated[
        str | None,
        NetworkChoice(EMBEDDED, label="Side by side with", help="a second network; empty: none"),
    ] = None,
    size: Sides = 192,
    steps: Annotated[
        int,
        Range(1, 1000, label="Iterations per layer", help="early ones get more, late ones less"),
    ] = 32,
    layers: Annotated[
        tuple[str, ...],
        LayerChoice(label="Layers", help="empty: ten from shallow to deep", several=True),
    ] = (),
    count: Annotated[
        int,
        Range(2, 24, label="How many layers", help="where none are named", advanced=True),
    ] = 10,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Invert layer after layer of a network, all at once: one poster from shallow to deep.

    The panels are the reconstructions, for scrubbing through depth; the metrics hold PSNR in dB
    and the normalized error of every layer. With `versus` a second network walks along.
    """
    walks = [_walk(image, network, layers, count, size, steps, seed, device)]
    if versus:
        walks.append(_walk(image, versus, (), len(walks[0].paths), size, steps, seed, device))
    paths = [path for walk in walks for path in walk.paths]
    begun = time.monotonic()
    shown, pause = 0.0, PAUSE
    with ExitStack() as stack:
        for path in paths:
            stack.callback(path.close)
        # One step each in turn: every picture stops at its own layer, and all form together.
        while alive := [path for path in paths if not path.done]:
            for path in alive:
                path.advance()
                now = time.monotonic()
                if paths[-1].last and now - shown > pause:
                    yield _frame(walks, now - begun)
                    shown = time.monotonic()
                    pause = max(PAUSE, 4 * (shown - now))
        yield _frame(walks, time.monotonic() - begun, last=True)


@dataclass
class Path:
    """One layer's search, and what it found so far."""

    tap: str
    original: Tensor
    frames: Any
    pace: int = 1
    """How many of its steps one turn takes."""
    last: Frame | None = None
    pictures: Tensor | None = None

    @property
    def done(self) -> bool:
        """Whether the search is over."""
        return self.last is not None and self.last.last

    @property
    def turns(self) -> tuple[int, int]:
        """How many turns it took, of how many."""
        if self.last is None:
            return 0, 0
        return -(-self.last.step // self.pace), -(-self.last.steps // self.pace)

    def advance(self) -> None:
        """One turn of the search."""
        self.last, self.pictures = next(self.frames)

    def close(self) -> None:
        """Leave nothing behind."""
        self.frames.close()

    def memory(self) -> Memory | None:
        """The picture so far with its measures."""
        if self.last is None or self.pictures is None:
            return None
        psnr = Comparison(self.original, self.pictures).psnr()
        return Memory(self.tap, self.last.image, psnr, self.last.metrics[FEATURE_ERROR])


@dataclass(frozen=True)
class Walk:
    """The layers of one network that are searched together."""

    network: Network
    original: Image.Image
    paths: Sequence[Path]

    def memories(self) -> list[Memory]:
        """What was found so far, from shallow to deep."""
        return [memory for path in self.paths if (memory := path.memory())]


def _walk(
    image: ImageLike,
    name: str,
    layers: Sequence[str],
    count: int,
    size: int,
    steps: int,
    seed: int,
    device: str | None,
) -> Walk:
    network = load_network(name, device=device)
    picture = images.load(image, size)
    original = images.to_tensor(picture, network.device)
    taps = in_order(network, layers) if layers else route(network, count)
    targets = kept(network, original, taps)
    start = begin(
        "grey", original, (picture.height, picture.width), 1, torch.Generator().manual_seed(seed)
    )
    paths = []
    for tap in taps:
        suited = inverting.settings(network, tap)
        frames = search(
            network,
            [(targets[tap], 1.0)],
            Prior(suited.tv, alpha=suited.alpha),
            start.to(network.device),
            steps=math.ceil(steps * suited.worth),
            jitter=suited.jitter,
            generator=torch.Generator().manual_seed(seed),
            every=1,
        )
        paths.append(Path(tap, original, frames, PER_STEP if suited.jitter else 1))
    return Walk(network, picture, paths)


def route(network: Network, count: int) -> tuple[str, ...]:
    """Taps from shallow to deep: chosen ones of the embedded networks, else evenly spread."""
    known = WALKS.get(network.name, ())
    if len(known) == count:
        return known
    taps = [name for name in network.taps if name != "probabilities"]
    if network.name == "vgg19":
        taps = [name for name in taps if name.startswith("relu")]
    count = min(count, len(taps))
    spread = [round(i * (len(taps) - 1) / max(1, count - 1)) for i in range(count)]
    return tuple(taps[index] for index in spread)


def in_order(network: Network, names: Sequence[str]) -> tuple[str, ...]:
    """Taps once each, from shallow to deep; InputError for one that does not exist."""
    listed = list(network.taps)
    for name in names:
        network.tap(name)
    place = {name: index for index, name in enumerate(listed)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(listed))))


def _frame(walks: Sequence[Walk], seconds: float, last: bool = False) -> Frame:
    rows = [(walk.network.name, walk.original, walk.memories()) for walk in walks]
    turns = [path.turns for walk in walks for path in walk.paths]
    done, total = (sum(column) for column in zip(*turns, strict=True))
    metrics, panels = {}, []
    for walk, (name, original, memories) in zip(walks, rows, strict=True):
        prefix = f"{name} " if len(rows) > 1 else ""
        panels.append(Panel(original, "your picture", "What the network was shown."))
        for memory in memories:
            label = f"{prefix}{memory.tap}"
            metrics[f"{label}, dB"] = memory.psnr
            metrics[f"{label}, error"] = memory.error
            note = inverting.depth_note(walk.network, memory.tap)
            panels.append(Panel(memory.image, f"{label} · {memory.psnr:.1f} dB", note))
    return Frame(
        image=poster(rows),
        step=total if last else min(done, total - 1),
        steps=total,
        seconds=seconds,
        metrics=metrics if last else {},
        panels=tuple(panels) if last else (),
        note="shallow layers keep the picture, deep ones its gist",
    )
