"""3x3 convolutions with a quarter of the multiplications: F(4x4, 3x3) of Lavin and Gray.

Fast Algorithms for Convolutional Neural Networks, arXiv 1509.09308. PyTorch multiplies the plain
way on a CPU, and a dense network in float32 is little but these convolutions. Here a picture is
seen as tiles of 6x6, each giving 4x4 results. Tiles and kernels are polynomials, known by their
values at 6x6 points, where a convolution is a product point by point.

`python benchmarks/style.py worth` shows what it is worth: without it a step of VGG-19 took 1.64
times as long at 256 pixels and 1.25 times at 512, on two cores with AVX-512. Where a network is
prepared, PHOSPHENE_PLAIN_CONVOLUTIONS=1 turns it off.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

TILE, WINDOW = 4, 6
"""Results of a tile along a side, and what they are made from."""
MIN_TILES, BAND = 16, 512
"""Tiles of a picture from which this pays (fewer read the kernels too seldom), and at a time."""
CHANNELS = 128
"""Channels from which it pays: below, the way to the points and back costs what is saved."""

# (p, q) stands for p / q, (1, 0) for infinity. Turning a kernel by half a turn and the sign of
# every second weight takes its value at x to that at -1 / x, which is the partner's: so the way
# back is the way there, with rows exchanged. In float32 these points lose one digit.
_POINTS = ((0, 1), (1, 1), (-1, 1), (1, 2), (-2, 1), (1, 0))
_PARTNERS = (5, 2, 1, 4, 3, 0)


def _powers(count: int) -> Tensor:
    """The values of the first `count` powers at each point."""
    values = [[p**k * q ** (count - 1 - k) for k in range(count)] for p, q in _POINTS]
    return torch.tensor(values, dtype=torch.float64)


def _alternating(count: int) -> Tensor:
    return torch.tensor([(-1.0) ** k for k in range(count)], dtype=torch.float64)


def _plane(line: Tensor) -> Tensor:
    """A map of lines as a map of squares, rows first."""
    return torch.kron(line, line)


# Zeros that came out as 1e-17 are zeros: their products are too small for a processor to be quick.
_there, _back = torch.linalg.inv(_powers(WINDOW)).T.round(decimals=12), _powers(TILE).T
_KERNEL = _plane(_powers(3))
FORWARD = _plane(_there).float(), _plane(_back).float()
BACKWARD = (
    _plane((_there * _alternating(WINDOW))[_PARTNERS, :]).float(),
    _plane((_back * _alternating(TILE)[:, None])[:, _PARTNERS]).float(),
)


class Winograd(nn.Conv2d):
    """A frozen 3x3 convolution; on a CPU in float32 it goes the short way, elsewhere the plain."""

    def __init__(self, conv: nn.Conv2d) -> None:
        """Take over the weights of a convolution that `suits`."""
        super().__init__(conv.in_channels, conv.out_channels, 3, padding=1, device="meta")
        self.weight, self.bias = conv.weight, conv.bias
        self.values: Tensor | None
        self.register_buffer("values", None, persistent=False)

    @staticmethod
    def suits(module: nn.Module) -> bool:
        """Whether a module can be replaced, and would gain by it."""
        return (
            type(module) is nn.Conv2d
            and module.kernel_size == (3, 3)
            and module.stride == module.dilation == module.padding == (1, 1)
            and module.groups == 1
            and module.padding_mode == "zeros"
            and min(module.in_channels, module.out_channels) >= CHANNELS
        )

    def kernels(self) -> Tensor:
        """The weights' values at the points (36, C, K), computed when first needed."""
        if self.values is None:
            flat = self.weight.detach().double().permute(2, 3, 1, 0).flatten(0, 1).flatten(1)
            values = (_KERNEL @ flat).float()
            self.values = values.view(WINDOW**2, self.in_channels, self.out_channels)
        return self.values

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) -> (N, K, H, W)."""
        tiles = x.shape[0] * _tiles(x.shape[2]) * _tiles(x.shape[3])
        if x.device.type != "cpu" or x.dtype != torch.float32 or tiles < MIN_TILES:
            return super().forward(x)
        result: Tensor = _Convolution.apply(x, self.kernels(), self.bias)
        return result


class _Convolution(torch.autograd.Function):
    """The convolution, differentiable in the picture alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor, bias: Tensor | None) -> Tensor:
        """Maps (N, C, H, W) -> (N, K, H, W)."""
        ctx.kernels = kernels
        maps = _convolved(x, kernels, *FORWARD)
        return maps if bias is None else maps.add_(bias[:, None, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The same with the kernels turned."""
        return _convolved(gradient, ctx.kernels.mT, *BACKWARD), None, None


def _convolved(x: Tensor, kernels: Tensor, there: Tensor, back: Tensor) -> Tensor:
    """Maps (N, C, H, W) by kernels (36, C, K): to the points, multiplied, and back."""
    rows = x.permute(0, 2, 3, 1)  # as channels-last lies in memory
    count, height, width, channels = rows.shape
    tall, wide = _tiles(height), _tiles(width)
    below, right = (TILE * tiles + 1 for tiles in (tall, wide))
    padded = F.pad(rows, (0, 0, 1, right - width, 1, below - height))
    shape = count, kernels.shape[2], TILE * tall, TILE * wide
    maps = torch.empty(shape, dtype=x.dtype, memory_format=torch.channels_last)
    into = maps.permute(0, 2, 3, 1).view(count, tall, TILE, wide, TILE, -1)
    band = max(1, BAND // (count * wide))
    for top in range(0, tall, band):
        window = padded[:, TILE * top : TILE * (top + band) + WINDOW - TILE]
        tiles = window.unfold(1, WINDOW, TILE).unfold(2, WINDOW, TILE).permute(0, 1, 2, 4, 5, 3)
        values = there @ tiles.reshape(-1, WINDOW**2, channels)
        products = torch.bmm(values.transpose(0, 1), kernels)
        results = (back @ products.transpose(0, 1)).view(*tiles.shape[:3], TILE, TILE, -1)
        into[:, top : top + band] = results.transpose(2, 3)
    if (height, width) == shape[2:]:
        return maps  # no view of it: whoever comes next may work in place
    return maps[:, :, :height, :width].clone(memory_format=torch.channels_last)


def _tiles(side: int) -> int:
    return -(-side // TILE)
