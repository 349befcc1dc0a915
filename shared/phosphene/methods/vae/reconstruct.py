"""A picture through the bottleneck: what comes back, and what was lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images.metrics import psnr, ssim
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import SHOWN, opened, prepare, shown, unlike
from phosphene.methods.vae.latents import channel_panels
from phosphene.methods.vae.parameters import Model, Own, Photo, Size
from phosphene.networks.autoencoder import Posterior, kl_divergence

SAMPLES = 4
"""Draws from the posterior that are shown."""
BITS = 16
"""Of a number of a code, as it would be stored."""


@method
def reconstruct(
    image: Photo,
    *,
    model: Model = "digits_vae",
    noise: Annotated[
        float,
        Range(
            0,
            20,
            0.5,
            label="Noise on the code",
            help="1: as much as the encoder says; 0: its mean",
        ),
    ] = 1.0,
    size: Size = 256,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Encode a picture and decode it again (arXiv 1312.6114): the mean of its posterior, and draws.

    Beside it what was lost, how alike they are, and the bits that the picture was squeezed to.
    """
    net = opened(model, file, device)
    x = prepare(image, net, size)
    posterior = net.encode(x)
    rebuilt = net.decode(posterior.mean)
    generator = torch.Generator().manual_seed(seed)
    draws = torch.cat([posterior.sample(generator, noise) for _ in range(SAMPLES)])
    drawn = net.decode(draws)
    lost = (rebuilt - x).abs()
    side = max(SHOWN, x.shape[-1])
    main = [
        Panel(picture, caption)
        for picture, caption in zip(
            shown(torch.cat([x, rebuilt, lost]), side),
            ("your picture", "rebuilt", "difference"),
            strict=True,
        )
    ]
    sampled = [
        Panel(picture, f"drawn, noise {noise:g}", "A draw from the posterior, decoded.")
        for picture in shown(drawn, side)
    ]
    channels = channel_panels(posterior, side) if not net.side else []
    error = float(lost.square().mean())
    alike = {"PSNR": psnr(rebuilt, x), "SSIM": ssim(rebuilt, x)}
    yield Frame(
        contact_sheet(main, 3),
        note=unlike(model, error, device, file),
        metrics=alike,
        panels=(*main, *sampled, *channels),
        tables=(
            _squeezed(x, posterior, net.noisy),
            _alike(rebuilt, drawn, x),
        ),
    )


def _squeezed(x: Tensor, posterior: Posterior, noisy: bool) -> Table:
    """How many numbers and bits there are on both sides."""
    pixels, numbers = x.numel(), posterior.mean.numel()
    rows: list[tuple[str | float, ...]] = [
        ("the picture", pixels, pixels * 8),
        ("its code", numbers, numbers * BITS),
    ]
    if noisy:
        told = float(kl_divergence(posterior.mean, posterior.log_variance)) / math.log(2)
        rows.append(("what the code tells (KL)", numbers, round(told, 1)))
    return Table("Squeezed", ("", "numbers", "bits"), tuple(rows))


def _alike(rebuilt: Tensor, drawn: Tensor, x: Tensor) -> Table:
    """PSNR and SSIM of the mean's picture and of the draws' on average."""
    many = x.expand_as(drawn)
    rows = (
        ("the mean, decoded", round(psnr(rebuilt, x), 2), round(ssim(rebuilt, x), 3)),
        ("draws, decoded", round(psnr(drawn, many), 2), round(ssim(drawn, many), 3)),
    )
    return Table("How alike", ("", "PSNR, dB", "SSIM"), rows)
