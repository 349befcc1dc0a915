"""What networks that paint in one pass have in common: their walk, whole or in bands of rows.

Three convolutions that make the picture smaller, residual blocks, three that make it larger again
(arXiv 1610.07629, 1705.06830). A style is a scale and a shift of each normalized channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.errors import InputError
from phosphene.networks.convolutions import Convolution, laid_out, moments_of, shifted, upsampling

EPSILON = 1e-5
MIN_SIDE = 16
WHOLE = 2**20
"""Pixels up to which a batch goes through at once; larger ones go in bands."""
BAND = 2**16
"""Pixels of a band, about: its activations stay in the processor's cache."""

Moments: TypeAlias = Callable[[str, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A layer's name, mean and variance (N, C, 1, 1) -> those to normalize with instead."""


@dataclass(frozen=True)
class Layers:
    """Kernels by layer; a layer has a bias, or scale and shift (..., C) after its normalization."""

    kernels: Mapping[str, Tensor]
    style: Mapping[str, tuple[Tensor, Tensor]]
    biases: Mapping[str, Tensor] = field(default_factory=dict)
    moments: Moments | None = None

    @property
    def blocks(self) -> int:
        """How many residual blocks there are."""
        return sum(name.startswith("res.") for name in self.kernels) // 2

    def convolution(self, name: str) -> Convolution:
        """A layer's convolution, the last three in the form that is quicker."""
        kernel, bias = self.kernels[name], self.biases.get(name)
        if name == "expand.2":
            return Convolution(shifted(kernel), bias, kernel.shape[-1] // 2, stride=2, grow=2)
        if name.startswith("expand"):
            return Convolution(upsampling(kernel), bias, 1, "replicate", grow=2)
        stride = 2 if name in ("contract.1", "contract.2") else 1
        return Convolution(kernel, bias, kernel.shape[-1] // 2, stride=stride)

    def coefficients(self, name: str, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Factor and summand (N, C, 1, 1) that normalize a layer and give it the style."""
        if self.moments:
            mean, variance = self.moments(name, mean, variance)
        scale, shift = (part[..., None, None] for part in self.style[name])
        factor = scale * (variance + EPSILON).rsqrt()
        return factor, shift - mean * factor


def paint(pictures: Tensor, layers: Layers) -> Tensor:
    """Pictures (N, 3, H, W) in [0, 1] -> paintings of the same shape and range.

    Large ones without gradients go in bands of rows, with the statistics of the whole: the same
    painting without a seam, in a fraction of the memory. InputError for a picture too small.
    """
    height, width = pictures.shape[-2:]
    if min(height, width) < MIN_SIDE:
        raise InputError(f"picture is {width}×{height}; at least {MIN_SIDE}×{MIN_SIDE} is painted")
    x = laid_out(F.pad(pictures, (0, -width % 4, 0, -height % 4), "reflect"))
    if torch.is_grad_enabled() and _learning(x, layers):
        painted = whole(x, layers)
    else:
        with torch.no_grad():  # also where nobody said so: layers are changed where they are
            large = len(x) * height * width > WHOLE
            painted = in_bands(x, layers) if large else whole(x, layers)
    return painted[..., :height, :width]


def _learning(x: Tensor, layers: Layers) -> bool:
    tensors = [x, *layers.kernels.values(), *(t for pair in layers.style.values() for t in pair)]
    return any(t.requires_grad for t in tensors)


def whole(x: Tensor, layers: Layers) -> Tensor:
    """The walk at once, with gradients where they are enabled; sides are multiples of 4."""

    def layer(x: Tensor, name: str) -> Tensor:
        x = layers.convolution(name)(x)
        if name not in layers.style:
            return x
        factor, summand = layers.coefficients(name, *moments_of(x))
        if torch.is_grad_enabled():
            return torch.addcmul(summand, x, factor)
        return torch.addcmul(summand, x, factor, out=x)

    for index in range(3):
        x = layer(x, f"contract.{index}").relu_()
    for index in range(layers.blocks):
        x = x + layer(layer(x, f"res.{index}.0").relu_(), f"res.{index}.1")
    for index in range(2):
        x = layer(x, f"expand.{index}").relu_()
    return layer(x, "expand.2").sigmoid()


def in_bands(x: Tensor, layers: Layers) -> Tensor:
    """The same in bands of rows, without gradients.

    The first layer is by far the largest: it is never held, but computed once for its statistics
    and once more for what follows.
    """
    first = _Banded(layers, "contract.0", lambda a, b: x[:, :, a:b], (x.shape[2], x.shape[3]))
    factors = first.measured() if first.styled else None
    size = (x.shape[2], x.shape[3])
    walk = _Banded(layers, "contract.1", lambda a, b: first.rows(a, b, factors), size).stored()
    walk = _of(walk, layers, "contract.2").stored()
    for index in range(layers.blocks):
        inner = _of(walk, layers, f"res.{index}.0").stored()
        walk += _of(inner, layers, f"res.{index}.1").stored(None)
    for index in range(2):
        walk = _of(walk, layers, f"expand.{index}").stored()
    return _of(walk, layers, "expand.2").stored(torch.sigmoid_)


class _Banded:
    """One layer over rows that come from somewhere: an input of `size` (height, width)."""

    def __init__(
        self, layers: Layers, name: str, source: Callable[[int, int], Tensor], size: tuple[int, int]
    ) -> None:
        self.layers, self.name, self.source = layers, name, source
        self.convolution, self.input_height = layers.convolution(name), size[0]
        self.height, self.width = (self.convolution.length(side) for side in size)
        self.styled = name in layers.style

    def bands(self) -> Iterator[tuple[int, int]]:
        """From row to row, over the output."""
        step = max(BAND // self.width, 8) // 2 * 2
        for top in range(0, self.height, step):
            yield top, min(top + step, self.height)

    def convolved(self, top: int, bottom: int) -> Tensor:
        """Rows of the convolution."""
        return self.convolution.rows(self.source, self.input_height, top, bottom)

    def measured(self) -> tuple[Tensor, Tensor]:
        """Factor and summand by the statistics of all rows."""
        running = _Running()
        for top, bottom in self.bands():
            running.add(self.convolved(top, bottom))
        return self.layers.coefficients(self.name, *running.moments())

    def rows(self, top: int, bottom: int, factors: tuple[Tensor, Tensor] | None) -> Tensor:
        """Rows of the layer, normalized and rectified."""
        x = self.convolved(top, bottom)
        return (torch.addcmul(factors[1], x, factors[0], out=x) if factors else x).relu_()

    def stored(self, after: Callable[[Tensor], Tensor] | None = torch.relu_) -> Tensor:
        """The whole layer; each row is computed once, then normalized where it is."""
        out, running = torch.empty(0), _Running()
        for top, bottom in self.bands():
            part = self.convolved(top, bottom)
            if not top:
                shape = (*part.shape[:2], self.height, self.width)
                out = torch.empty(shape, device=part.device, memory_format=torch.channels_last)
            out[:, :, top:bottom] = part
            if self.styled:
                running.add(part)
        factors = None
        if self.styled:
            factors = self.layers.coefficients(self.name, *running.moments())
        for top, bottom in self.bands():
            part = out[:, :, top:bottom]
            if factors:
                torch.addcmul(factors[1], part, factors[0], out=part)
            if after:
                after(part)
        return out


def _of(x: Tensor, layers: Layers, name: str) -> _Banded:
    size = (x.shape[2], x.shape[3])
    return _Banded(layers, name, lambda top, bottom: x[:, :, top:bottom], size)


class _Running:
    """Mean and variance of each channel of each picture, band by band (Chan et al. 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.spread = torch.zeros(())

    def add(self, part: Tensor) -> None:
        """Rows (N, C, h, W)."""
        mean, variance = moments_of(part)
        count = part.shape[2] * part.shape[3]
        total = self.count + count
        step = mean.double() - self.mean
        self.spread = self.spread + count * (variance + step**2 * (self.count / total))
        self.mean = self.mean + step * (count / total)
        self.count = total

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance (N, C, 1, 1), float32."""
        return self.mean.float(), (self.spread / self.count).float()
