"""A picture unlike the data is rebuilt into one that is like it: the difference is the point."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images.sheets import INK, contact_sheet, font
from phosphene.knobs import Seed
from phosphene.methods import method
from phosphene.methods.vae.case import SHOWN, known, prepare, shown
from phosphene.methods.vae.parameters import Known, Own, Photo

BINS, HEIGHT, ROOM = 48, 150, 26
GRAY, MARK = (165, 165, 165), (217, 72, 15)


@method
def anomaly(
    image: Photo,
    *,
    model: Known = "digits_vae",
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """How unlike the data is a picture: its error of reconstruction among those of the data.

    The errors compared with are those of pictures that the model was not trained on; the share of
    them that is larger says how odd the picture is.
    """
    codes = known(model, device, file)
    net = codes.model
    x = prepare(image, net)
    rebuilt = net.decode(net.encode(x).mean)
    lost = (x - rebuilt).abs()
    error = float(lost.square().mean())
    larger = float((codes.errors > error).float().mean())
    captions = ("your picture", "rebuilt", "where they differ")
    panels = tuple(map(Panel, shown(torch.cat([x, rebuilt, lost]), SHOWN), captions))
    verdict = "odd" if larger < 0.01 else "unusual" if larger < 0.1 else "nothing odd"
    rows = (
        ("this picture's error", round(error, 4)),
        ("the usual one (median)", round(codes.usual, 4)),
        ("pictures held out with a larger one, %", round(100 * larger, 1)),
    )
    top = contact_sheet(panels, 3)
    yield Frame(
        _under(top, _histogram(codes.errors, error, top.width)),
        note=f"{verdict}: {larger:.1%} of those never seen are rebuilt worse",
        metrics={"error": error, "larger": larger},
        panels=panels,
        tables=(Table("Measured", ("", "mean squared"), rows),),
    )


def _histogram(errors: Tensor, error: float, width: int) -> Image.Image:
    """The errors of the data as bars, this picture's as a line."""
    page = Image.new("RGB", (width, HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    high = 1.05 * max(float(errors.max()), error)
    counts = torch.histc(errors, BINS, 0, high)
    floor = HEIGHT - ROOM
    for number, count in enumerate((counts / counts.max()).tolist()):
        left = number * width / BINS
        draw.rectangle((left, floor - count * (floor - 24), left + width / BINS - 2, floor), GRAY)
    x = error / high * width
    draw.line((x, 20, x, floor), fill=MARK, width=3)
    draw.text((min(max(x, 50), width - 50), 10), "this picture", MARK, font(13), anchor="mm")
    words = f"error of {len(errors):,} pictures never seen: from none, at the left"
    draw.text((2, HEIGHT - 12), words, INK, font(13), anchor="lm")
    return page


def _under(top: Image.Image, bottom: Image.Image) -> Image.Image:
    page = Image.new("RGB", (top.width, top.height + bottom.height + 8), "white")
    page.paste(top, (0, 0))
    page.paste(bottom, (0, top.height + 8))
    return page
