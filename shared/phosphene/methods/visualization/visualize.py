"""What does a class, a channel or a neuron like? Pictures grown from nothing (arXiv 1312.6034)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Panel
from phosphene.images import ImageLike
from phosphene.knobs import (
    Choice,
    ClassChoice,
    LayerChoice,
    NetworkChoice,
    Picture,
    Pictures,
    Range,
    Seed,
)
from phosphene.methods import method
from phosphene.methods.visualization import facets
from phosphene.methods.visualization.loss import (
    agreed_loss,
    as_probability,
    between,
    resolve_target,
    with_scores,
)
from phosphene.methods.visualization.render import (
    FeatureVisualizer,
    Regularizers,
    initial_image,
)
from phosphene.networks.loading import load_network
from phosphene.networks.zoo import EMBEDDED, listed_classes
from phosphene.optimize.ensemble import check_sizes, load_first, load_rest
from phosphene.optimize.objectives import ObjectiveLike, from_python
from phosphene.optimize.terms import no_channel

CLASSES = listed_classes()
MIDDLE = 0.6
"""How much the picture of a class keeps to its middle where nothing is said: things have one."""

ALONE, TOGETHER = "efficientnet_lite0", "efficientnet_lites"
Net: TypeAlias = Annotated[
    str,
    NetworkChoice(
        options=(TOGETHER, *EMBEDDED),
        label="Network",
        help="efficientnet_lites: what three of them agree on",
        quick=ALONE,
    ),
]
Target: TypeAlias = Annotated[
    ObjectiveLike,
    ClassChoice(
        options=CLASSES,
        label="What should it see?",
        help="a class; or blocks.4:57 for a channel, blocks.4:57@center a neuron, blocks.4 a layer",
        other=from_python,
    ),
]


# Where the knobs of experts stand.
TARGET: dict[str, Any] = {"advanced": True, "group": "Target"}
BEGINNING: dict[str, Any] = {"advanced": True, "group": "Beginning"}
SEARCH: dict[str, Any] = {"advanced": True, "group": "Search"}
NOISE: dict[str, Any] = {"advanced": True, "group": "Regularizers"}


@method
def visualize(
    target: Target = "bell pepper",
    *,
    count: Annotated[int, Range(1, 9, label="Pictures", help="different ones of one thing")] = 1,
    size: Annotated[int, Range(64, 512, 32, label="Size", help="pixels", quick=64)] = 224,
    network: Net = TOGETHER,
    toward: Annotated[
        ObjectiveLike,
        ClassChoice(
            options=CLASSES,
            label="On the way to",
            help="a second target: a direction",
            other=from_python,
            **TARGET,
        ),
    ] = "",
    mix: Annotated[float, Range(0, 1, 0.05, label="How far", help="0: the first", **TARGET)] = 0.5,
    score: Annotated[
        str,
        Choice(
            ("logit", "probability"),
            label="Maximize",
            help="a probability also grows by making other classes unlikely",
            **TARGET,
        ),
    ] = "logit",
    diversity: Annotated[
        float, Range(0, 10, 0.5, label="Diversity", help="how unlike several are", **TARGET)
    ] = 2.0,
    start: Annotated[
        str, Choice(("noise", "zeros", "picture"), label="Start from", **BEGINNING)
    ] = "noise",
    image: Annotated[ImageLike | None, Picture(label="Picture to start from", **BEGINNING)] = None,
    examples: Annotated[
        Sequence[ImageLike] | None,
        Pictures(
            facets.MOST,
            label="Example pictures",
            help="of unlike kinds; each picture starts from one kind",
            **BEGINNING,
        ),
    ] = None,
    steps: Annotated[int, Range(1, 1024, label="Steps", quick=2, **SEARCH)] = 256,
    canvas: Annotated[
        str,
        Choice(
            ("fourier", "pixels"),
            label="Canvas",
            help="fourier: waves in natural colors",
            **SEARCH,
        ),
    ] = "fourier",
    octaves: Annotated[int, Range(1, 4, label="Sizes", help="from coarse to fine", **SEARCH)] = 3,
    lr: Annotated[float, Range(0.001, 0.5, label="Step size", log=True, **SEARCH)] = 0.05,
    jitter: Annotated[int, Range(0, 32, label="Jitter", help="pixels; 0: off", **NOISE)] = 16,
    zoom: Annotated[
        float, Range(0, 50, 5, label="Random size", help="percent; 0: off", **NOISE)
    ] = 40,
    turn: Annotated[
        float, Range(0, 30, 1, label="Random turn", help="degrees; 0: off", **NOISE)
    ] = 15,
    tv: Annotated[float, Range(0, 500, 5, label="Total variation", help="0: off", **NOISE)] = 110,
    l2: Annotated[float, Range(0, 100, 1, label="L2 decay", help="0: off", **NOISE)] = 0,
    blur: Annotated[
        float, Range(0, 2, 0.1, label="Blur now and then", help="radius; 0: off", **NOISE)
    ] = 0,
    blur_every: Annotated[int, Range(1, 32, label="Blur and clip every", **NOISE)] = 4,
    clip_norm: Annotated[
        float, Range(0, 0.95, 0.05, label="Clip small pixels", help="share; 0: off", **NOISE)
    ] = 0,
    clip_contribution: Annotated[
        float,
        Range(0, 0.95, 0.05, label="Clip weak pixels", help="of small contribution", **NOISE),
    ] = 0,
    center: Annotated[
        float | None,
        Range(
            0,
            1,
            0.05,
            label="Keep to the middle",
            help="0: off; empty: 0.6 for a class",
            **NOISE,
        ),
    ] = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow a picture that a class, channel, neuron, layer or direction likes best.

    What is wanted: `target`, a text or an Objective; with `toward` and `mix` the direction from
    one to the other; `score` takes a class by its score (arXiv 1312.6034) or its probability.

    By whom: `network`; several, joined by +, are asked in turn, so that what they agree on grows.
    Channels, which each of them numbers in its own way, are those of the first alone.

    Pictures: `count` of them, as unlike as `diversity` makes them, of `size` pixels a side.

    Where they begin: `start`, a picture `image`, or the kinds among `examples` (arXiv 1602.03616).

    How they are searched: `canvas` (what is changed), `octaves` (from coarse to fine), `steps`,
    `lr`.

    Regularizers, without which a picture is noise to the eye: penalties `tv` and `l2`; every
    `blur_every` steps `blur`, `clip_norm` and `clip_contribution` (arXiv 1506.06579); what a
    picture must survive, `jitter`, `zoom` and `turn` (doi 10.23915/distill.00007); `center` keeps
    to the middle.

    InputError for names that the network does not have, and for pictures too small for a layer.
    """
    net = load_first(network, device)
    objective = resolve_target(target, net)
    if toward:
        objective = between(objective, resolve_target(toward, net), mix)
    if score == "probability":
        objective = as_probability(objective)
    nets = load_rest(network, net, objective)
    check_sizes(objective, nets, size, size)
    generator = torch.Generator().manual_seed(seed)
    if examples:
        initial = facets.facet_images(examples, net, size, count, generator)
    elif start == "picture":
        initial = _opened(image, size).expand(count, -1, -1, -1)
        check_sizes(objective, nets, *initial.shape[-2:])
    else:
        initial = initial_image(start, size, size, count, generator)
    initial = initial.to(net.device)
    if center is None:
        center = MIDDLE if any(term.of_classes for term in objective.terms) else 0.0
    regularizers = Regularizers(
        l2=l2,
        tv=tv,
        blur=blur,
        blur_every=blur_every,
        clip_norm=clip_norm,
        clip_contribution=clip_contribution,
        jitter=jitter,
        zoom=zoom,
        turn=turn,
        center=center,
    )
    loss = agreed_loss(nets, objective, initial, diversity if count > 1 else 0.0)
    visualizer = FeatureVisualizer(loss, regularizers, generator, canvas == "fourier", octaves, lr)
    name = target if isinstance(target, str) else str(objective)
    for frame, pictures in visualizer.run(initial, steps):
        panels = _numbered(name.strip(), pictures) if count > 1 else ()
        yield replace(with_scores(frame, nets, objective, pictures), panels=panels)


