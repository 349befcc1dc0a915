"""Feature inversion: the picture that a layer remembers (arXiv 1412.0035, 1512.02017)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, cast

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Picture, Seed
from phosphene.methods import method
from phosphene.methods.feature_inversion.parameters import (
    Canvas,
    Channels,
    Compared,
    FeatureFile,
    Iterations,
    Jitter,
    Layer,
    NearGrey,
    Net,
    OtherLayer,
    OtherPicture,
    OtherShare,
    Power,
    Region,
    Repeats,
    Sides,
    Smoothness,
    StartFrom,
    Strongest,
)
from phosphene.methods.feature_inversion.search import (
    Comparison,
    Start,
    initial_pictures,
    search,
    targets_of,
)
from phosphene.methods.feature_inversion.targets import (
    Distance,
    Prior,
    Target,
    channel_mask,
    depth_note,
    region_mask,
    settings,
    strongest_mask,
)
from phosphene.networks import features as feature_files
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network

STEPS = 48
"""Iterations where nothing is said, times the depth's factor."""


@method
def invert(
    image: Annotated[ImageLike | None, Picture(label="Your picture")] = None,
    *,
    layer: Layer = "relu4_1",
    network: Net = "vgg19",
    size: Sides = 256,
    region: Region = None,
    strongest: Strongest = 100,
    channels: Channels = "",
    features: FeatureFile = None,
    other: OtherPicture = None,
    other_layer: OtherLayer = "relu5_1",
    balance: OtherShare = 0.5,
    steps: Iterations = None,
    repeats: Repeats = 1,
    start: StartFrom = "grey",
    distance: Compared = "euclidean",
    canvas: Canvas = "fourier",
    jitter: Jitter = None,
    seed: Seed = 0,
    smoothness: Smoothness = None,
    beta: Power = 2.0,
    alpha: NearGrey = None,
    device: str | None = None,
) -> Iterator[Frame]:
    """Find the picture whose features at a layer are those of yours; frames carry PSNR and SSIM.

    arXiv 1412.0035, 1512.02017. The parameters in groups:

    - what is inverted: `layer` of `network`, of `image` at `size` or of `features` from a file;
    - what is kept of it: `strongest`, `channels`, `region`; `other`, `other_layer` and `balance`
      mix a second picture in;
    - what pictures are like: `smoothness` with its power `beta`, and `alpha`;
    - how it is searched: `steps`, `repeats`, `start`, `distance`, `canvas`, `jitter`, `seed`.

    With `repeats` the picture is the mean over the seeds; the panels hold each
    of them and how far they differ. "euclidean" is the distance over the norm of the target. The
    last frame's file holds the picture's own features, for `features` here or for elsewhere.
    """
    net = load_network(network, device=device)
    original, target, shape = _target(net, image, features, layer, size)
    files = {}
    if original is not None:
        files = {f"{layer}.safetensors": feature_files.packed(target.features, net, layer, shape)}
    target = replace(target, mask=_mask(target, strongest, channels, region, original))
    targets = [(target, 1.0)]
    if other is not None:
        if original is None:
            raise InputError("a mixture needs your picture too; choose one instead of features")
        height, width = original.shape[-2:]
        fitted = images.load(other).resize((width, height), Image.Resampling.LANCZOS)
        joining = targets_of(net, images.to_tensor(fitted, net.device), [other_layer])
        targets = [(target, 1 - balance), (joining[other_layer], balance)]
    suited = settings(net, layer)
    prior = Prior(
        suited.tv if smoothness is None else smoothness,
        beta,
        suited.alpha if alpha is None else alpha,
    )
    generator = torch.Generator().manual_seed(seed)
    begin = initial_pictures(cast(Start, start), original, shape, repeats, generator)
    run = search(
        net,
        targets,
        prior,
        begin.to(net.device),
        steps=steps or math.ceil(STEPS * suited.iteration_factor),
        pixels=canvas == "pixels",
        distance=cast(Distance, distance),
        jitter=suited.jitter if jitter is None else jitter,
        generator=generator,
    )
    note = depth_note(net, layer)
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


def _target(
    network: Network,
    image: ImageLike | None,
    features: str | None,
    layer: str,
    size: int,
) -> tuple[Tensor | None, Target, tuple[int, int]]:
    """The picture, if there is one, what is to be matched, and the picture's height and width."""
    network.tap(layer)
    if features is not None:
        given, shape = feature_files.read(features, network, layer, size)
        return None, Target(layer, given), shape
    if image is None:
        raise InputError("Your picture is missing; choose one first, or give its features")
    original = images.to_tensor(images.load(image, size), network.device)
    target = targets_of(network, original, [layer])[layer]
    return original, target, (original.shape[-2], original.shape[-1])


def _mask(
    target: Target,
    strongest: float,
    channels: str,
    region: ImageLike | None,
    original: Tensor | None,
) -> Tensor | None:
    """Which features count: the product of all that was asked for, None for all of them."""
    parts: list[Tensor] = []
    if channels:
        parts.append(channel_mask(target.features, channels, target.layer))
    if region is not None and original is not None:
        height, width = original.shape[-2:]
        inside = images.region(region, height, width, original.device)
        parts.append(region_mask(target.features, inside, target.layer))
    if strongest < 100:
        remaining = target.features * math.prod(parts, start=torch.ones(()))
        parts.append(strongest_mask(remaining, strongest))
    mask = math.prod(parts, start=torch.ones(())) if parts else None
    if mask is not None and not (mask * target.features).any():
        raise InputError(
            f"nothing of your picture fires in what is kept of {target.layer}; keep more"
        )
    return mask


def verdict(network: Network, picture: Tensor) -> dict[str, float]:
    """Top 5 of a picture; a network without classes asks EfficientNet-Lite0."""
    judge = network if network.classes else load_network(device=network.device)
    return judge.verdict(picture)
