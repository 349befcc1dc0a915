"""A map becomes a mask: what the network looked at, cut out along the picture's own edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Progress
from phosphene.images import flow
from phosphene.images.filters import blur
from phosphene.knobs import Choice, Range, Seed
from phosphene.methods import method
from phosphene.methods.saliency.case import prepare
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.drawn import SHOWN, Drawn, Style
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.maps import reduced
from phosphene.methods.saliency.parameters import Net, Photo, Samples, Size, Target

DIMMED, CUT, MASK = "dimmed", "white", "the mask"
SOFT = 1 / 60
"""Blur of the map before it is ranked, as a share of the longer side: edges become areas."""


@method
def segment(
    image: Photo,
    *,
    target: Target = "",
    method: Annotated[
        str,
        Choice(tuple(ATTRIBUTIONS), label="Map", help="where the cutting begins", quick="gradient"),
    ] = "smoothgrad",
    sure: Annotated[
        float, Range(0.5, 30, 0.5, label="Surely it", help="percent of pixels, the map's highest")
    ] = 5,
    background: Annotated[
        float, Range(5, 90, 1, label="Surely not it", help="percent of pixels, the map's lowest")
    ] = 30,
    rounds: Annotated[
        int, Range(1, 20, label="Rounds of GrabCut", advanced=True, quick=1, group="Search")
    ] = 5,
    show: Annotated[str, Choice((DIMMED, CUT, MASK), label="Background", advanced=True)] = DIMMED,
    samples: Samples = 0,
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Segment a thing that nobody outlined: GrabCut begun from a saliency map (arXiv 1312.6034).

    The map's highest pixels are surely the thing, its lowest surely not, and colors decide between
    (Rother et al. 2004). `mask.png` is white where the thing is. Needs OpenCV.
    """
    cut = opencv()
    if sure + background >= 100:
        raise InputError(
            f"sure is {sure:g} and background {background:g} percent; choose less than 100 together"
        )
    case = prepare(image, target, "", size, network, device)
    asked = ATTRIBUTIONS[method]
    large = max(size, SHOWN)
    style = Style.of(image, large, opacity=0.85, colors="automatic", smoothing=0)
    progress = Progress(asked.passes + 1)
    heat = torch.zeros(case.x.shape[-2:])
    for estimate in asked.run(case, Options(samples, seed=seed)):
        heat = reduced(estimate.values, asked.signed).cpu()
        due = int(min(estimate.done / estimate.of, 1) * asked.passes) - progress.done
        over = Drawn(heat, asked.signed, style).over()
        yield progress.frame(over, steps=max(due, 0), note=asked.title, verdict=case.before)
    picture = images.load(image, large)
    x = images.to_tensor(picture)
    seeds = seeded(larger(heat, *x.shape[-2:]), sure / 100, background / 100)
    mask = grab(cut, picture, seeds, rounds, seed)
    share = float(mask.float().mean())
    frame = progress.frame(
        shown(x, mask, show),
        steps=progress.steps - progress.done,
        note=f"{case.name}: {share:.0%} of the picture",
        metrics={"of the picture, %": 100 * share},
        verdict=case.before,
        panels=(
            Panel(picture, "your picture"),
            Panel(over, f"{asked.title}: where it begins"),
            Panel(sketched(seeds), "surely it, surely not, to be decided"),
            Panel(shown(x, mask, MASK), "the mask"),
        ),
    )
    yield replace(frame, files={"mask.png": images.png(shown(x, mask, MASK).convert("L"))})


def opencv() -> Any:
    """OpenCV; InputError where it is not installed."""
    return flow.opencv("cutting out", "segment")


def larger(heat: Tensor, height: int, width: int) -> Tensor:
    """A map (h, w) at the size of a picture, bilinear; its values may be any."""
    size = (height, width)
    return F.interpolate(heat[None, None].float(), size, mode="bilinear", align_corners=False)[0, 0]


def seeded(heat: Tensor, sure: float, background: float) -> npt.NDArray[np.uint8]:
    """GrabCut's own numbers for each pixel of a map (H, W): 0 surely not, 1 surely it, 3 perhaps.

    InputError for a map that is flat: it points nowhere.
    """
    soft = blur(heat[None, None].float(), max(SOFT * max(heat.shape), 0.5))[0, 0]
    if not float(soft.max() - soft.min()) > 0:
        raise InputError("the map is the same everywhere; choose another method or target")
    ranked = soft.flatten().argsort(stable=True)
    seeds = torch.full((heat.numel(),), 3, dtype=torch.uint8)
    seeds[ranked[: max(round(background * len(ranked)), 1)]] = 0
    seeds[ranked[-max(round(sure * len(ranked)), 1) :]] = 1
    labels: npt.NDArray[np.uint8] = seeds.view(heat.shape).numpy()
    return labels


def grab(
    cut: Any, picture: Image.Image, seeds: npt.NDArray[np.uint8], rounds: int, seed: int
) -> Tensor:
    """The thing's mask (H, W), bool, after so many rounds: the parts that hold a sure pixel."""
    pixels = np.asarray(picture.convert("RGB"))[..., ::-1].copy()
    labels = seeds.copy()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cut.setRNGSeed(seed)  # it begins with a k-means of random centers
    cut.grabCut(pixels, labels, None, *models, rounds, cut.GC_INIT_WITH_MASK)
    inside = (labels == 1) | (labels == 3)
    _, parts = cut.connectedComponents(inside.astype(np.uint8))
    # A speck far from all that is sure has the thing's colors and is not it.
    return torch.from_numpy(inside & np.isin(parts, np.unique(parts[(seeds == 1) & inside])))


def shown(x: Tensor, mask: Tensor, how: str) -> Image.Image:
    """The thing (1, 3, H, W) on what was its background, dim, on white, or as a bare mask."""
    inside = mask.float()[None, None]
    if how == MASK:
        return images.to_image(inside.expand(1, 3, -1, -1))
    return images.to_image(x * inside + (1 - inside) * (0.15 * x if how == DIMMED else 1))


def sketched(seeds: npt.NDArray[np.uint8]) -> Image.Image:
    """White where it is surely it, black where not, gray between."""
    grays = np.array([0, 255, 0, 128], dtype=np.uint8)
    return Image.fromarray(grays[seeds]).convert("RGB")