@method
def visualize_layer(
    layer: Annotated[str, LayerChoice(label="Layer", help="empty: the network's middle")] = "",
    *,
    first: Annotated[int, Range(0, 4095, label="From channel")] = 0,
    count: Annotated[int, Range(1, 36, label="Channels", quick=2)] = 12,
    network: Annotated[str, NetworkChoice(options=EMBEDDED, label="Network")] = ALONE,
    size: Annotated[
        int, Range(64, 224, 16, label="Size", help="pixels each", quick=64, **SEARCH)
    ] = 96,
    steps: Annotated[int, Range(1, 512, label="Steps", quick=2, **SEARCH)] = 64,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow pictures for the first channels of a layer side by side, as one batch.

    Each is a panel that sets what `visualize` needs to draw it alone. InputError for a channel
    that the layer does not have.
    """
    net = load_network(network, device=device)
    tap = net.tap(layer or net.default_tap)
    net.check_size(tap.name, size, size)
    if first >= tap.channels:
        raise no_channel(tap.name, first, tap.channels)
    channels = torch.arange(first, min(first + count, tap.channels), device=net.device)
    generator = torch.Generator().manual_seed(seed)
    start = initial_image("noise", size, size, len(channels), generator).to(net.device)

    def loss(x: Tensor) -> dict[str, Tensor]:
        activations = net.acts(x, [tap.name])[tap.name].float()
        spread = activations.detach().square().mean().sqrt() + 1e-6
        own = activations[torch.arange(len(channels), device=net.device), channels]
        return {"channels": -(own.reshape(len(channels), -1).mean(1) / spread).mean()}

    regularizers = Regularizers(tv=10, jitter=8, zoom=20, turn=10)
    numbers = channels.tolist()
    note = f"{tap.name}, channels {numbers[0]} to {numbers[-1]}"
    for frame, pictures in FeatureVisualizer(loss, regularizers, generator).run(start, steps):
        names = [f"{tap.name}:{number}" for number in numbers]
        panels = tuple(
            Panel(images.to_image(picture[None]), name, sets={"target": name, "network": network})
            for picture, name in zip(pictures, names, strict=True)
        )
        yield replace(frame, note=note, panels=panels)


def _opened(image: ImageLike | None, size: int) -> Tensor:
    if image is None:
        raise InputError("the picture to start from is missing; choose one, or start from noise")
    return images.to_tensor(images.load(image, size))


def _numbered(name: str, pictures: Tensor) -> tuple[Panel, ...]:
    """A panel for each picture of a batch (N, 3, H, W)."""
    return tuple(
        Panel(images.to_image(picture[None]), f"{name}, {number}")
        for number, picture in enumerate(pictures, 1)
    )
