"""Padding as TensorFlow's, against timm's own, whatever the sides."""

from __future__ import annotations

import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from phosphene.networks.same_padding import Same

SIZES = [
    (kernel, stride, sides)
    for kernel, stride in ((3, 2), (5, 2), (5, 3), (3, 1), (2, 2), (1, 2), (7, 4))
    for sides in ((20, 21), (19, 32), (7, 8))
]


@pytest.mark.parametrize(("kernel", "stride", "sides"), SIZES)
def test_results_and_gradients_equal_those_of_timm(kernel, stride, sides):
    torch.manual_seed(0)
    conv = Conv2dSame(4, 8, kernel, stride, groups=2).requires_grad_(False).double()
    x = torch.randn(2, 4, *sides, dtype=torch.float64, requires_grad=True)
    made, wanted = Same(conv)(x), conv(x)
    assert torch.allclose(made, wanted, atol=1e-12)
    slopes = [torch.autograd.grad(result.square().sum(), x)[0] for result in (made, wanted)]
    assert torch.allclose(*slopes, atol=1e-10)


def test_only_such_convolutions_are_replaced():
    assert Same.suits(Conv2dSame(4, 4, 3, 2))
    assert not Same.suits(Conv2dSame(4, 4, 3, 2, dilation=2))
    assert not Same.suits(nn.Conv2d(4, 4, 3, 2))
