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

EPSILON = 1e-5
MIN_SIDE = 16
WHOLE = 2**19
"""Pixels up to which a batch goes through at once; larger ones go in bands."""
BAND = 2**16
"""Pixels of a band, about: its activations stay in the processor's cache."""

Moments: TypeAlias = Callable[[str, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A layer's name, mean and variance (N, C, 1, 1) -> those to normalize with instead."""

Rows: TypeAlias = Callable[[int, int], Tensor]
"""From a row up to another one -> these rows (N, C, rows, W)."""


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
    large = len(x) * height * width > WHOLE
    banded = large and not (torch.is_grad_enabled() and _learning(x, layers))
    return (in_bands(x, layers) if banded else whole(x, layers))[..., :height, :width]


def _learning(x: Tensor, layers: Layers) -> bool:
    tensors = [x, *layers.kernels.values(), *(t for pair in layers.style.values() for t in pair)]
    return any(t.requires_grad for t in tensors)


def whole(x: Tensor, layers: Layers) -> Tensor:
    """The walk at once, with gradients; sides are multiples of 4."""

    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        edge = layers.kernels[name].shape[-1] // 2
        x = F.pad(x, (edge, edge, edge, edge), "reflect")
        x = F.conv2d(x, layers.kernels[name], layers.biases.get(name), stride)
        if name not in layers.style:
            return x
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        factor, summand = layers.coefficients(name, mean, variance)
        return torch.addcmul(summand, x, factor)

    for index in range(3):
        x = layer(x, f"contract.{index}", 1 if index == 0 else 2).relu_()
    for index in range(layers.blocks):
        x = x + layer(layer(x, f"res.{index}.0").relu_(), f"res.{index}.1")
    for index in range(2):
        x = layer(F.interpolate(x, scale_factor=2.0), f"expand.{index}").relu_()
    return layer(x, "expand.2").sigmoid()


@torch.no_grad()
def in_bands(x: Tensor, layers: Layers) -> Tensor:
    """The same in bands of rows, without gradients.

    The first layer is by far the largest: it is never held, but computed once for its statistics
    and once more for what follows.
    """
    size = (x.shape[2], x.shape[3])
    first = _Band(layers, "contract.0", _held(x), size)
    factors = first.measured() if first.styled else None
    walk = _Band(layers, "contract.1", lambda a, b: first.rows(a, b, factors), size, 2).stored()
    walk = _of(walk, layers, "contract.2", 2).stored()
    for index in range(layers.blocks):
        inner = _of(walk, layers, f"res.{index}.0").stored()
        walk += _of(inner, layers, f"res.{index}.1").stored(torch.clone)
    for index in range(2):
        double = (2 * walk.shape[2], 2 * walk.shape[3])
        walk = _Band(layers, f"expand.{index}", _doubled(walk), double).stored()
    return _of(walk, layers, "expand.2").stored(torch.sigmoid_)


class _Band:
    """One layer over rows that come from somewhere: an input of `size`, mirrored at its border."""

    def __init__(
        self, layers: Layers, name: str, source: Rows, size: tuple[int, int], stride: int = 1
    ) -> None:
        self.layers, self.name, self.source, self.stride = layers, name, source, stride
        self.kernel, self.input_height = layers.kernels[name], size[0]
        self.height, self.width = size[0] // stride, size[1] // stride
        self.styled = name in layers.style

    def bands(self) -> Iterator[tuple[int, int]]:
        """From row to row, over the output."""
        step = max(BAND // self.width, 8)
        for top in range(0, self.height, step):
            yield top, min(top + step, self.height)

    def convolved(self, top: int, bottom: int) -> Tensor:
        """Rows of the convolution."""
        edge = self.kernel.shape[-1] // 2
        first, end = top * self.stride - edge, (bottom - 1) * self.stride + edge + 1
        x = self.source(max(first, 0), min(end, self.input_height))
        # Only a band at the border is mirrored, and its first or last row is the picture's.
        over = (edge, edge, max(-first, 0), max(end - self.input_height, 0))
        bias = self.layers.biases.get(self.name)
        return F.conv2d(F.pad(x, over, "reflect"), self.kernel, bias, self.stride)

    def measured(self) -> tuple[Tensor, Tensor]:
        """Factor and summand by the statistics of all rows."""
        running = _Running()
        for top, bottom in self.bands():
            running.add(self.convolved(top, bottom))
        return self.layers.coefficients(self.name, *running.moments())

    def rows(self, top: int, bottom: int, factors: tuple[Tensor, Tensor] | None) -> Tensor:
        """Rows of the layer, normalized and rectified."""
        x = self.convolved(top, bottom)
        return (torch.addcmul(factors[1], x, factors[0]) if factors else x).relu_()

    def stored(self, after: Callable[[Tensor], Tensor] = torch.relu_) -> Tensor:
        """The whole layer; each row is computed once, then normalized where it is."""
        out, running = None, _Running()
        for top, bottom in self.bands():
            part = self.convolved(top, bottom)
            if out is None:
                shape = (*part.shape[:2], self.height, self.width)
                out = torch.empty(shape, dtype=part.dtype, device=part.device)
                out = laid_out(out)
            out[:, :, top:bottom] = part
            if self.styled:
                running.add(part)
        assert out is not None
        factors = None
        if self.styled:
            factors = self.layers.coefficients(self.name, *running.moments())
        for top, bottom in self.bands():
            part = out[:, :, top:bottom]
            if factors:
                torch.addcmul(factors[1], part, factors[0], out=part)
            after(part)
        return out


def _of(x: Tensor, layers: Layers, name: str, stride: int = 1) -> _Band:
    return _Band(layers, name, _held(x), (x.shape[2], x.shape[3]), stride)


def _held(x: Tensor) -> Rows:
    return lambda top, bottom: x[:, :, top:bottom]


def _doubled(x: Tensor) -> Rows:
    """Rows of a picture twice as large, each pixel four times."""

    def rows(top: int, bottom: int) -> Tensor:
        part = F.interpolate(x[:, :, top // 2 : (bottom + 1) // 2], scale_factor=2.0)
        return part[:, :, top % 2 : top % 2 + bottom - top]

    return rows


class _Running:
    """Mean and variance of each channel of each picture, band by band (Chan et al. 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.spread = torch.zeros(())

    def add(self, part: Tensor) -> None:
        """Rows (N, C, h, W)."""
        variance, mean = torch.var_mean(part, (2, 3), correction=0, keepdim=True)
        count = part.shape[2] * part.shape[3]
        total = self.count + count
        step = mean.double() - self.mean
        self.spread = self.spread + count * (variance + step**2 * (self.count / total))
        self.mean = self.mean + step * (count / total)
        self.count = total

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance (N, C, 1, 1), float32."""
        return self.mean.float(), (self.spread / self.count).float()


def laid_out(x: Tensor) -> Tensor:
    """Channels last, which convolutions prefer."""
    return x.contiguous(memory_format=torch.channels_last)
