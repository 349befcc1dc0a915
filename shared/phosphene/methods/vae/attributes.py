"""Directions of attributes in a model's codes, and the faces that they are shown on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, TypeAlias

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.knobs import Choice, Flag, Picture
from phosphene.methods.vae.case import Codes, known, prepare
from phosphene.networks.autoencoders import EMBEDDED, FACES, directions
from phosphene.networks.autoencoders.directions import Directions

KINDS = ("logistic regression", "difference of means")

Portrait: TypeAlias = Annotated[
    ImageLike, Picture(label="A face", help="one drawn as these are; of others little comes back")
]
Kind: TypeAlias = Annotated[
    str,
    Choice(
        options=KINDS,
        label="Direction",
        help="how it is found from labeled faces",
        advanced=True,
    ),
]
Alone: TypeAlias = Annotated[
    bool,
    Flag(
        label="Leave the rest alone",
        help="the other attributes' directions are projected off",
        advanced=True,
    ),
]


@lru_cache(maxsize=2)
def found(name: str) -> Directions:
    """A model's directions; InputError for one whose data has no known attributes."""
    kept = directions.read(EMBEDDED[name].folder) if name in EMBEDDED else None
    if kept is None:
        raise InputError(f"nothing is known of what {name} learned from; choose {FACES.name}")
    return kept


def step(known_ones: Directions, name: str, kind: str, alone: bool) -> Tensor:
    """The direction (D,) of an attribute: a step of 1 goes from those without to those with it."""
    every = known_ones.logistic if kind == KINDS[0] else known_ones.means
    index = known_ones.names.index(name)
    if not alone:
        return every[index]
    others = torch.cat([known_ones.logistic[:index], known_ones.logistic[index + 1 :]])
    return directions.alone(every[index], others)


def own_step(
    codes: Codes, with_it: Sequence[ImageLike], without: Sequence[ImageLike], kind: str
) -> Tensor:
    """A direction (D,) from two sets of pictures, of those who have something and who have not."""
    for name, pictures in (("with it", with_it), ("without it", without)):
        if not pictures:
            raise InputError(f"there are no pictures {name}; give some of both kinds, or of none")
    one, two = (coded(codes, pictures) for pictures in (with_it, without))
    if kind == KINDS[0] and len(one) + len(two) > 2:
        return directions.logistic(one, two)
    return directions.difference(one, two)


def coded(codes: Codes, pictures: Sequence[ImageLike]) -> Tensor:
    """The flat codes (N, D) of pictures."""
    x = torch.cat([prepare(picture, codes.model) for picture in pictures])
    return codes.model.encode(x).mean.flatten(1).cpu()


def begun(codes: Codes, image: ImageLike | None, seed: int) -> tuple[Tensor, Tensor]:
    """A picture (1, C, H, W) and its flat code (1, D); a held-out one if none."""
    held = codes.held.pictures
    x = held[seed % len(held), None] if image is None else prepare(image, codes.model)
    return x, codes.model.encode(x).mean.flatten(1).cpu()


def faces(device: str | None) -> tuple[Codes, Directions]:
    """The codes of the drawn faces, and the directions of their attributes."""
    return known(FACES.name, device), found(FACES.name)
