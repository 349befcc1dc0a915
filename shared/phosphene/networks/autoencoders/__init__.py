"""Autoencoders that this project trained itself: a folder each, in diffusers' format.

A new one is a folder with config.json and diffusion_pytorch_model.safetensors, and a line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WEIGHTS = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class Embedded:
    """An autoencoder of this package, and the pictures that it learned from."""

    name: str
    data: str
    license: str
    attribution: str

    @property
    def folder(self) -> Path:
        """Where its configuration and its weights are."""
        return Path(__file__).parent / self.name


def _digits(kind: str) -> Embedded:
    return Embedded(
        f"digits_{kind}", "digits", "Apache-2.0", "trained by Phosphene on digits of MNIST"
    )


FACES = Embedded("faces_vae", "faces", "Apache-2.0", "trained by Phosphene on faces that it draws")
"""Faces in color, with a direction of the code for each of their attributes."""
EMBEDDED = {model.name: model for model in (*map(_digits, ("vae", "ae", "dae")), FACES)}
"""By name: digits as a VAE, as a plain autoencoder and as a denoising one; drawn faces."""

PHOTOS = Embedded(
    "photos_tiny",
    "",
    "Apache-2.0",
    "trained by Phosphene on photographs and paintings in the public domain, CC0 and CC-BY",
)
"""One whose code has places, as the large ones of the Hub; it takes any picture."""
CARRIED = EMBEDDED | {PHOTOS.name: PHOTOS}
"""All that come with the package."""


def learned(data: str) -> tuple[str, ...]:
    """The names of those that learned from this data."""
    return tuple(name for name, model in EMBEDDED.items() if model.data == data)
