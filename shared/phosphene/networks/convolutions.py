"""Convolutions of a network that paints in one pass: quicker forms of them, whole or by rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Convolution:
    """A convolution with `edge` pixels around its input, whose channels may be parts of pixels.

    With `grow` 2, four channels in a row are the four pixels of a square.
    """

    kernel: Tensor
    bias: Tensor | None
    edge: int
    border: str = "reflect"
    stride: int = 1
    grow: int = 1

    def __call__(self, x: Tensor) -> Tensor:
        """The whole of it: (N, C, H, W)."""
        edge = self.edge
        return self._of(F.pad(x, (edge, edge, edge, edge), self.border))

    def rows(
        self, source: Callable[[int, int], Tensor], height: int, top: int, bottom: int
    ) -> Tensor:
        """Rows of it, of an input of `height` rows of which `source(from, to)` gives some."""
        first = top // self.grow * self.stride - self.edge
        end = (bottom // self.grow - 1) * self.stride - self.edge + self.kernel.shape[-2]
        x = source(max(first, 0), min(end, height))
        # Only rows at the picture's border are followed by made-up ones.
        over = (self.edge, self.edge, max(-first, 0), max(end - height, 0))
        return self._of(F.pad(x, over, self.border))

    def length(self, side: int) -> int:
        """A side of the output for one of the input."""
        return side // self.stride * self.grow

    def _of(self, padded: Tensor) -> Tensor:
        x = F.conv2d(padded, self.kernel, self.bias, self.stride)
        return x if self.grow == 1 else F.pixel_shuffle(x, self.grow)


def upsampling(kernel: Tensor) -> Tensor:
    """A kernel (O, I, 3, 3) that follows a doubling of all pixels -> (4 O, I, 3, 3) without it.

    Of the three rows that it sees there, two are the same row here; so are columns. A mirrored
    border is a repeated one here.
    """
    up = torch.stack([_merged(kernel, phase, 2) for phase in (0, 1)], 1)
    both = torch.stack([_merged(up, phase, 4) for phase in (0, 1)], 2)
    return laid_out(both.flatten(0, 2))


def _merged(kernel: Tensor, phase: int, dim: int) -> Tensor:
    before, here, after = torch.split(kernel, 1, dim)
    none = torch.zeros_like(before)
    rows = (none, before + here, after) if phase else (before, here + after, none)
    return torch.cat(rows, dim)


def shifted(kernel: Tensor) -> Tensor:
    """A kernel (O, I, n, n) -> (4 O, I, n + 1, n + 1): four pixels at once, two steps apart.

    Few output channels leave most of a processor's vector idle; four times as many do not.
    """
    moves = [(column, 1 - column, row, 1 - row) for row in (0, 1) for column in (0, 1)]
    return laid_out(torch.stack([F.pad(kernel, move) for move in moves], 1).flatten(0, 1))


def moments_of(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (N, C, 1, 1) of each channel of each picture.

    `torch.var_mean` takes 15 times as long as either way here with channels last on a CPU.
    """
    if torch.is_grad_enabled() or x.device.type != "cpu" or x.shape[1] < 8:
        mean = x.mean((2, 3), keepdim=True)
        return mean, (x - mean).square().mean((2, 3), keepdim=True)
    each = [
        torch.batch_norm_update_stats(picture, None, None, 0.0) for picture in torch.split(x, 1)
    ]
    mean, variance = (torch.stack(parts)[..., None, None] for parts in zip(*each, strict=True))
    return mean, variance


def laid_out(x: Tensor) -> Tensor:
    """Channels last, which convolutions prefer."""
    return x.contiguous(memory_format=torch.channels_last)
