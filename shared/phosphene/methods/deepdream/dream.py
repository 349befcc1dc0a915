"""DeepDream: a picture in which a network sees more of what it sees (Mordvintsev et al. 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Progress
from phosphene.images import ImageLike
from phosphene.knobs import LayerChoice, Mask, NetworkChoice, Picture, Range, Seed, Text
from phosphene.methods import method
from phosphene.methods.deepdream.loss import dream_loss, min_side
from phosphene.methods.deepdream.octaves import (
    Composite,
    DreamSettings,
    OctaveDream,
    strengths,
)
from phosphene.networks.network import Network
from phosphene.networks.zoo import CLASSIFIERS, EMBEDDED, ENSEMBLES
from phosphene.optimize.ensemble import check_sizes, load_first, load_rest
from phosphene.optimize.objectives import Objective, ObjectiveLike, from_python, resolve

FAVORITES = {
    **dict.fromkeys(CLASSIFIERS, "blocks.4 + 0.1 * blocks.3.2"),
    "vgg19": "relu4_2 + relu5_1",
    "timm/inception_v3.tv_in1k": "Mixed_5d + Mixed_6b",
    "timm/resnet50.a1_in1k": "layer3.2",
}
"""What to dream of where nothing is said, chosen by looking; elsewhere the default tap."""

NETWORKS = (
    *EMBEDDED,
    *ENSEMBLES,
    "timm/inception_v3.tv_in1k",
    "timm/vgg16.tv_in1k",
    "timm/resnet50.a1_in1k",
    "timm/densenet121.tv_in1k",
)

# Where the knobs of experts stand.
AIM: dict[str, Any] = {"advanced": True, "group": "What to dream of"}
PLACE: dict[str, Any] = {"advanced": True, "group": "Blend and colors"}
SEARCH: dict[str, Any] = {"advanced": True, "group": "Search"}

# Knobs that every kind of dream has.
Layer: TypeAlias = Annotated[
    str, LayerChoice(label="Layer", help="early: strokes; late: things; empty: our favorites")
]
Strength: TypeAlias = Annotated[float, Range(0.1, 5.0, 0.1, label="Strength")]
Octaves: TypeAlias = Annotated[
    int, Range(1, 8, label="Octaves", help="more make larger things", quick=1, **SEARCH)
]
Mixture: TypeAlias = Annotated[
    ObjectiveLike,
    Text(
        label="Mixture, instead of the layer",
        placeholder="0.7 * blocks.4 + 0.3 * blocks.2:57",
        help="layers, LAYER:CHANNELS and class:NAME, with weights",
        other=from_python,
        **AIM,
    ),
]
KeepColors: TypeAlias = Annotated[
    float, Range(0, 1, 0.05, label="Keep colors", help="share of the picture's own colors")
]
Net: TypeAlias = Annotated[
    str,
    NetworkChoice(
        options=NETWORKS,
        label="Network",
        help="efficientnet_lites: what three of them agree on",
        **AIM,
    ),
]


@method
def dream(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    mask: Annotated[ImageLike | None, Mask(of="image", label="Dream only where painted")] = None,
    layer: Layer = "",
    strength: Strength = 1.0,
    keep_colors: KeepColors = 0.0,
    size: Annotated[
        int, Range(64, 4096, 32, label="Size", help="longer side, pixels", quick=96)
    ] = 512,
    objective: Mixture = "",
    guide: Annotated[
        ImageLike | None,
        Picture(label="Guide", help="dream of what is in this picture", **AIM),
    ] = None,
    network: Net = "efficientnet_lite0",
    blend: Annotated[
        float, Range(0, 1, 0.05, label="Blend", help="0: your picture, 1: the dream", **PLACE)
    ] = 1.0,
    color: Annotated[
        float, Range(0, 1, 0.05, label="New colors", help="how far hues move", **PLACE)
    ] = 0.25,
    calm: Annotated[
        float, Range(0, 1, 0.05, label="Calm", help="leaves empty regions empty", **PLACE)
    ] = 0.85,
    smooth: Annotated[
        float, Range(0, 3, 0.1, label="Smoothing", help="less fine grain", **PLACE)
    ] = 1.0,
    octaves: Octaves = 5,
    steps: Annotated[int, Range(1, 100, label="Steps per octave", quick=2, **SEARCH)] = 12,
    octave_scale: Annotated[float, Range(1.1, 2.0, 0.05, label="Octave scale", **SEARCH)] = 1.4,
    octave_strengths: Annotated[
        str,
        Text(
            label="Strength of each octave",
            placeholder="1, 1, 0.8, 0.5",
            help="from the smallest; the last one repeats",
            **SEARCH,
        ),
    ] = "",
    rounds: Annotated[
        int, Range(1, 8, label="Rounds", help="the dream dreams again", **SEARCH)
    ] = 1,
    momentum: Annotated[
        float,
        Range(0, 0.95, 0.05, label="Momentum", help="keeps what steps agree on", **SEARCH),
    ] = 0.8,
    jitter: Annotated[int, Range(0, 64, label="Jitter", help="pixels", **SEARCH)] = 24,
    turn: Annotated[
        float, Range(0, 30, 1, label="Random turns and sizes", help="degrees, percent", **SEARCH)
    ] = 0,
    tile: Annotated[
        int, Range(256, 4096, 64, label="Tile", help="larger pictures go in parts", **SEARCH)
    ] = 1024,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Make a picture dream: ascend what layers, channels, a class or a guide ask for.

    DeepDream (Mordvintsev et al. 2015, google/deepdream), with the Laplacian normalization of
    TensorFlow's tutorial.

    What is dreamt of: `objective`, a text or an Objective, or else all of a `layer`; with `guide`
    what those layers see in another picture. A `network` may be several, joined by +: they are
    asked in turn, so that what they agree on grows.

    How long and how strongly: `steps` at each of `octaves` sizes, each `octave_scale` times the
    one before, `strength` times `octave_strengths`, and all of that `rounds` times.

    What it looks like: `blend`, `keep_colors` and `mask` over your picture; `color`, `calm` and
    `smooth` of each step, `momentum`, `jitter` and `turn` between steps.

    InputError for names that the network does not have, and for pictures too small for a layer.
    """
    picture = images.load(image, size)
    nets, objective, source = prepare(picture, objective or layer, network, device)
    height, width = source.shape[-2:]
    inside = None if mask is None else images.region(mask, height, width, source.device)
    settings = DreamSettings(
        steps=steps,
        octaves=octaves,
        scale=octave_scale,
        strength=strength,
        octave_strengths=strengths(octave_strengths),
        color=color,
        calm=calm,
        smooth=smooth,
        momentum=momentum,
        jitter=jitter,
        turn=turn,
        tile=tile,
    )
    octave_dream = OctaveDream(
        loss=dream_loss(nets, objective, source, guide),
        settings=settings,
        min_side=min_side(nets, objective),
        generator=torch.Generator().manual_seed(seed),
        inside=inside,
        show=Composite(source, inside, blend, keep_colors).show,
    )
    progress = Progress(rounds * octave_dream.count(height, width))
    for lap in range(1, rounds + 1):
        note = f"round {lap} of {rounds}" if rounds > 1 else ""
        source = yield from octave_dream.dream(source, progress, note)


def prepare(
    picture: Image.Image, objective: ObjectiveLike, network: str, device: str | None
) -> tuple[tuple[Network, ...], Objective, Tensor]:
    """The networks, their objective (empty: a favorite), the picture (1, 3, H, W) on their device.

    InputError where the objective cannot be read or the picture is too small for it.
    """
    net = load_first(network, device)
    resolved = resolve(objective or favorite(net), net)
    nets = load_rest(network, net, resolved)
    check_sizes(resolved, nets, picture.height, picture.width)
    return nets, resolved, images.to_tensor(picture, net.device)


def favorite(net: Network) -> str:
    """What a network dreams of best."""
    return FAVORITES.get(net.name, net.default_tap)
