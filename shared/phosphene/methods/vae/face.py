"""A face with a slider for each attribute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.attributes import KINDS, Alone, Kind, begun, faces, step
from phosphene.methods.vae.case import shown, unlike
from phosphene.networks.autoencoders.datasets import ATTRIBUTES

SHOWN, TILE = 300, 96
"""Pixels of the side of the result, and of a picture of the sheet."""
REACH = (-2.0, -1.0, 0.0, 1.0, 2.0)


def _slider(label: str, help: str = "", advanced: bool = False) -> Range:
    group = "More attributes" if advanced else ""
    return Range(-3, 3, 0.05, label=label, help=help, advanced=advanced, group=group)


@method
def face(
    image: Annotated[
        ImageLike | None, Picture(label="A face", help="drawn as these are; empty: one of them")
    ] = None,
    *,
    smile: Annotated[float, _slider("Smile")] = 0.0,
    open_mouth: Annotated[float, _slider("Open mouth")] = 0.0,
    glasses: Annotated[float, _slider("Glasses")] = 0.0,
    beard: Annotated[float, _slider("Beard")] = 0.0,
    long_hair: Annotated[float, _slider("Long hair")] = 0.0,
    light_hair: Annotated[float, _slider("Light hair", advanced=True)] = 0.0,
    dark_skin: Annotated[float, _slider("Dark skin", advanced=True)] = 0.0,
    gaze: Annotated[float, _slider("Gaze", "to the right", advanced=True)] = 0.0,
    brows_up: Annotated[float, _slider("Brows up", advanced=True)] = 0.0,
    turned: Annotated[float, _slider("Turned", "to the right")] = 0.0,
    looking_up: Annotated[float, _slider("Looking up", advanced=True)] = 0.0,
    tilted: Annotated[float, _slider("Tilted", "to the right", advanced=True)] = 0.0,
    direction: Kind = KINDS[0],
    alone: Alone = True,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Change a face by moving its code: each slider is a direction in the space of codes.

    A step of 1 leads from the mean of the faces without an attribute to the mean of those with it
    (arXiv 1609.04468, 1907.10786); 0 leaves the face as its code has it.
    """
    codes, known_ones = faces(device)
    x, code = begun(codes, image, seed)
    values = dict(
        zip(
            ATTRIBUTES,
            (
                smile,
                open_mouth,
                glasses,
                beard,
                long_hair,
                light_hair,
                dark_skin,
                gaze,
                brows_up,
                turned,
                looking_up,
                tilted,
            ),
            strict=True,
        )
    )
    moved = code.clone()
    for name, value in values.items():
        if value:
            moved += value * step(known_ones, name, direction, alone)
    decoded = codes.decode(torch.cat([code, moved]))
    rebuilt, changed = decoded[:1], decoded[1:]
    large = shown(torch.cat([x.cpu(), rebuilt, changed]), SHOWN)
    panels = [
        Panel(*pair) for pair in zip(large, ("the picture", "rebuilt", "changed"), strict=True)
    ]
    told = known_ones.read(torch.cat([code, moved]))
    rows = tuple(
        (name, values[name], round(float(before), 2), round(float(after), 2))
        for name, before, after in zip(ATTRIBUTES, *told, strict=True)
    )
    error = float((rebuilt - x.cpu()).square().mean())
    yield Frame(
        contact_sheet([panels[0], panels[2]], 2),
        note=unlike(codes.model.name, error, device),
        panels=(
            Panel(_all(code, direction, alone, device), "every attribute, from less to more"),
            *panels,
        ),
        tables=(Table("Read off the code, from -1 to 1", ("", "slider", "before", "after"), rows),),
    )


def _all(code: Tensor, direction: str, alone: bool, device: str | None) -> Image.Image:
    """A row for each attribute of a face."""
    return _sheet(tuple(code[0].tolist()), direction, alone, device)


@lru_cache(maxsize=8)
def _sheet(code: tuple[float, ...], direction: str, alone: bool, device: str | None) -> Image.Image:
    """Kept for as long as the face stays the same: a slider that moves needs no new one."""
    codes, known_ones = faces(device)
    start = torch.tensor([code])
    ways = [step(known_ones, name, direction, alone) for name in ATTRIBUTES]
    places = torch.tensor(REACH)[:, None]
    tiles = shown(codes.decode(torch.cat([start + places * way for way in ways])), TILE)
    captions = [f"{place:+g}" if place else name for name in ATTRIBUTES for place in REACH]
    panels = [Panel(*pair) for pair in zip(tiles, captions, strict=True)]
    return contact_sheet(panels, 2 * len(REACH))
