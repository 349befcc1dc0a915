"""The map of the faces: two ways through a space of many numbers, every place of it decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame, Glimpses, Panel, Table
from phosphene.images.sheets import INK, font
from phosphene.knobs import Choice, Point, Seed
from phosphene.methods import method
from phosphene.methods.vae.attributes import KINDS, faces, step
from phosphene.methods.vae.case import Codes, grid, shown
from phosphene.methods.vae.plane import PALETTE, SIDE, Plane, cross
from phosphene.networks.autoencoders import neighbors
from phosphene.networks.autoencoders.datasets import ATTRIBUTES
from phosphene.networks.autoencoders.directions import Directions

FIRST, SECOND = "first principal component", "second principal component"
FOOT, PICTURE, SMALL, COLUMNS = 176, 160, 64, 4
"""Pixels below the map, of what is decoded there, and of the nearest faces; those in a row."""
DOT, FINE = 3.0, 2
SPREAD, FOUND, SEEN = 9, 16, 40
"""Places across: decoded, and told apart by the pointer; and pixels of what that finds."""


@dataclass(frozen=True)
class Chart:
    """Two axes through codes of D numbers; `readers` (2, D) and `offset` (2,) tell a code's place.

    `steps` (2, D) lead along each axis and not along the other.
    """

    readers: Tensor
    offset: Tensor
    steps: Tensor

    def place(self, codes: Tensor) -> Tensor:
        """The places (N, 2) of codes (N, D)."""
        places: Tensor = codes @ self.readers.T + self.offset
        return places

    def code(self, places: Tensor, start: Tensor) -> Tensor:
        """The codes (N, D) of these places (N, 2) that one gets to from codes (1 or N, D)."""
        codes: Tensor = start + (places - self.place(start)) @ self.steps
        return codes


def charted(codes: Codes, found: Directions, across: str, up: str) -> Chart:
    """The chart of two axes, each a principal component or an attribute; they must differ."""
    if across == up:
        raise InputError(f"both axes are {across}; choose two that differ")
    middle = codes.means.mean(0, keepdim=True)
    main = torch.linalg.svd(codes.means - middle, full_matrices=False).Vh[:2]
    readers, ways, offset = [], [], []
    for name in (across, up):
        if name in ATTRIBUTES:
            index = ATTRIBUTES.index(name)
            readers.append(found.reader[index])
            offset.append(float(found.offset[index]))
            ways.append(step(found, name, KINDS[0], alone=True))
        else:
            one = main[int(name == SECOND)]
            readers.append(one)
            offset.append(-float(middle[0] @ one))
            ways.append(one)
    read, way = torch.stack(readers), torch.stack(ways)
    steps = torch.linalg.solve((read @ way.T).T, way)  # none of them moves the other's place
    return Chart(read, torch.tensor(offset), steps)


_AXES = (FIRST, SECOND, *ATTRIBUTES)


@method
def face_map(
    *,
    at: Annotated[
        tuple[float, float],
        Point(of="", label="A place on the map", help="from the top left corner"),
    ] = (0.7, 0.3),
    across: Annotated[str, Choice(options=_AXES, label="From left to right")] = "smile",
    up: Annotated[str, Choice(options=_AXES, label="From below upwards")] = "long hair",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Every face as a point between two axes of the space of codes; click, and a place is decoded.

    An axis is a principal component of the codes, or an attribute as it is read off them. What is
    decoded is the face that lies nearest, moved to the place along the two axes.
    """
    codes, found = faces(device)
    chart = charted(codes, found, across, up)
    plane, area = _drawn(codes, found, across, up)
    height = SIDE + FOOT
    x, y = at[0], min(at[1] * height / SIDE, 1.0)
    place = plane.code(x, y)
    indices = neighbors.nearest(place, chart.place(codes.means), 2 * COLUMNS)[1][0]
    code = chart.code(place, codes.means[indices[:1]])
    page = Image.new("RGB", (SIDE, height), "white")
    area = area.copy()
    cross(area, x, y)
    page.paste(area, (0, 0))
    page.paste(shown(codes.decode(code), PICTURE)[0], (0, SIDE + 14))
    draw, left = ImageDraw.Draw(page), PICTURE + 12
    draw.text((left, SIDE + 20), "faces that lie nearest", INK, font(13), anchor="lm")
    for number, tile in enumerate(shown(codes.data.pictures[indices], SMALL)):
        row, column = divmod(number, COLUMNS)
        page.paste(tile, (left + column * (SMALL + 3), SIDE + 32 + row * (SMALL + 3)))
    told = found.read(code)[0]
    rows = tuple(
        (name, round(float(value), 2)) for name, value in zip(ATTRIBUTES, told, strict=True)
    )
    words = f"{across} {float(place[0, 0]):.2f}, {up} {float(place[0, 1]):.2f}"
    yield Frame(
        page,
        note=words,
        panels=(Panel(_manifold(codes, found, across, up, seed), "one face, moved all over"),),
        tables=(Table("Read off the code there, from -1 to 1", ("", ""), rows),),
        glimpses=(_glimpses(codes, found, across, up),),
    )


@lru_cache(maxsize=16)
def _drawn(codes: Codes, found: Directions, across: str, up: str) -> tuple[Plane, Image.Image]:
    """The map and its window: a point for each face, in the color of its class."""
    chart = charted(codes, found, across, up)
    places = chart.place(codes.means)
    plane, size = Plane.around(places), SIDE * FINE
    page = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(page)
    dots = (plane.place(places) * size).tolist()
    for (x, y), label in zip(dots, codes.data.labels.tolist(), strict=True):
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=PALETTE[label])
    page = page.resize((SIDE, SIDE), Image.Resampling.BOX)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=(210, 210, 210))
    draw.text((SIDE - 24, SIDE - 12), across, INK, font(14), anchor="rm")
    draw.polygon(((SIDE - 18, SIDE - 17), (SIDE - 18, SIDE - 7), (SIDE - 8, SIDE - 12)), INK)
    draw.text((24, 12), up, INK, font(14), anchor="lm")
    draw.polygon(((8, 17), (18, 17), (13, 7)), INK)
    for number, name in enumerate(codes.data.names):
        y = 32 + 18 * number
        draw.ellipse((8, y - 5, 18, y + 5), fill=PALETTE[number])
        draw.text((24, y), name, INK, font(13), anchor="lm")
    return plane, page


@lru_cache(maxsize=16)
def _manifold(codes: Codes, found: Directions, across: str, up: str, seed: int) -> Image.Image:
    """A face never trained on, chosen by the seed, at a grid of places."""
    plane = _drawn(codes, found, across, up)[0]
    chart = charted(codes, found, across, up)
    start = codes.held_codes[seed % len(codes.held_codes), None]
    moved = codes.decode(chart.code(plane.codes(SPREAD), start))
    return grid(moved, SPREAD, SMALL, gap=0)


@lru_cache(maxsize=16)
def _glimpses(codes: Codes, found: Directions, across: str, up: str) -> Glimpses:
    """The face that lies nearest to each place of the map."""
    plane = _drawn(codes, found, across, up)[0]
    places = charted(codes, found, across, up).place(codes.means)
    nearest = neighbors.nearest(plane.codes(FOUND), places, 1)[1][:, 0]
    sheet = grid(codes.data.pictures[nearest], FOUND, SMALL, gap=0)
    sheet = sheet.resize((FOUND * SEEN, FOUND * SEEN), Image.Resampling.LANCZOS)
    return Glimpses.of(sheet, FOUND, (0, 0, 1, SIDE / (SIDE + FOOT)))
