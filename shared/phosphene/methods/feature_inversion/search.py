"""The search for a picture with given features, and what is shown of it (arXiv 1412.0035)."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Progress
from phosphene.images import metrics
from phosphene.images.filters import blur
from phosphene.methods.feature_inversion.targets import Distance, Prior, Target, settings
from phosphene.networks.network import Network
from phosphene.optimize import transforms
from phosphene.optimize.canvas import Fourier, Pixels, noise
from phosphene.optimize.descend import descend

Start: TypeAlias = Literal["grey", "noise", "blurred"]
LIKENESS = "likeness in dB (PSNR)"
STRUCTURE = "structure kept (SSIM)"
FEATURE_ERROR = "features still off"
"""What the metrics are called; the last is the normalized error (arXiv 1412.0035), 0 for none."""
PER_STEP = 8
"""Iterations of L-BFGS in one step of the loop."""
WARMUP = 0.03
"""The first step, along the gradient: something to see at once, and a loss that falls."""
STILL = 0.1 / 255
AGREED = 0.01
"""A search is over that moves its pictures by less (root mean square) than `STILL` between two
frames, while the features agree to this error."""


def targets_of(network: Network, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Target]:
    """What every layer keeps of a picture (1, 3, H, W), from one pass."""
    for layer in layers:
        network.check_size(layer, picture.shape[-2], picture.shape[-1])
    with torch.no_grad():
        activations = network.acts(picture, layers)
    return {layer: Target(layer, activations[layer].float()) for layer in layers}


def initial_pictures(
    start: Start,
    original: Tensor | None,
    shape: tuple[int, int],
    count: int,
    generator: torch.Generator,
) -> Tensor:
    """Where pictures (count, 3, H, W) of `shape` (H, W) start.

    Grey comes with faint noise: on a flat picture the deepest layers have no gradient to follow.
    """
    if start == "blurred":
        if original is None:
            raise InputError("start is blurred but there is no picture; choose grey or noise")
        soft = blur(original.cpu(), max(original.shape[-2:]) / 20).expand(count, -1, -1, -1)
        return soft + (0.02 * torch.randn(soft.shape, generator=generator) if count > 1 else 0)
    spread = {"noise": 0.15, "grey": 0.02 if count == 1 else 0.05}[start]
    return noise(*shape, batch=count, spread=spread, generator=generator)


def turns(network: Network, layer: str, steps: int, jitter: int) -> int:
    """How many frames, one after each `PER_STEP` iterations, a search at a layer has at most."""
    return _warmups(network, layer, jitter) + -(-steps // PER_STEP)


def _warmups(network: Network, layer: str, jitter: int) -> int:
    """Where places are gone one step can lead anywhere, and there is nothing to show so soon."""
    return int(not jitter and network.tap(layer).receptive_field is not None)


def search(
    network: Network,
    targets: Sequence[tuple[Target, float]],
    prior: Prior,
    start: Tensor,
    *,
    steps: int,
    pixels: bool = False,
    distance: Distance = "euclidean",
    jitter: int = 0,
    generator: torch.Generator | None = None,
    every: int | None = None,
) -> Generator[tuple[Frame, Tensor], None, None]:
    """Pictures (N, 3, H, W) whose features come near the targets, weighted; each goes its own way.

    A first step along the gradient, then L-BFGS in the frequencies of the picture,
    in decorrelated colors, until the pictures stand still: at relu4_1 it is 7 dB ahead of Adam on
    pixels after as many steps. With jitter the loss changes from call to call, which a line
    search cannot bear: then Adam descends. The frames' metrics hold the error at the first target's
    layer (`FEATURE_ERROR`), whatever the loss is.
    """
    layers = [target.layer for target, _ in targets]
    roll = transforms.jitter(jitter) if jitter and generator else None
    latest: dict[str, Tensor] = {}

    def loss(x: Tensor) -> dict[str, Tensor]:
        activations = network.acts(roll(x, generator) if roll and generator else x, layers)
        latest.update((layer, features.detach()) for layer, features in activations.items())
        terms = prior.terms(x)
        for target, weight in targets:
            distances = target.loss(activations[target.layer], distance, squared=not jitter)
            terms[target.layer] = terms.get(target.layer, 0) + weight * distances.sum()
        return terms

    def error() -> float:
        first = targets[0][0]
        return float(first.error(latest[first.layer]).mean())

    def measured(frame: Frame) -> Frame:
        return replace(frame, metrics={FEATURE_ERROR: error()})

    suited = settings(network, layers[0])
    canvas = Pixels(start) if pixels else frequencies(start, suited.falloff, suited.grain)
    if jitter:
        steady = descend(
            canvas,
            loss,
            steps=steps,
            lr=0.05 if pixels else 0.06,
            schedule=lambda t: 0.5 + 0.5 * math.cos(math.pi * t),
            every=every * PER_STEP if every else None,
            render=mean_image,
        )
        for frame, pictures in steady:
            yield measured(frame), pictures
        return
    warmups = _warmups(network, layers[0], jitter)
    progress = Progress(turns(network, layers[0], steps, jitter))
    warmup = descend(canvas, loss, steps=warmups, optimizer="l2", lr=WARMUP, render=mean_image)
    later = descend(
        canvas,
        loss,
        steps=progress.steps - warmups,
        optimizer="lbfgs_wolfe",
        lr=1.0,
        until=lambda moved: moved < STILL and error() < AGREED,
        every=every,
        render=mean_image,
    )
    for frame, pictures in chain(warmup if warmups else (), later):
        yield measured(progress.of(frame)), pictures


def mean_image(pictures: Tensor) -> Image.Image:
    """What pictures (N, 3, H, W) share."""
    return images.to_image(pictures.mean(0, keepdim=True))


def frequencies(start: Tensor, falloff: float, grain: float) -> Fourier:
    """A canvas of frequencies that move as 1/f^falloff + 4 `grain` do (`Settings`)."""
    canvas = Fourier(start.shape[-2], start.shape[-1], batch=len(start), falloff=falloff)
    canvas = canvas.to(start.device)
    canvas.scale += grain
    canvas.put(start)
    return canvas


@dataclass(frozen=True)
class Comparison:
    """Pictures (N, 3, H, W) of a search beside the original (1, 3, H, W) if there is one."""

    original: Tensor | None
    pictures: Tensor

    @property
    def mean(self) -> Tensor:
        """What the pictures share (1, 3, H, W)."""
        return self.pictures.mean(0, keepdim=True)

    def psnr(self) -> float:
        """In dB, NaN where there is no original."""
        return math.nan if self.original is None else metrics.psnr(self.mean, self.original)

    def measures(self) -> dict[str, float]:
        """PSNR in dB and SSIM against the original, where there is one."""
        if self.original is None:
            return {}
        return {LIKENESS: self.psnr(), STRUCTURE: metrics.ssim(self.mean, self.original)}

    def panels(self) -> tuple[Panel, ...]:
        """The original, the difference, and of several seeds each one and their deviation."""
        pictures: list[tuple[str, Tensor]] = []
        if self.original is not None:
            lost = (self.mean - self.original).abs().mul(4)
            pictures = [("your picture", self.original), ("what is lost, 4 times", lost)]
        if len(self.pictures) > 1:
            deviation = self.pictures.std(0, keepdim=True).mean(1, keepdim=True)
            bright = (deviation / deviation.max().clamp(min=1e-6)).expand(-1, 3, -1, -1)
            pictures += [(f"seed {i + 1}", x) for i, x in enumerate(self.pictures)]
            pictures += [("same in all: the mean", self.mean), ("bright: what varies", bright)]
        return tuple(Panel(images.to_image(tensor), caption) for caption, tensor in pictures)
