"""Noise in, a digit out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch

from phosphene.frame import Frame, Panel, Table
from phosphene.images.metrics import psnr, ssim
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import SHOWN, prepare, shown
from phosphene.methods.vae.parameters import Photo
from phosphene.networks.autoencoder import load_autoencoder
from phosphene.networks.autoencoders import learned

TITLES = {
    "digits_vae": "VAE",
    "digits_ae": "plain autoencoder",
    "digits_dae": "denoising autoencoder",
}


@method
def denoise(
    image: Photo,
    *,
    noise: Annotated[
        float, Range(0, 1.5, 0.05, label="Noise", help="its deviation; 1: black to white")
    ] = 0.5,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Add noise to a digit and have each model rebuild it; one was trained for that.

    The denoising autoencoder (doi 10.1145/1390156.1390294) saw noise of deviation 0.5.
    """
    models = {name: load_autoencoder(name, device=device) for name in learned("digits")}
    first = next(iter(models.values()))
    x = prepare(image, first)
    grain = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x)
    given = (x + noise * grain).clamp(0, 1)
    rebuilt = {name: net.decode(net.encode(given).mean) for name, net in models.items()}
    captions = ["your picture", "with noise", *(TITLES.get(name, name) for name in rebuilt)]
    pictures = torch.cat([x, given, *rebuilt.values()])
    panels = tuple(map(Panel, shown(pictures, SHOWN), captions))
    rows = tuple(
        (caption, round(psnr(one[None], x), 2), round(ssim(one[None], x), 3))
        for caption, one in zip(captions[1:], pictures[1:], strict=True)
    )
    yield Frame(
        contact_sheet(panels, len(panels)),
        panels=panels,
        tables=(Table("How like the clean picture", ("", "PSNR, dB", "SSIM"), rows),),
    )
