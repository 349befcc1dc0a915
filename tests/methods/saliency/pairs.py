"""One picture with two animals: evidence for each of them stands on its own side."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image, ImageOps

from phosphene import images
from phosphene.methods.saliency.case import Case, prepare

FOLDER = Path(__file__).parents[1] / "adversarial" / "pictures"
LEFT, RIGHT = "giant panda", "macaw"


@cache
def pair(side: int = 80) -> Image.Image:
    """A panda to the left of a macaw, (2 * side, side)."""
    page = Image.new("RGB", (2 * side, side))
    for place, name in enumerate(("panda", "scarlet_macaw")):
        picture = images.load(FOLDER / f"{name}.jpg")
        page.paste(ImageOps.fit(picture, (side, side)), (place * side, 0))
    return page


def case(target: str = LEFT, versus: str = "", side: int = 80) -> Case:
    """The pair and one of its animals."""
    return prepare(pair(side), target, versus, 2 * side, "efficientnet_lite0", "cpu")


def rightness(values) -> float:
    """The share of a map's (1, C, H, W) positive evidence in the right half."""
    heat = values.sum(1).clamp(min=0)
    return float(heat[..., heat.shape[-1] // 2 :].sum() / heat.sum())
