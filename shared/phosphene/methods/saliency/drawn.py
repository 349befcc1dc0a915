"""A map over its picture as it is shown: fine, on its own scale, with a legend and a caption."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Panel
from phosphene.images import ImageLike
from phosphene.images.colors import luminance
from phosphene.methods.saliency import maps

SHOWN = 512
"""Pixels of the longer side of what is shown, at least."""
TOP_SHARE = 0.2
"""Pixels that the cut-out keeps."""
DIMMED = 0.12
"""How much of the light the rest of the cut-out keeps."""


@dataclass(frozen=True)
class Style:
    """How maps are shown over a picture, which is loaded anew with its longer side `side`."""

    picture: Tensor
    opacity: float
    colors: str
    smoothing: float

    @classmethod
    def of(
        cls, image: ImageLike, side: int, opacity: float, colors: str, smoothing: float
    ) -> Style:
        """The style over a picture."""
        picture = images.to_tensor(images.load(image, side), "cpu")
        return cls(picture, opacity, colors, smoothing)


class Drawn:
    """A map (H, W), scaled by itself alone."""

    def __init__(self, heat: Tensor, signed: bool, style: Style) -> None:
        """`heat` is not normalized yet."""
        self.heat, self.signed, self.style = heat.detach().float().cpu(), signed, style
        self.colors = maps.palette(style.colors, signed)
        soft = maps.smoothed(self.heat, style.smoothing)
        self.top = maps.scale(soft)
        self.low = -self.top if signed else maps.ground(soft)
        height, width = style.picture.shape[-2:]
        self.fine = maps.enlarged(maps.normalized(soft, signed), height, width)

    @property
    def words(self) -> str:
        """The scale in words."""
        return f"{self.low:.2g} to {self.top:.2g}"

    def over(self, shown: Tensor | None = None) -> Image.Image:
        """The map over the picture, or over what the network was shown instead."""
        base = self.style.picture
        if shown is not None:
            base = images.scaled(shown.detach().float().cpu(), *base.shape[-2:])
        return images.to_image(maps.overlay(base, self.fine, self.style.opacity, self.colors))

    def bare(self) -> Image.Image:
        """The map alone."""
        return images.to_image(maps.colored(self.fine, self.colors))

    def with_legend(self) -> Image.Image:
        """The map alone above its scale."""
        picture = self.bare()
        low = self.low if self.colors in maps.DIVERGING else max(self.low, 0.0)
        strip = maps.legend(low, self.top, self.colors, picture.width)
        page = Image.new("RGB", (picture.width, picture.height + 6 + strip.height), "white")
        page.paste(picture, (0, 0))
        page.paste(strip, (0, picture.height + 6))
        return page

    def cut_out(self) -> Image.Image:
        """The picture where the map is highest, the rest gray and dark."""
        chosen = maps.strongest(self.fine, TOP_SHARE, self.signed)
        picture = self.style.picture
        return images.to_image(picture.where(chosen, DIMMED * luminance(picture)))

    def panels(self) -> tuple[Panel, ...]:
        """The map alone, over the picture, and the picture cut out by it."""
        share = f"{maps.SHARE:.0%} of all pixels lie within the scale; those above have its color."
        return (
            Panel(self.with_legend(), f"the map alone, {self.words}", share),
            Panel(self.over(), "over the picture"),
            Panel(self.cut_out(), f"the most important {TOP_SHARE:.0%}"),
        )
