"""A picture as an autoencoder takes it, and the codes of the pictures that it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from PIL import Image, ImageOps
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.networks.autoencoder import Autoencoder, Posterior, load_autoencoder
from phosphene.networks.autoencoder_file import OwnAutoencoder, read_autoencoder
from phosphene.networks.autoencoders import EMBEDDED, stored
from phosphene.networks.autoencoders.datasets import Dataset, dataset

SHOWN = 168
"""Pixels of a side of a small picture as the page shows it."""
UNLIKE = 3.0
"""An error of reconstruction so many times the usual one says that a picture is none of theirs."""


def prepare(
    image: ImageLike, model: Autoencoder, size: int = 256, *, square: bool = False
) -> Tensor:
    """A picture (1, C, H, W) in [0, 1] as the model takes it.

    One of a fixed side gets the middle of the picture; others the whole of it (or a `square`),
    `size` its longer side, cut to multiples of what they divide by. Digits of ink on paper are
    turned over.
    """
    picture = images.load(image)
    if model.side or square:
        picture = ImageOps.fit(picture, (min(picture.size),) * 2)
    if model.side:
        picture = picture.resize((model.side, model.side), Image.Resampling.LANCZOS)
    else:
        picture = images.resize(picture, size)
        width, height = (max(1, side // model.factor) * model.factor for side in picture.size)
        picture = picture.crop((0, 0, width, height))
    x = images.to_tensor(picture, model.device)
    x = x.mean(1, keepdim=True) if model.channels == 1 else x
    return 1 - x if model.data == "digits" and _on_paper(x) else x


def _on_paper(x: Tensor) -> bool:
    """Whether the border is bright, where the digits learned from are light on dark."""
    border = torch.cat([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], -1)
    return float(border.median()) > 0.6


def shown(pictures: Tensor, side: int = SHOWN) -> list[Image.Image]:
    """Pictures (N, C, H, W) as images; small ones enlarged, gray pixels kept apart."""
    made = [images.to_image(one.expand(3, -1, -1)) for one in pictures]
    if pictures.shape[-1] >= side:
        return made
    size = (side, side * pictures.shape[-2] // pictures.shape[-1])
    plain = pictures.shape[1] == 1
    way = Image.Resampling.BOX if plain else Image.Resampling.BICUBIC
    return [one.resize(size, way) for one in made]


def grid(pictures: Tensor, columns: int, side: int, gap: int = 4) -> Image.Image:
    """Pictures (N, C, H, W) in rows of `columns`, each `side` pixels wide."""
    tiles = shown(pictures, side)
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    size = columns * (width + gap) - gap, rows * (height + gap) - gap
    page = Image.new("RGB", size, "white")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        page.paste(tile, (column * (width + gap), row * (height + gap)))
    return page


@dataclass(frozen=True)
class Codes:
    """What a model makes of its own data: posteriors and pictures, those trained on and others."""

    model: Autoencoder
    data: Dataset
    held: Dataset
    posterior: Posterior
    held_codes: Tensor
    errors: Tensor
    """Mean squared errors of the held-out pictures' reconstructions, sorted."""

    @property
    def means(self) -> Tensor:
        """The codes of the pictures trained on, (N, D)."""
        return self.posterior.mean.flatten(1)

    def decode(self, codes: Tensor) -> Tensor:
        """Flat codes (N, D) to pictures."""
        return self.model.decode(codes.reshape(len(codes), -1, 1, 1))

    @property
    def usual(self) -> float:
        """The median error of a held-out picture."""
        return float(self.errors[len(self.errors) // 2])


def opened(name: str, file: str | None, device: str | None) -> Autoencoder:
    """The autoencoder of a file of one's own, where there is one, else the one of this name."""
    return read_autoencoder(file, device) if file else load_autoencoder(name, device=device)


def known(name: str, device: str | None = None, file: str | None = None) -> Codes:
    """The codes of an embedded model's data, or of a file's; InputError for a model without any."""
    if file:
        return _own_codes(read_autoencoder(file, device))
    if name not in EMBEDDED:
        raise InputError(f"{name} does not say what it learned from; choose {', '.join(EMBEDDED)}")
    model = load_autoencoder(name, device=device)
    return _codes(model)


@lru_cache(maxsize=4)
def _codes(model: Autoencoder) -> Codes:
    data, held = dataset(model.data), dataset(model.data, "held out")
    kept = stored.read(EMBEDDED[model.name].folder, model.weights.sha256)
    return _coded(model, data, held, kept)


@lru_cache(maxsize=2)
def _own_codes(model: OwnAutoencoder) -> Codes:
    return _coded(model, model.own.data, model.own.held)


def _coded(
    model: Autoencoder, data: Dataset, held: Dataset, kept: stored.Stored | None = None
) -> Codes:
    kept = kept or stored.compute(partial(_posterior, model), model.decode, data, held)
    posterior = Posterior(kept.mean, kept.log_variance)
    return Codes(model, data, held, posterior, kept.held.flatten(1), kept.errors)


def _posterior(model: Autoencoder, pictures: Tensor) -> tuple[Tensor, Tensor]:
    posterior = model.encode(pictures)
    return posterior.mean, posterior.log_variance


def unlike(name: str, error: float, device: str | None, file: str | None = None) -> str:
    """A warning where a picture is rebuilt far worse than those a model knows; else empty."""
    if name not in EMBEDDED and not file:
        return ""
    codes = known(name, device, file)
    name, usual = codes.model.name, codes.usual
    if error < UNLIKE * usual:
        return ""
    return (
        f"this picture is nothing like what {name} learned: its error is {error / usual:.0f} times "
        "the usual"
    )
