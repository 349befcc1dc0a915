"""What does a class, a channel or a neuron like? Pictures grown from nothing (arXiv 1312.6034)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, TypeAlias

import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame
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
from phosphene.methods.visualization.render import Care, Grower, Wish, beginning
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import EMBEDDED, imagenet_classes
from phosphene.optimize import losses
from phosphene.optimize.objectives import Objective, check, parse

CLASSES = tuple(sorted(imagenet_classes(), key=str.lower))
MIDDLE = 0.6
"""How much the picture of a class keeps to its middle where nothing is said: things have one."""
_WRITTEN = re.compile(r"[:*@+]|^\s*[\w]+\d*\.\d")

Net: TypeAlias = Annotated[
    str,
    NetworkChoice(options=EMBEDDED, label="Network", advanced=True),
]
Target: TypeAlias = Annotated[
    str,
    ClassChoice(
        options=CLASSES,
        label="What should it see?",
        help="a class; or blocks.4:57 for a channel, blocks.4:57@center a neuron, blocks.4 a layer",
    ),
]


@method
def visualize(
    target: Target = "bell pepper",
    *,
    count: Annotated[int, Range(1, 9, label="Pictures", help="different ones of one thing")] = 1,
    steps: Annotated[int, Range(1, 1024, label="Steps")] = 128,
    size: Annotated[int, Range(64, 512, 32, label="Size", help="pixels")] = 224,
    canvas: Annotated[
        str, Choice(("fourier", "pixels"), label="Canvas", help="fourier: waves in natural colors")
    ] = "fourier",
    start: Annotated[str, Choice(("noise", "zeros", "picture"), label="Start from")] = "noise",
    image: Annotated[
        ImageLike | None, Picture(label="Picture to start from", advanced=True)
    ] = None,
    examples: Annotated[
        Sequence[ImageLike] | None,
        Pictures(
            facets.MOST,
            label="Example pictures",
            help="of unlike kinds; each picture starts from one kind",
            advanced=True,
        ),
    ] = None,
    jitter: Annotated[int, Range(0, 32, label="Jitter", help="pixels; 0: off")] = 16,
    zoom: Annotated[float, Range(0, 50, 5, label="Random size", help="percent; 0: off")] = 40,
    turn: Annotated[float, Range(0, 30, 1, label="Random turn", help="degrees; 0: off")] = 15,
    tv: Annotated[float, Range(0, 500, 5, label="Total variation", help="0: off")] = 110,
    l2: Annotated[float, Range(0, 100, 1, label="L2 decay", help="0: off")] = 0,
    blur: Annotated[float, Range(0, 2, 0.1, label="Blur now and then", help="radius; 0: off")] = 0,
    blur_every: Annotated[int, Range(1, 32, label="Blur and clip every", advanced=True)] = 4,
    small: Annotated[
        float,
        Range(0, 0.95, 0.05, label="Clip small pixels", help="share; 0: off", advanced=True),
    ] = 0,
    weak: Annotated[
        float,
        Range(0, 0.95, 0.05, label="Clip weak pixels", help="of small contribution", advanced=True),
    ] = 0,
    center: Annotated[
        float | None,
        Range(
            0,
            1,
            0.05,
            label="Keep to the middle",
            help="0: off; empty: 0.6 for a class",
            advanced=True,
        ),
    ] = None,
    octaves: Annotated[
        int, Range(1, 4, label="Sizes", help="from coarse to fine", advanced=True)
    ] = 3,
    diversity: Annotated[
        float,
        Range(0, 10, 0.5, label="Diversity", help="how unlike several are", advanced=True),
    ] = 2.0,
    toward: Annotated[
        str,
        ClassChoice(
            options=CLASSES,
            label="On the way to",
            help="a second target: a direction",
            advanced=True,
        ),
    ] = "",
    mix: Annotated[
        float, Range(0, 1, 0.05, label="How far", help="0: the first", advanced=True)
    ] = 0.5,
    score: Annotated[
        str,
        Choice(
            ("logit", "probability"),
            label="Maximize",
            help="a probability also grows by making other classes unlikely",
            advanced=True,
        ),
    ] = "logit",
    lr: Annotated[float, Range(0.001, 0.5, label="Step size", log=True, advanced=True)] = 0.05,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow a picture that a class, channel, neuron, layer or direction likes best."""
    net = load_network(network, device=device)
    wish = read_target(target, net)
    if toward:
        wish = between(wish, read_target(toward, net), mix)
    if score == "probability":
        wish = as_probability(wish)
    check(wish, net, size, size)
    generator = torch.Generator().manual_seed(seed)
    if examples:
        first = facets.beginnings(examples, net, size, count, generator)
    elif start == "picture":
        first = _opened(image, size).expand(count, -1, -1, -1)
        check(wish, net, *first.shape[-2:])
    else:
        first = beginning(start, size, size, count, generator)
    first = first.to(net.device)
    if center is None:
        center = MIDDLE if any(term.of_classes for term in wish.terms) else 0.0
    care = Care(l2, tv, blur, blur_every, small, weak, jitter, zoom, turn, center)
    wanted = wish_of(net, wish, first, diversity if count > 1 else 0.0)
    grower = Grower(net, wanted, care, generator, canvas == "fourier", octaves, lr)
    for frame, pictures in grower.grow(first, steps):
        yield judged(frame, net, wish, pictures)


