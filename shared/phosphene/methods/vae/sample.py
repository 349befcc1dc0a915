"""Pictures that nobody made: codes drawn at random, decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from phosphene.frame import Frame, Panel, Table
from phosphene.images.sheets import contact_sheet
from phosphene.knobs import Choice, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae import mixture
from phosphene.methods.vae.case import Codes, grid, known, shown
from phosphene.methods.vae.parameters import Known, Own
from phosphene.networks.autoencoders import neighbors

SIDE, COLUMNS = 84, 8
SOURCES = ("prior", "where the codes lie")


@method
def sample(
    *,
    model: Known = "digits_vae",
    source: Annotated[
        str,
        Choice(
            options=SOURCES,
            label="Draw codes from",
            help="N(0, I), or a mixture of Gaussians fitted to all codes",
        ),
    ] = "prior",
    temperature: Annotated[
        float, Range(0, 3, 0.05, label="Temperature", help="how far from the middle")
    ] = 1.0,
    count: Annotated[int, Range(8, 96, 8, label="How many", advanced=True, quick=8)] = 40,
    parts: Annotated[
        int, Range(1, 40, label="Gaussians of the mixture", advanced=True, quick=2)
    ] = 10,
    file: Own = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Draw codes and decode them: from the prior that a VAE was trained towards, or the real codes.

    A mixture fitted afterwards makes a plain autoencoder fit for sampling too (arXiv 1903.12436).
    Beside the first draws stands the nearest picture trained on: is it new?
    """
    codes = known(model, device, file)
    generator = torch.Generator().manual_seed(seed)
    drawn = draw(codes, source, count, temperature, parts, generator)
    pictures = codes.decode(drawn).cpu()
    real = codes.data.pictures.flatten(1)
    away, nearest = neighbors.nearest(pictures.flatten(1), real, 1)
    usual, _ = neighbors.nearest(codes.held.pictures[:200].flatten(1), real, 1)
    scale = real.shape[1] ** 0.5
    rows = (
        ("drawn here", round(float(away.mean()) / scale, 3), round(float(away.min()) / scale, 3)),
        (
            "pictures held out",
            round(float(usual.mean()) / scale, 3),
            round(float(usual.min()) / scale, 3),
        ),
    )
    panels = tuple(
        Panel(contact_sheet(_pair(codes, picture, int(index)), 2), f"{float(d) / scale:.3f} apart")
        for picture, index, d in zip(pictures[:12], nearest[:12, 0], away[:12, 0], strict=True)
    )
    yield Frame(
        grid(pictures, COLUMNS, SIDE),
        panels=panels,
        tables=(Table("The nearest picture trained on", ("", "mean RMS", "least"), rows),),
    )


def draw(
    codes: Codes,
    source: str,
    count: int,
    temperature: float,
    parts: int,
    generator: torch.Generator,
) -> Tensor:
    """Codes (count, D) from one of the sources."""
    if source == SOURCES[0]:
        return temperature * torch.randn(count, codes.means.shape[1], generator=generator)
    size, dim = codes.means.shape
    enough = max(1, size // (8 * dim))  # codes that a covariance of so many numbers needs
    fitted = mixture.fit(codes.means[::2], min(parts, enough), generator)
    return fitted.sample(count, generator, temperature)


def _pair(codes: Codes, picture: Tensor, index: int) -> list[Panel]:
    """A draw and the picture that is nearest to it."""
    both = shown(torch.stack([picture, codes.data.pictures[index]]), SIDE)
    return [Panel(both[0], "drawn"), Panel(both[1], "nearest")]
