"""A network that paints in one pass, in one of 26 styles or with a brush of one's own.

Dumoulin et al., A learned representation for artistic style (arXiv 1610.07629): convolutions that
all styles share, and instance normalization whose scales and shifts are the style.
"""

from __future__ import annotations

import torch
from torch import Tensor

from phosphene import device as devices
from phosphene.errors import InputError, WeightsError
from phosphene.networks import one_pass, weights
from phosphene.networks.brush import LAST, LAYERS, SIZE, Brush, affine, last_weights
from phosphene.networks.convolutions import laid_out
from phosphene.networks.kept import Kept
from phosphene.networks.loading import note_use
from phosphene.networks.one_pass import Layers, Moments
from phosphene.networks.weights import Source

NAME = "multistyle26"
STYLES = (
    "Orange and pale blue",
    "Black lines on yellow",
    "Ink and peach",
    "Bright shards",
    "Crimson and cream",
    "Orange dusk",
    "Blue with spots",
    "Blue and yellow night",
    "Colored pencil",
    "Red and black stencil",
    "Burnt umber",
    "Ochre woodcut",
    "Lilac and yellow",
    "Green and teal",
    "Pale blue wash",
    "Stained glass",
    "Blue and orange strokes",
    "Woven red",
    "Sepia lines",
    "Starry blue",
    "Deep red",
    "Pink and white blocks",
    "Gray with a red disc",
    "Soft charcoal",
    "Navy and cream",
    "Broken colors",
)
"""The 26 styles by what is seen of them: their file does not name the paintings."""


class Stylizer:
    """The network held still: `paint`, its 26 styles in `brushes`, its last layers in `last`."""

    def __init__(self, state: dict[str, Tensor], source: Source, device: torch.device) -> None:
        """Take the weights under the names of the file."""
        self.weights, self.device = source, device
        kernels = {name: state[f"{name}.w"] for name in LAYERS}
        self.last = torch.cat([kernels[name].flatten() for name in LAST]).to(device)
        self._kernels = {name: laid_out(kernel.to(device)) for name, kernel in kernels.items()}
        parts = [state[f"{name}.norm.{kind}"] for name in LAYERS for kind in ("gamma", "beta")]
        numbers = torch.cat(parts, 1).to(device)
        self.brushes = tuple(Brush(n, row) for n, row in zip(STYLES, numbers, strict=True))

    def paint(
        self,
        pictures: Tensor,
        numbers: Tensor,
        *,
        last: Tensor | None = None,
        moments: Moments | None = None,
    ) -> Tensor:
        """Pictures (N, 3, H, W) in [0, 1] -> paintings of the same shape and range.

        `numbers` (990,) are one style for all, (N, 990) one each; `last` (3564,) other weights of
        the last three layers; both pass gradients, and so do the pictures. `moments` may replace
        the statistics that each layer normalizes with.
        """
        if numbers.shape[-1] != SIZE:
            raise InputError(f"a brush has {SIZE} numbers; these are {numbers.shape[-1]}")
        kernels = self._kernels
        if last is not None:
            own = last_weights(last.to(self.device))
            kernels = kernels | {name: laid_out(kernel) for name, kernel in own.items()}
        layers = Layers(kernels, affine(numbers.to(self.device)), moments=moments)
        with devices.device_lock(self.device):
            return one_pass.paint(pictures.to(self.device), layers)

    def paint_with(self, pictures: Tensor, brush: Brush, moments: Moments | None = None) -> Tensor:
        """The same with a brush."""
        return self.paint(pictures, brush.numbers, last=brush.last, moments=moments)


KEPT = 2
"""Devices whose network stays loaded."""
_loaded: Kept[str, Stylizer] = Kept(KEPT)


def load_stylizer(device: str | torch.device | None = None) -> Stylizer:
    """The network, loaded once a device and shared; WeightsError where its package is missing."""
    where = devices.pick(str(device) if device is not None else None)
    stylizer = _loaded.get(str(where), lambda: _load(where))
    note_use(stylizer.weights)
    return stylizer


def _load(where: torch.device) -> Stylizer:
    source = weights.fetch(NAME, device_type=where.type)
    state = weights.load(source, torch.device("cpu"))
    try:
        return Stylizer(state, source, where)
    except (KeyError, RuntimeError):
        raise WeightsError(f"the weights in {source.origin} do not fit {NAME}") from None