@method
def visualize_layer(
    tap: Annotated[str, LayerChoice(label="Layer", help="empty: the network's middle")] = "",
    *,
    first: Annotated[int, Range(0, 4095, label="First channel")] = 0,
    count: Annotated[int, Range(1, 36, label="Channels")] = 12,
    steps: Annotated[int, Range(1, 512, label="Steps")] = 64,
    size: Annotated[int, Range(64, 224, 16, label="Size", help="pixels each")] = 96,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Grow pictures for the first channels of a layer side by side, as one batch."""
    net = load_network(network, device=device)
    place = net.tap(tap or net.default_tap)
    net.check_size(place.name, size, size)
    if first >= place.channels:
        raise InputError(
            f"{place.name} has no channel {first}; choose from 0 to {place.channels - 1}"
        )
    channels = torch.arange(first, min(first + count, place.channels), device=net.device)
    generator = torch.Generator().manual_seed(seed)
    start = beginning("noise", size, size, len(channels), generator).to(net.device)

    def wish(x: Tensor) -> dict[str, Tensor]:
        found = net.acts(x, [place.name])[place.name].float()
        spread = found.detach().square().mean().sqrt() + 1e-6
        own = found[torch.arange(len(channels), device=net.device), channels]
        return {"channels": -(own.flatten(1).mean(1) / spread).mean()}

    care = Care(tv=10, jitter=8, zoom=20, turn=10)
    for frame, _ in Grower(net, wish, care, generator).grow(start, steps):
        yield replace(
            frame, note=f"{place.name}, channels {int(channels[0])} to {int(channels[-1])}"
        )


def _opened(image: ImageLike | None, size: int) -> Tensor:
    if image is None:
        raise InputError("the picture to start from is missing; choose one, or start from noise")
    return images.to_tensor(images.load(image, size))


def read_target(text: str, net: Network) -> Objective:
    """A class by its bare name or number, or an objective as `objectives` writes it."""
    bare = text.strip()
    if not bare:
        raise InputError("the target is empty; name a class such as goose, or TAP:CHANNEL")
    if _WRITTEN.search(bare) or bare in net.taps:
        return parse(bare, net)
    return parse(f"class:{net.label(net.find_class(bare))}", net)


def between(one: Objective, other: Objective, mix: float) -> Objective:
    """The direction from one objective to another."""
    return Objective(
        tuple(replace(term, weight=term.weight * (1 - mix)) for term in one.terms)
        + tuple(replace(term, weight=term.weight * mix) for term in other.terms)
    )


def as_probability(wish: Objective) -> Objective:
    """The same with log-probabilities in place of scores; InputError where there are none."""
    if any(term.tap != "logits" for term in wish.terms):
        raise InputError("only a class has a probability; choose a class, or maximize the score")
    return Objective(tuple(replace(term, tap="probabilities") for term in wish.terms))


def wish_of(net: Network, wish: Objective, start: Tensor, diversity: float) -> Wish:
    """The loss of a wish, its terms in units of what the start shows, plus diversity."""
    deep = net.default_tap
    with torch.no_grad():
        scaled = wish.scaled_to(net.acts(start[:1], wish.taps))
    taps = [*wish.taps, deep] if diversity else wish.taps

    def wanted(x: Tensor) -> dict[str, Tensor]:
        acts = net.acts(x, taps)
        terms = scaled.loss(acts)
        if diversity:
            terms["alike"] = diversity * losses.alike(acts[deep])
        return terms

    return wanted


def judged(frame: Frame, net: Network, wish: Objective, pictures: Tensor) -> Frame:
    """The frame with what the network makes of the first picture: scores, probabilities."""
    with torch.no_grad():
        acts = net.acts(pictures[:1], {*wish.taps, *(["logits"] if net.classes else [])})
    metrics = {}
    for term in wish.terms:
        if term.of_classes:
            scores, chosen = acts["logits"][0].float(), list(term.channels)
            metrics[term.name] = float(scores[chosen].mean())
            name = f"probability of {term.name.removeprefix('class:')}"
            metrics[name] = float(scores.softmax(-1)[chosen].mean())
        else:
            metrics[term.name] = -float(term.loss(acts[term.tap]))
    return replace(frame, metrics=metrics, verdict=net.verdict(pictures[:1]))
