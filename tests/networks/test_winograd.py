"""The short way to convolve gives what the plain one gives, forwards and backwards."""

from __future__ import annotations

import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from phosphene.networks import graphs, loading, winograd
from phosphene.networks.winograd import Winograd

CLOSE = 1e-5  # relative norm; PyTorch's own convolution is off by 2e-7 here


def frozen(inner: int, outer: int, **options: object) -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(inner, outer, 3, padding=1, **options).requires_grad_(False)  # type: ignore[arg-type]


def apart(found: torch.Tensor, exact: torch.Tensor) -> float:
    return ((found - exact).norm() / exact.norm()).item()


@pytest.mark.parametrize(
    ("shape", "bias"),
    [
        ((1, 64, 24, 24), True),
        ((2, 5, 21, 26), False),
        ((3, 16, 6, 90), True),
        ((1, 8, 210, 13), True),
    ],
)
def test_results_and_gradients_equal_a_plain_convolution_in_double(shape, bias):
    conv = frozen(shape[1], 12, bias=bias)
    x = torch.randn(shape, requires_grad=True)
    made = Winograd(conv)(x)
    exact = conv.double()(x.double())
    weight = torch.randn_like(exact)
    (slope,) = torch.autograd.grad((made * weight).sum(), x)
    (true,) = torch.autograd.grad((exact * weight).sum(), x)
    assert apart(made, exact) < CLOSE
    assert apart(slope, true) < CLOSE
    assert made.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("height", [24, 26])
def test_whoever_comes_next_may_work_in_place(height):
    x = torch.randn(1, 4, height, 24, requires_grad=True)
    short = Winograd(frozen(4, 8))
    (plain,) = torch.autograd.grad(short(x).relu().sum(), x)
    (placed,) = torch.autograd.grad(short(x).relu_().sum(), x)
    assert torch.equal(plain, placed)


def test_no_factor_of_the_ways_is_nearly_zero():
    for way in (*winograd.FORWARD, *winograd.BACKWARD):
        assert way[way != 0].abs().min() > 1e-3


def test_bands_do_not_show(monkeypatch):
    conv, x = frozen(8, 8), torch.randn(1, 8, 40, 40)
    whole = Winograd(conv)(x)
    monkeypatch.setattr(winograd, "BAND", 20)
    assert apart(Winograd(conv)(x), whole) < 1e-6


def test_what_it_keeps_beside_the_weights_is_counted_when_it_is_made():
    short = Winograd(frozen(8, 8))
    kept = loading._bytes(short)
    short(torch.randn(1, 8, 40, 40))
    assert loading._bytes(short) == kept + 4 * short.weight.nbytes
    assert "values" not in short.state_dict()


def test_small_maps_and_other_precisions_go_the_plain_way(monkeypatch):
    conv = frozen(4, 4)
    short = Winograd(conv)
    monkeypatch.setattr(winograd, "_convolved", None)
    small = torch.randn(1, 4, 12, 12)
    assert torch.equal(short(small), conv(small))
    large = torch.randn(1, 4, 64, 64, dtype=torch.float64)
    assert torch.equal(short.double()(large), conv.double()(large))


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(256, 256, 1),
        nn.Conv2d(256, 256, 3),
        nn.Conv2d(256, 256, 3, padding=1, stride=2),
        nn.Conv2d(256, 256, 3, padding=2, dilation=2),
        nn.Conv2d(256, 256, 3, padding=1, groups=2),
        nn.Conv2d(256, 256, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(3, 256, 3, padding=1),
        nn.ReLU(),
    ],
)
def test_nothing_else_is_replaced(other):
    body = nn.Sequential(other, frozen(256, 256))
    first, second = graphs.prepared(body).children()
    assert first is other
    assert isinstance(second, Winograd)


def test_an_environment_variable_leaves_convolutions_plain(monkeypatch):
    monkeypatch.setenv("PHOSPHENE_PLAIN_CONVOLUTIONS", "1")
    same = Conv2dSame(128, 128, 3, 2)
    body = graphs.prepared(nn.Sequential(frozen(128, 128), same))
    assert type(body[0]) is nn.Conv2d
    assert body[1] is same
    monkeypatch.setenv("PHOSPHENE_PLAIN_CONVOLUTIONS", "0")
    assert isinstance(graphs.prepared(body)[0], Winograd)
