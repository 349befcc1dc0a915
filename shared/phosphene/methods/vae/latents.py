"""The code of a large autoencoder, which has places as the picture has: its channels, and walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.metrics import psnr, ssim
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import prepare, shown
from phosphene.methods.vae.parameters import Size, Spatial
from phosphene.networks.autoencoder import Autoencoder, Posterior, load_autoencoder

STRIP, REACH, SMALL = 5, 3.0, 96
"""Pictures of the strip, deviations that it goes each way, pixels of a side of each."""
CHANNELS = 16
"""Channels that are shown at most."""


@method
def latents(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    direction: Annotated[
        int, Range(1, 16, label="Direction", help="1: along which the code varies most")
    ] = 1,
    along: Annotated[
        float, Range(-4, 4, 0.1, label="Walk along it", help="in deviations of the code")
    ] = 0.0,
    channel: Annotated[int, Range(1, 16, label="Channel")] = 1,
    scale: Annotated[
        float, Range(-2, 3, 0.1, label="Times", help="what the channel is multiplied by; 1: as is")
    ] = 1.0,
    shift: Annotated[
        float, Range(-4, 4, 0.1, label="Plus", help="what is added, in its own deviations")
    ] = 0.0,
    model: Spatial = "madebyollin/taesd",
    size: Size = 256,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Look at the code that Stable Diffusion works on (arXiv 2112.10752), and change it by hand.

    Each of its places has a few numbers; the directions are the principal ones of these numbers
    over the places of this very picture. InputError for a model whose code has no places.
    """
    net = spatial(model, device)
    x = prepare(image, net, size)
    posterior = net.encode(x)
    code = posterior.mean
    _within("direction", direction, code)
    _within("channel", channel, code)
    axes = principal(code)
    changed = axes.moved(edited(code, channel - 1, scale, shift), direction - 1, along)
    rebuilt, after = (net.decode(z) for z in (code, changed))
    small = net.encode(prepare(image, net, SMALL)).mean
    strip = torch.cat([principal(small).moved(small, direction - 1, float(t)) for t in _steps()])
    main = [
        Panel(picture, caption)
        for picture, caption in zip(
            shown(torch.cat([x, rebuilt, after])),
            ("your picture", "rebuilt", "its code changed"),
            strict=True,
        )
    ]
    walk = contact_sheet(
        [
            Panel(picture, f"{t:+g} deviations")
            for picture, t in zip(shown(net.decode(strip), SMALL), _steps(), strict=True)
        ],
        STRIP,
    )
    yield Frame(
        contact_sheet(main, 3),
        metrics={"PSNR": psnr(rebuilt, x), "SSIM": ssim(rebuilt, x)},
        panels=(*channel_panels(posterior), Panel(walk, f"along direction {direction}"), *main),
        tables=(_table(posterior), axes.table()),
    )


def _steps() -> list[float]:
    return [REACH * (2 * number / (STRIP - 1) - 1) for number in range(STRIP)]


def spatial(name: str, device: str | None) -> Autoencoder:
    """An autoencoder whose code has places; InputError for another."""
    net = load_autoencoder(name, device=device)
    if net.side:
        raise InputError(
            f"the code of {name} has no places; choose an AutoencoderKL or AutoencoderTiny, such "
            "as photos_tiny"
        )
    return net


def _within(name: str, number: int, code: Tensor) -> None:
    if number > code.shape[1]:
        raise InputError(f"{name} is {number}; this code has {code.shape[1]} channels")


def edited(code: Tensor, channel: int, scale: float, shift: float) -> Tensor:
    """A code (1, C, h, w) with one channel multiplied, and moved by so many of its deviations."""
    plane = code[:, channel]
    changed = code.clone()
    changed[:, channel] = scale * plane + shift * plane.std()
    return changed


@dataclass(frozen=True)
class Axes:
    """Principal directions (C, C), a row each, and the deviation along each (C,)."""

    directions: Tensor
    deviations: Tensor

    def moved(self, code: Tensor, number: int, deviations: float) -> Tensor:
        """A code (1, C, h, w) moved along one of them, at all of its places alike."""
        step = deviations * self.deviations[number] * self.directions[number]
        there: Tensor = code + step[None, :, None, None]
        return there

    def table(self) -> Table:
        """What each of them is made of, and the share of the variance along it."""
        shares = self.deviations.square() / self.deviations.square().sum().clamp(min=1e-12)
        rows = tuple(
            (number + 1, f"{share:.0%}", ", ".join(f"{part:+.2f}" for part in row))
            for number, (share, row) in enumerate(
                zip(shares.tolist(), self.directions.tolist(), strict=True)
            )
        )
        return Table("Principal directions", ("direction", "of the variance", "channels"), rows)


def principal(code: Tensor) -> Axes:
    """The principal directions of a code's numbers (1, C, h, w) over its places.

    The sign of each is that of its largest part, so that it is the same on every machine.
    """
    places = code[0].flatten(1)
    away = places - places.mean(1, keepdim=True)
    values, vectors = torch.linalg.eigh(away @ away.T / max(1, places.shape[1] - 1))
    rows = vectors.T.flip(0)
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return Axes(rows * largest.sign(), values.flip(0).clamp(min=0).sqrt())


def channel_panels(posterior: Posterior, side: int = 168) -> list[Panel]:
    """The channels of a code that has places, each from its least to its most."""
    panels = []
    for number, plane in enumerate(posterior.mean[0, :CHANNELS]):
        low, high = plane.min(), plane.max()
        gray = ((plane - low) / (high - low).clamp(min=1e-6))[None, None]
        spread = float((0.5 * posterior.log_variance[0, number]).exp().mean())
        note = f"Mean {float(plane.mean()):.2f}, spread of the posterior {spread:.3f}."
        panels.append(Panel(shown(gray, side)[0], f"channel {number + 1}", note))
    return panels


def _table(posterior: Posterior) -> Table:
    spread = (0.5 * posterior.log_variance[0]).exp().flatten(1).mean(1).tolist()
    rows = tuple(
        (number + 1, round(float(plane.mean()), 3), round(float(plane.std()), 3), round(noise, 4))
        for number, (plane, noise) in enumerate(zip(posterior.mean[0], spread, strict=True))
    )
    head = ("channel", "mean", "deviation over the places", "posterior's spread")
    return Table("Channels", head, rows)
