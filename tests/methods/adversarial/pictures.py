"""A fixed set of four photographs, as one batch too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from PIL import ImageOps

from phosphene import images, load_network

FOLDER = Path(__file__).with_name("pictures")
PATHS = tuple(sorted(FOLDER.glob("*.jpg")))
PANDA = FOLDER / "panda.jpg"


def network():
    return load_network("efficientnet_lite0", device="cpu")


@cache
def batch(size=128):
    """All four cut to squares (4, 3, size, size), and the class of each (4,)."""
    squares = [ImageOps.fit(images.load(path), (size, size)) for path in PATHS]
    x = torch.cat([images.to_tensor(square) for square in squares])
    with torch.no_grad():
        return x, network().logits(x).argmax(1)
