"""Feature inversion: the picture that a layer remembers (arXiv 1412.0035, 1512.02017)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, TypeAlias, cast

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import (
    Choice,
    File,
    LayerChoice,
    Mask,
    NetworkChoice,
    Picture,
    Range,
    Seed,
    Text,
)
from phosphene.methods import method
from phosphene.methods.feature_inversion import targets as inverting
from phosphene.methods.feature_inversion.search import Comparison, Start, begin, kept, search
from phosphene.methods.feature_inversion.targets import Distance, Prior, Target
from phosphene.networks import features as vectors
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import EMBEDDED

Layer: TypeAlias = Annotated[
    str, LayerChoice(label="Layer", help="early ones keep the picture, late ones its gist")
]
Smoothness: TypeAlias = Annotated[
    float | None,
    Range(0.0, 100.0, 0.01, label="Smoothness", help="weight of total variation; empty: by depth"),
]
Sides: TypeAlias = Annotated[int, Range(64, 768, 32, label="Size", help="longer side, pixels")]
Net: TypeAlias = Annotated[str, NetworkChoice(EMBEDDED, label="Network")]

STEPS = 48
"""Iterations where nothing is said, times the depth's share."""


@method
def invert(
    image: Annotated[ImageLike | None, Picture(label="Your picture")] = None,
    *,
    layer: Layer = "relu4_1",
    network: Net = "vgg19",
    size: Sides = 224,
    steps: Annotated[
        int | None,
        Range(1, 2000, label="Iterations", help="more come nearer; empty: 24 to 192, by depth"),
    ] = None,
    smoothness: Smoothness = None,
    strongest: Annotated[
        float, Range(0.1, 100, log=True, label="Keep the strongest", help="percent")
    ] = 100,
    channels: Annotated[
        str, Text(label="Keep only channels", placeholder="3, 10-20", help="empty: all")
    ] = "",
    region: Annotated[
        ImageLike | None, Mask(of="image", label="Keep only where painted", advanced=True)
    ] = None,
    other: Annotated[
        ImageLike | None,
        Picture(label="Mix with", help="its deeper layer joins in", advanced=True),
    ] = None,
    other_layer: Annotated[
        str, LayerChoice(label="Layer of the other picture", advanced=True)
    ] = "relu5_1",
    balance: Annotated[
        float, Range(0, 1, 0.05, label="Share of the other picture", advanced=True)
    ] = 0.5,
    repeats: Annotated[
        int, Range(1, 8, label="Repeats", help="from as many seeds: what varies?", advanced=True)
    ] = 1,
    features: Annotated[
        str | None,
        File(
            label="Features instead of a picture",
            help="of the layer and network chosen: .npy or .safetensors",
            suffixes=(".npy", ".safetensors"),
            advanced=True,
        ),
    ] = None,
    start: Annotated[
        str, Choice(("grey", "noise", "blurred"), label="Start", advanced=True)
    ] = "grey",
    distance: Annotated[
        str, Choice(("euclidean", "cosine"), label="Distance of features", advanced=True)
    ] = "euclidean",
    canvas: Annotated[
        str,
        Choice(("fourier", "pixels"), label="Canvas", advanced=True),
    ] = "fourier",
    beta: Annotated[float, Range(1, 3, 0.1, label="Total variation's power", advanced=True)] = 2.0,
    alpha: Annotated[
        float | None,
        Range(
            0.0,
            10.0,
            0.01,
            label="Stay near grey",
            help="weight of the 6-norm; empty: by depth",
            advanced=True,
        ),
    ] = None,
    jitter: Annotated[
        int | None,
        Range(
            0,
            16,
            label="Jitter",
            help="pixels; above 0 Adam descends; empty: by depth",
            advanced=True,
        ),
    ] = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Find the picture whose features at a layer are those of yours; frames carry PSNR and SSIM.

    arXiv 1412.0035. With `repeats` the picture is the mean over the seeds; the panels hold each
    of them and how far they differ. "euclidean" is the distance over the norm of the target. The
    last frame's file holds the picture's own features, for `features` here or for elsewhere.
    """
    net = load_network(network, device=device)
    original, wanted, shape = _wanted(net, image, features, layer, size)
    files = {}
    if original is not None:
        files = {f"{layer}.safetensors": vectors.packed(wanted.features, net, layer, shape)}
    wanted = replace(wanted, share=_share(wanted, strongest, channels, region, original))
    targets = [(wanted, 1.0)]
    if other is not None:
        if original is None:
            raise InputError("a mixture needs your picture too; choose one instead of features")
        height, width = original.shape[-2:]
        fitted = images.load(other).resize((width, height), Image.Resampling.LANCZOS)
        joining = kept(net, images.to_tensor(fitted, net.device), [other_layer])
        targets = [(wanted, 1 - balance), (joining[other_layer], balance)]
    suited = inverting.settings(net, layer)
    prior = Prior(
        suited.tv if smoothness is None else smoothness,
        beta,
        suited.alpha if alpha is None else alpha,
    )
    generator = torch.Generator().manual_seed(seed)
    run = search(
        net,
        targets,
        prior,
        begin(cast(Start, start), original, shape, repeats, generator).to(net.device),
        steps=steps or math.ceil(STEPS * suited.worth),
        pixels=canvas == "pixels",
        distance=cast(Distance, distance),
        jitter=suited.jitter if jitter is None else jitter,
        generator=generator,
    )
    note = inverting.depth_note(net, layer)
    for frame, pictures in run:
        last = frame.last
        compared = Comparison(original, pictures)
        yield replace(
            frame,
            note=frame.note or note,
            metrics=compared.measures() | dict(frame.metrics),
            verdict=verdict(net, compared.mean) if last else {},
            panels=compared.panels() if last else (),
            files=files if last else {},
        )


def _wanted(
    network: Network,
    image: ImageLike | None,
    features: str | None,
    layer: str,
    size: int,
) -> tuple[Tensor | None, Target, tuple[int, int]]:
    """The picture, if there is one, what is to be matched, and the picture's height and width."""
    network.tap(layer)
    if features is not None:
        found, shape = vectors.read(features, network, layer, size)
        return None, Target(layer, found), shape
    if image is None:
        raise InputError("Your picture is missing; choose one first, or give its features")
    original = images.to_tensor(images.load(image, size), network.device)
    target = kept(network, original, [layer])[layer]
    return original, target, (original.shape[-2], original.shape[-1])


def _share(
    target: Target,
    strongest: float,
    channels: str,
    region: ImageLike | None,
    original: Tensor | None,
) -> Tensor | None:
    """Which features count: the product of all that was asked for, None for all of them."""
    parts: list[Tensor] = []
    if channels:
        parts.append(inverting.chosen(target.features, channels, target.tap))
    if region is not None and original is not None:
        height, width = original.shape[-2:]
        inside = images.region(region, height, width, original.device)
        parts.append(inverting.within(target.features, inside, target.tap))
    if strongest < 100:
        seen = target.features * math.prod(parts, start=torch.ones(()))
        parts.append(inverting.strongest(seen, strongest))
    share = math.prod(parts, start=torch.ones(())) if parts else None
    if share is not None and not (share * target.features).any():
        raise InputError(
            f"nothing of your picture fires in what is kept of {target.tap}; keep more"
        )
    return share


def verdict(network: Network, picture: Tensor) -> dict[str, float]:
    """Top 5 of a picture; a network without classes asks EfficientNet-Lite0."""
    judge = network if network.classes else load_network(device=network.device)
    return judge.verdict(picture)
