"""A patch of one picture's code in another's: the decoder makes one picture of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images import ImageLike
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Picture, Point, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import prepare, shown
from phosphene.methods.vae.latents import spatial
from phosphene.methods.vae.parameters import Size, Spatial


@method
def swap_patch(
    first: Annotated[ImageLike, Picture(label="Into this one")],
    second: Annotated[ImageLike, Picture(label="From this one")],
    *,
    to: Annotated[tuple[float, float], Point(of="first", label="Where to", help="its middle")] = (
        0.5,
        0.5,
    ),
    place: Annotated[
        tuple[float, float], Point(of="second", label="Where from", help="its middle")
    ] = (0.5, 0.5),
    width: Annotated[
        float, Range(0.1, 0.9, 0.05, label="Width", help="a share of the picture")
    ] = 0.4,
    model: Spatial = "madebyollin/taesd",
    size: Size = 256,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Put a square of one picture's code into another's and decode it, beside the pixels cut out.

    A decoder sees around each place of the code (arXiv 2112.10752), so a seam in the code is
    softer than one in the pixels, by about as many pixels as it sees.
    """
    net = spatial(model, device)
    pair = torch.cat([prepare(one, net, size, square=True) for one in (first, second)])
    codes = net.encode(pair).mean
    swapped = swap(codes, to, place, width)
    cut = swap(pair, to, place, width)
    decoded = net.decode(torch.cat([codes[:1], swapped]))
    captions = ("rebuilt", "swapped in the code", "swapped in the pixels")
    pictures = shown(torch.cat([decoded, cut]))
    panels = tuple(Panel(p, caption) for p, caption in zip(pictures, captions, strict=True))
    rows = (
        ("in the code", round(seam(decoded[1:], to, width), 3)),
        ("in the pixels", round(seam(cut, to, width), 3)),
    )
    yield Frame(
        contact_sheet(panels, 3),
        panels=panels,
        tables=(Table("Jump across the seam, mean of the colors", ("swapped", "jump"), rows),),
    )


def box(at: tuple[float, float], width: float, side: int) -> tuple[slice, slice]:
    """Rows and columns of a square whose middle is at shares of a side, moved inside."""
    length = max(1, round(width * side))
    starts = [min(max(0, round(share * side - length / 2)), side - length) for share in at]
    columns, rows = (slice(start, start + length) for start in starts)
    return rows, columns


def swap(pair: Tensor, to: tuple[float, float], place: tuple[float, float], width: float) -> Tensor:
    """The first of two (2, C, S, S) with a square of the second in it: (1, C, S, S)."""
    side = pair.shape[-1]
    rows, columns = box(to, width, side)
    source_rows, source_columns = box(place, width, side)
    result = pair[:1].clone()
    result[..., rows, columns] = pair[1:, :, source_rows, source_columns]
    return result


def seam(picture: Tensor, at: tuple[float, float], width: float) -> float:
    """The mean difference of two neighboring pixels, the one inside the square, the other not."""
    rows, columns = box(at, width, picture.shape[-1])
    jumps = []
    for lines, edges in ((picture[..., columns], rows), (picture.mT[..., rows], columns)):
        for edge in (edges.start, edges.stop):
            if 0 < edge < picture.shape[-1]:
                jumps.append((lines[..., edge, :] - lines[..., edge - 1, :]).abs().mean())
    return float(torch.stack(jumps).mean()) if jumps else 0.0
