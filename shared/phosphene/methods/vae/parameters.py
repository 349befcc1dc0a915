"""Parameters that several methods take."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import AutoencoderChoice, File, Picture, Range
from phosphene.networks.autoencoders import CARRIED, EMBEDDED, PHOTOS

HUB = ("stabilityai/sd-vae-ft-mse", "stabilityai/sdxl-vae", "madebyollin/taesd")
"""Autoencoders of the Hub that the page offers."""

Photo: TypeAlias = Annotated[
    ImageLike,
    Picture(
        label="A picture", help="a digit, white on black, or a face, drawn as the model knows them"
    ),
]
Model: TypeAlias = Annotated[str, AutoencoderChoice(options=(*CARRIED, *HUB), label="Autoencoder")]
Known: TypeAlias = Annotated[
    str,
    AutoencoderChoice(options=tuple(EMBEDDED), label="Autoencoder", help="an embedded one"),
]
Spatial: TypeAlias = Annotated[
    str,
    AutoencoderChoice(
        options=("madebyollin/taesd", *HUB[:2], PHOTOS.name),
        label="Autoencoder",
        help=f"of the Hub, by name; {PHOTOS.name} is here already",
        quick=PHOTOS.name,
    ),
]
Own: TypeAlias = Annotated[
    str | None,
    File(
        (".safetensors",),
        label="An autoencoder of your own",
        help="the file that Train gives, instead of the one chosen",
        advanced=True,
    ),
]
Size: TypeAlias = Annotated[
    int,
    Range(
        64,
        1024,
        64,
        label="Size",
        help="longer side, pixels, where the autoencoder takes any",
        advanced=True,
        quick=64,
    ),
]
