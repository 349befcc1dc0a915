"""From one picture to another: through the code, and through the pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import torch
from PIL import Image
from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Progress
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import SHOWN, grid, opened, prepare, shown
from phosphene.methods.vae.parameters import Model, Own, Photo, Size
from phosphene.methods.vae.paths import lerp, slerp

STRIP = 9
"""Pictures of a strip."""
BATCH = 8


@method
def interpolate(
    first: Photo,
    second: Annotated[ImageLike, Picture(label="Another")],
    *,
    model: Model = "digits_vae",
    count: Annotated[
        int, Range(3, 96, label="Pictures on the way", help="of the film, one way", quick=5)
    ] = 36,
    rate: Annotated[int, Range(4, 30, label="Pictures a second", advanced=True)] = 18,
    size: Size = 256,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Walk from one picture's code to another's, decoding all the way (arXiv 1609.04468).

    Left the straight line, then the way along the sphere, right the pixels simply cross-faded: half
    of one digit over half of another is no digit.
    """
    net = opened(model, file, device)
    one, two = prepare(first, net, size), prepare(second, net, size)
    if one.shape != two.shape:
        raise InputError(
            f"the pictures become {one.shape[-1]}×{one.shape[-2]} and "
            f"{two.shape[-1]}×{two.shape[-2]}; crop them to one shape"
        )
    codes = net.encode(torch.cat([one, two])).mean
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "straight line": lambda t: net.decode(lerp(codes[:1], codes[1:], t)),
        "along the sphere": lambda t: net.decode(slerp(codes[:1], codes[1:], t)),
        "pixels cross-faded": lambda t: lerp(one, two, t),
    }
    panels = tuple(Panel(_strip(way), name) for name, way in ways.items())
    shares = torch.linspace(0, 1, count)
    progress = Progress(2 * count)
    film: list[Image.Image] = []
    for part in torch.split(shares, BATCH):
        decoded = [shown(way(part), SHOWN) for way in ways.values()]
        for pictures in zip(*decoded, strict=True):
            film.append(_beside(pictures, list(ways)))
            yield progress.frame(film[-1], steps=1, rate=rate)
    for picture in reversed(film):  # and back, so that the film has no end
        yield progress.frame(picture, steps=1, rate=rate, panels=panels)


def _strip(way: Callable[[Tensor], Tensor]) -> Image.Image:
    """Some pictures of a way in a row."""
    pictures = way(torch.linspace(0, 1, STRIP))
    return grid(pictures, STRIP, max(84, pictures.shape[-1]))


def _beside(pictures: tuple[Image.Image, ...], names: list[str]) -> Image.Image:
    panels = [Panel(picture, name) for picture, name in zip(pictures, names, strict=True)]
    return contact_sheet(panels, len(panels))
