"""Convolutions padded as TensorFlow does, without a padded copy of the picture.

Where a stride leaves one row too few, TensorFlow puts it at the end alone, which PyTorch's
convolutions cannot, so libraries copy the whole map into a larger one, of a side that is slow to
work on. A row of zeros before the kernel does the same.

It counts for the EfficientNets. `python benchmarks/networks.py` with and without
PHOSPHENE_PLAIN_CONVOLUTIONS=1, which turns it off where a network is prepared, shows what it is
worth; no table has it by itself yet.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Same(nn.Conv2d):
    """A convolution with ceil(side / stride) results along each side."""

    def __init__(self, conv: nn.Conv2d) -> None:
        """Take over the weights of a convolution that `suits`."""
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            groups=conv.groups,
            device="meta",
        )
        self.weight, self.bias = conv.weight, conv.bias

    @staticmethod
    def suits(module: nn.Module) -> bool:
        """Whether a module is padded so."""
        from timm.layers.conv2d_same import Conv2dSame

        return isinstance(module, Conv2dSame) and set(module.dilation) == {1}

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) -> (N, K, ceil(H / stride), ceil(W / stride))."""
        sizes = zip(x.shape[2:], self.kernel_size, self.stride, strict=True)
        down, right = (_missing(*size) for size in sizes)
        weight = F.pad(self.weight, (right % 2, 0, down % 2, 0))
        padding = -(-down // 2), -(-right // 2)
        return F.conv2d(x, weight, self.bias, self.stride, padding, 1, self.groups)


def _missing(side: int, kernel: int, stride: int) -> int:
    """How many more pixels a side must have for the kernel to stand on every stride."""
    steps = -(-side // stride) - 1
    return max(0, steps * stride + kernel - side)
