"""A network that paints in one pass, in one of 26 styles or a brush of one's own.

Dumoulin et al., A learned representation for artistic style (arXiv 1610.07629): convolutions that
all styles share, and instance normalization whose scales and shifts are the style.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene import device as devices
from phosphene.errors import InputError, WeightsError
from phosphene.networks import weights
from phosphene.networks.brush import LAST, LAYERS, SIZE, Brush, affine, last_weights
from phosphene.networks.loading import note_use
from phosphene.networks.weights import Source

NAME = "multistyle26"
EPSILON = 1e-5
MIN_SIDE = 16

Moments: TypeAlias = Callable[[str, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A layer's name, mean and variance (N, C, 1, 1) -> those to normalize with instead."""

_Style: TypeAlias = dict[str, tuple[Tensor, Tensor]]


class Stylizer:
    """The network held still: `paint`, its 26 styles in `brushes`, its last layers in `last`."""

    def __init__(self, state: dict[str, Tensor], source: Source, device: torch.device) -> None:
        """Take the weights under the names of the file."""
        self.weights, self.device = source, device
        kernels = {name: state[f"{name}.w"] for name in LAYERS}
        self.last = torch.cat([kernels[name].flatten() for name in LAST]).to(device)
        self._kernels = {name: _laid_out(kernel.to(device)) for name, kernel in kernels.items()}
        parts = [state[f"{name}.norm.{kind}"] for name in LAYERS for kind in ("gamma", "beta")]
        numbers = torch.cat(parts, 1).to(device)
        self.brushes = tuple(Brush(f"Style {i + 1}", row) for i, row in enumerate(numbers))

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
        height, width = pictures.shape[-2:]
        if min(height, width) < MIN_SIDE:
            raise InputError(f"picture is {width}×{height}; at least {MIN_SIDE}×{MIN_SIDE} paint")
        if numbers.shape[-1] != SIZE:
            raise InputError(f"a brush has {SIZE} numbers; these are {numbers.shape[-1]}")
        style = affine(numbers.to(self.device))
        kernels = self._kernels
        if last is not None:
            kernels = kernels | {n: _laid_out(k) for n, k in last_weights(last).items()}
        x = F.pad(pictures.to(self.device), (0, -width % 4, 0, -height % 4), "reflect")
        with devices.device_lock(self.device):
            painted = _through(_laid_out(x), kernels, style, moments)
        return painted[..., :height, :width]

    def paint_with(self, pictures: Tensor, brush: Brush, moments: Moments | None = None) -> Tensor:
        """The same with a brush."""
        last = None if brush.last is None else brush.last.to(self.device)
        return self.paint(pictures, brush.numbers, last=last, moments=moments)


def _through(
    x: Tensor, kernels: dict[str, Tensor], style: _Style, moments: Moments | None
) -> Tensor:
    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        return normalized(convolved(x, kernels[name], stride), name, style[name], moments)

    for index in range(3):
        x = layer(x, f"contract.{index}", 1 if index == 0 else 2).relu_()
    for index in range(6):
        x = x + layer(layer(x, f"res.{index}.0").relu_(), f"res.{index}.1")
    for index in range(2):
        x = layer(F.interpolate(x, scale_factor=2.0), f"expand.{index}").relu_()
    return layer(x, "expand.2").sigmoid()


def convolved(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """A convolution whose border mirrors the picture."""
    edge = kernel.shape[-1] // 2
    return F.conv2d(F.pad(x, (edge, edge, edge, edge), "reflect"), kernel, stride=stride)


def normalized(
    x: Tensor, name: str, style: tuple[Tensor, Tensor], moments: Moments | None
) -> Tensor:
    """Each channel of each picture with the style's scale as deviation and its shift as mean."""
    variance, mean = torch.var_mean(x, (2, 3), unbiased=False, keepdim=True)
    if moments:
        mean, variance = moments(name, mean, variance)
    scale, shift = (part[..., None, None] for part in style)
    scale = scale * (variance + EPSILON).rsqrt()
    return torch.addcmul(shift - mean * scale, x, scale)


def _laid_out(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


_loaded: dict[str, Stylizer] = {}
_guard = threading.Lock()


def load_stylizer(device: str | torch.device | None = None) -> Stylizer:
    """The network, loaded once a device and shared; WeightsError where its package is missing."""
    where = devices.pick(str(device) if device is not None else None)
    with _guard:
        if str(where) not in _loaded:
            source = weights.fetch(NAME, device_type=where.type)
            state = weights.load(source, torch.device("cpu"))
            try:
                _loaded[str(where)] = Stylizer(state, source, where)
            except (KeyError, RuntimeError):
                raise WeightsError(f"the weights in {source.origin} do not fit {NAME}") from None
        stylizer = _loaded[str(where)]
    note_use(stylizer.weights)
    return stylizer
