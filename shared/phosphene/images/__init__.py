"""Pictures in and out: files and tensors, filters, colors, measures, sheets, films."""

from phosphene.images.io import (
    MAX_PIXELS,
    ImageLike,
    enlarged,
    load,
    load_at_least,
    png,
    region,
    resize,
    scaled,
    to_image,
    to_tensor,
)
from phosphene.images.sheets import sheet, show

__all__ = [
    "MAX_PIXELS",
    "ImageLike",
    "enlarged",
    "load",
    "load_at_least",
    "png",
    "region",
    "resize",
    "scaled",
    "sheet",
    "show",
    "to_image",
    "to_tensor",
]
