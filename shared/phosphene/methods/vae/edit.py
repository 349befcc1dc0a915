"""More of one attribute, or less of it, by a direction in the space of codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import torch

from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Choice, Pictures, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.attributes import (
    KINDS,
    Alone,
    Kind,
    Portrait,
    begun,
    faces,
    own_step,
    step,
)
from phosphene.methods.vae.case import shown, unlike
from phosphene.networks.autoencoders.datasets import ATTRIBUTES

SHOWN, TILE = 300, 128
REACH = (-2.0, -1.0, 0.0, 1.0, 2.0)
MOST = 64


@method
def edit(
    image: Portrait,
    *,
    attribute: Annotated[str, Choice(options=ATTRIBUTES, label="Attribute")] = "smile",
    strength: Annotated[
        float, Range(-3, 3, 0.05, label="Strength", help="1: from without to with; below 0: less")
    ] = 1.0,
    with_it: Annotated[
        Sequence[ImageLike] | None,
        Pictures(MOST, label="Faces with something", help="a direction of your own, from two sets"),
    ] = None,
    without: Annotated[Sequence[ImageLike] | None, Pictures(MOST, label="Faces without it")] = None,
    direction: Kind = KINDS[0],
    alone: Alone = True,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Move a picture's code along the direction of an attribute, and decode it.

    The direction tells labeled codes apart (arXiv 1609.04468); what it shares with the others' is
    projected off (arXiv 1907.10786). Two sets of pictures make a direction of their own.
    """
    codes, known_ones = faces(device)
    x, code = begun(codes, image, seed)
    own = bool(with_it or without)
    way = (
        own_step(codes, with_it or (), without or (), direction)
        if own
        else step(known_ones, attribute, direction, alone)
    )
    decoded = codes.decode(torch.cat([code, code + strength * way]))
    rebuilt, changed = decoded[:1], decoded[1:]
    large = shown(torch.cat([x.cpu(), rebuilt, changed]), SHOWN)
    name = "your own" if own else attribute
    captions = ("the picture", "rebuilt", f"{name} {strength:+g}")
    panels = [Panel(*pair) for pair in zip(large, captions, strict=True)]
    places = torch.tensor(REACH)[:, None]
    tiles = shown(codes.decode(code + places * way), TILE)
    strip = [
        Panel(tile, f"{place:+g}", sets={"strength": place})
        for tile, place in zip(tiles, REACH, strict=True)
    ]
    told = known_ones.read(torch.cat([code, code + strength * way]))
    rows = tuple(
        (one, round(float(before), 2), round(float(after), 2))
        for one, before, after in zip(ATTRIBUTES, *told, strict=True)
    )
    error = float((rebuilt - x.cpu()).square().mean())
    yield Frame(
        contact_sheet([panels[0], panels[2]], 2),
        note=unlike(codes.model.name, error, device),
        panels=(*strip, *panels),
        tables=(Table("Read off the code, from -1 to 1", ("", "before", "after"), rows),),
    )
