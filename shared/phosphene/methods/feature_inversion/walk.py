"""The walk through a network: one picture as every layer remembers it (arXiv 1412.0035)."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel, Progress, Table
from phosphene.images import ImageLike
from phosphene.knobs import LayerChoice, NetworkChoice, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.feature_inversion.parameters import Net, Sides
from phosphene.methods.feature_inversion.poster import Reconstruction, poster
from phosphene.methods.feature_inversion.route import in_order, route
from phosphene.methods.feature_inversion.search import (
    FEATURE_ERROR,
    LIKENESS,
    PER_STEP,
    Comparison,
    initial_pictures,
    search,
    targets_of,
    turns,
)
from phosphene.methods.feature_inversion.targets import Prior, depth_note, settings
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import EMBEDDED

PAUSE = 0.8
"""Seconds between two posters at least, and four times what the last one took to draw and show."""


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
    layers: Annotated[
        tuple[str, ...],
        LayerChoice(
            label="Layers",
            help="empty: ten from shallow to deep",
            several=True,
            advanced=True,
            group="Layers",
        ),
    ] = (),
    count: Annotated[
        int,
        Range(
            2,
            24,
            label="How many layers",
            help="where none are named",
            advanced=True,
            group="Layers",
            quick=4,
        ),
    ] = 10,
    steps: Annotated[
        int,
        Range(
            1,
            1000,
            label="Iterations per layer",
            help="early ones get more, late ones less",
            advanced=True,
            group="Search",
            quick=4,
        ),
    ] = 32,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Invert layer after layer of a network, all at once: one poster from shallow to deep.

    The panels are the reconstructions, each with its layer to look at alone; the tables hold PSNR
    in dB and the normalized error (arXiv 1412.0035) of every layer. With `versus` a second network
    walks along.
    """
    walks = [_walk(image, network, layers, count, size, steps, seed, device)]
    if versus:
        walks.append(_walk(image, versus, (), len(walks[0].searches), size, steps, seed, device))
    searches = [search for walk in walks for search in walk.searches]
    progress = Progress(0)
    shown, pause = 0.0, PAUSE
    with ExitStack() as stack:
        for one in searches:
            stack.callback(one.run.close)
        for _ in _in_turns(searches):
            now = time.monotonic()
            last = all(one.done for one in searches)
            if last or now - shown > pause:
                yield _frame(walks, progress, last)
                shown = time.monotonic()
                pause = max(PAUSE, 4 * (shown - now))


@dataclass
class LayerSearch:
    """The search for one layer's picture, and how far it has come."""

    layer: str
    original: Tensor
    run: Generator[tuple[Frame, Tensor], None, None]
    planned: int
    """How many turns it takes at most."""
    pace: int = 1
    """How many of its steps one turn takes."""
    frame: Frame | None = None
    pictures: Tensor | None = None

    @property
    def done(self) -> bool:
        """Whether the search is over."""
        return self.frame is not None and self.frame.last

    @property
    def turns(self) -> tuple[int, int]:
        """How many turns it took, of how many."""
        if self.frame is None:
            return 0, self.planned
        return -(-self.frame.step // self.pace), -(-self.frame.steps // self.pace)

    def advance(self) -> None:
        """One turn of the search."""
        self.frame, self.pictures = next(self.run)

    def reconstruction(self) -> Reconstruction:
        """The picture so far with its measures; before the first, the layer alone."""
        if self.frame is None or self.pictures is None:
            return Reconstruction(self.layer)
        psnr = Comparison(self.original, self.pictures).psnr()
        return Reconstruction(self.layer, self.frame.image, psnr, self.frame.metrics[FEATURE_ERROR])


@dataclass(frozen=True)
class Walk:
    """The layers of one network that are searched together."""

    network: Network
    original: Image.Image
    searches: Sequence[LayerSearch]

    def reconstructions(self) -> list[Reconstruction]:
        """What there is so far, from shallow to deep."""
        return [search.reconstruction() for search in self.searches]


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
    names = in_order(network, layers) if layers else route(network, count)
    targets = targets_of(network, original, names)
    shape = (picture.height, picture.width)
    start = initial_pictures("grey", original, shape, 1, torch.Generator().manual_seed(seed))
    searches = []
    for layer in names:
        suited = settings(network, layer)
        iterations = math.ceil(steps * suited.iteration_factor)
        run = search(
            network,
            [(targets[layer], 1.0)],
            Prior(suited.tv, alpha=suited.alpha),
            start.to(network.device),
            steps=iterations,
            jitter=suited.jitter,
            generator=torch.Generator().manual_seed(seed),
            every=1,
        )
        planned = turns(network, layer, iterations, suited.jitter)
        pace = PER_STEP if suited.jitter else 1
        searches.append(LayerSearch(layer, original, run, planned, pace))
    return Walk(network, picture, searches)


def _in_turns(searches: Sequence[LayerSearch]) -> Iterator[LayerSearch]:
    """One turn each until all are done: every picture stops at its own layer, and all form at once.

    Yields the search that advanced.
    """
    while pending := [search for search in searches if not search.done]:
        for one in pending:
            one.advance()
            yield one


def _frame(walks: Sequence[Walk], progress: Progress, last: bool) -> Frame:
    """The poster so far; with the last one every layer's picture and figures."""
    counts = [search.turns for walk in walks for search in walk.searches]
    progress.done, progress.steps = (sum(column) for column in zip(*counts, strict=True))
    named = len(walks) > 1
    rows = [(walk.network.name, walk.original, walk.reconstructions()) for walk in walks]
    return progress.frame(
        poster(rows),
        note="shallow layers keep the picture, deep ones its gist",
        panels=tuple(panel for walk in walks for panel in _panels(walk, named)) if last else (),
        tables=tuple(_table(name, reconstructions) for name, _, reconstructions in rows)
        if last
        else (),
    )


def _panels(walk: Walk, named: bool) -> Iterator[Panel]:
    name = walk.network.name
    prefix = f"{name} " if named else ""
    yield Panel(walk.original, "your picture", f"What {name} was shown.")
    for own in walk.reconstructions():
        if own.image:
            yield Panel(
                own.image,
                f"{prefix}{own.layer} · {own.psnr:.1f} dB",
                depth_note(walk.network, own.layer),
                sets={"layer": own.layer, "network": name},
            )


def _table(network: str, reconstructions: Sequence[Reconstruction]) -> Table:
    rows = tuple((r.layer, round(r.psnr, 2), round(r.error, 5)) for r in reconstructions)
    return Table(f"What {network} kept", ("layer", LIKENESS, FEATURE_ERROR), rows)
