"""Other rules backwards: other graphs of the same network, against Captum and against paper."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from timm.layers.norm_act import BatchNormAct2d
from torch import nn

from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options
from phosphene.networks.network import Network
from phosphene.networks.zoo import Architecture
from tests.methods.saliency.pictures import case_of, last, relative, single
from tests.networks.random_weights import SOURCE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    captum = pytest.importorskip("captum.attr")

PEERS = {"guided_backpropagation": "GuidedBackprop", "deconvolution": "Deconvolution"}


def small(act=nn.ReLU):
    """Three convolutions, a pool and a classifier of three classes."""
    torch.manual_seed(0)
    layers = [
        ("conv1", nn.Conv2d(3, 8, 3, padding=1)),
        ("act1", act()),
        ("conv2", nn.Conv2d(8, 8, 3, padding=1, stride=2)),
        ("act2", act()),
        ("conv3", nn.Conv2d(8, 6, 3, padding=1)),
        ("act3", act()),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("head", nn.Linear(6, 3)),
    ]
    return nn.Sequential(OrderedDict(layers))


def network_of(body):
    classes = ("one", "two", "three")
    architecture = Architecture(body, (0.5,) * 3, (0.25,) * 3, classes, default_tap="act2")
    cpu = torch.device("cpu")
    return Network("small", architecture, source=SOURCE, device=cpu, dtype=torch.float32)


def picture(seed=1, side=24):
    return torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(seed))


def ours(name, network, x, target="two"):
    return last(ATTRIBUTIONS[name].run(case_of(network, x, target), Options())).values


class Normal(nn.Module):
    """A model of pictures in [0, 1], cut off after a layer, as Captum takes one."""

    def __init__(self, body, until=None):
        super().__init__()
        names = [name for name, _ in body.named_children()]
        self.body = body[: names.index(until) + 1] if until else body

    def forward(self, x):
        return self.body((x - 0.5) / 0.25)


def theirs(name, body, x, target, until=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its hooks
        method = getattr(captum, PEERS[name])(Normal(body, until).eval())
        return method.attribute(x.clone().requires_grad_(), target=target).detach()


@pytest.mark.parametrize("name", PEERS)
def test_they_are_captums_on_a_network_of_plain_relus(name):
    for seed in range(5):
        x = picture(seed)
        for index, target in enumerate(("one", "two")):
            found = ours(name, network_of(small()), x, target)
            assert relative(found, theirs(name, small(), x, index)) < 1e-4


@pytest.mark.parametrize("name", PEERS)
def test_they_ask_about_an_inner_unit_too(name):
    network, x = network_of(small()), picture()
    with torch.no_grad():
        channel = int(network.acts(x, ["act3"])["act3"][0, :, 6, 6].argmax())
    found = ours(name, network, x, f"act3:{channel}@center")
    assert relative(found, theirs(name, small(), x, (channel, 6, 6), "act3")) < 1e-4


def test_on_relu6_a_gradient_passes_between_0_and_6_alone():
    """One pixel, one channel after the other, worked out by hand."""
    body = nn.Sequential(
        OrderedDict(
            first=nn.Conv2d(3, 4, 1, bias=False),
            act=nn.ReLU6(),
            second=nn.Conv2d(4, 2, 1, bias=False),
            last=nn.ReLU6(),
        )
    )
    with torch.no_grad():
        # Inputs are normalized to (2, 2, 2): before the ReLUs stand 2, -2, 8 and 1.
        body[0].weight.copy_(
            torch.tensor([[1.0, 0, 0], [0, -1, 0], [0, 0, 4], [0.5, 0, 0]])[..., None, None]
        )
        body[2].weight.copy_(torch.tensor([[1.0, 3, 0.25, -0.5], [0, 0, 0, 0]])[..., None, None])
    architecture = Architecture(body, (0.5,) * 3, (0.25,) * 3, default_tap="act")
    cpu = torch.device("cpu")
    network = Network("hand", architecture, source=SOURCE, device=cpu, dtype=torch.float32)
    x = torch.ones((1, 3, 32, 32))
    # The target reads every place's mean, so a pixel counts for a share of 1024; 4 is 1 / 0.25.
    share = 4 / 1024
    values = {name: ours(name, network, x, "last:0") for name in ("gradient", *PEERS)}
    by_channel = {name: value[0, :, 5, 5] / share for name, value in values.items()}
    # 2 + 1.5 - 0.5 = 3 is open: the gradients at the inner ReLUs are 1, 3, 0.25 and -0.5.
    assert by_channel["gradient"].tolist() == pytest.approx([1 - 0.25, 0, 0])
    assert by_channel["guided_backpropagation"].tolist() == pytest.approx([1, 0, 0])
    assert by_channel["deconvolution"].tolist() == pytest.approx([1, -3, 1])


@pytest.mark.parametrize("name", PEERS)
def test_relus_called_as_functions_and_inside_norms_obey_too(name):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.norm = BatchNormAct2d(3)
            self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
            self.conv2 = nn.Conv2d(8, 3, 3, padding=1)
            self.norm.running_mean.uniform_(-0.5, 0.5)
            self.norm.running_var.uniform_(0.5, 2)

        def forward(self, x):
            x = F.relu(self.conv1(self.norm(x)), inplace=False)
            return F.relu(self.conv2(x)).mean((2, 3))

    class Modules(Mixed):
        """The same of modules, as Captum needs it."""

        def __init__(self):
            super().__init__()
            self.bare = nn.BatchNorm2d(3)
            self.bare.load_state_dict(self.norm.state_dict())
            self.acts = nn.ModuleList(nn.ReLU() for _ in range(3))

        def forward(self, x):
            x = self.acts[0](self.bare((x - 0.5) / 0.25))
            return self.acts[2](self.conv2(self.acts[1](self.conv1(x)))).mean((2, 3))

    x = picture()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method = getattr(captum, PEERS[name])(Modules().eval())
        expected = method.attribute(x.clone().requires_grad_(), target=1).detach()
    assert relative(ours(name, network_of(Mixed()), x), expected) < 1e-4


def test_a_network_without_relus_gives_its_gradient_and_says_so():
    network, x = network_of(small(nn.GELU)), picture()
    for name in PEERS:
        estimate = last(ATTRIBUTIONS[name].run(case_of(network, x, "two"), Options()))
        assert estimate.metrics["ReLUs with this rule"] == 0
        assert relative(estimate.values, ours("gradient", network, x)) < 1e-6


def test_relus_behind_the_target_are_not_counted():
    case = case_of(network_of(small()), picture(), "act2:1")
    estimate = last(ATTRIBUTIONS["deconvolution"].run(case, Options()))
    assert estimate.metrics["ReLUs with this rule"] == 2


def test_the_network_stays_as_it_is_and_its_weights_are_shared():
    case = single()
    network = case.network
    modules = [(name, type(module)) for name, module in network.named_modules()]
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    before = last(ATTRIBUTIONS["gradient"].run(case, Options())).values
    for name in PEERS:
        last(ATTRIBUTIONS[name].run(case, Options()))
    guided = network.with_backward("guided")
    assert guided is network.with_backward("guided")
    assert all(a is b for a, b in zip(guided.parameters(), network.parameters(), strict=True))
    assert [(name, type(module)) for name, module in network.named_modules()] == modules
    assert all(torch.equal(weights[name], value) for name, value in network.state_dict().items())
    assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())
    assert torch.equal(before, last(ATTRIBUTIONS["gradient"].run(case, Options())).values)
    with torch.no_grad():
        assert torch.equal(guided.logits(case.x), network.logits(case.x))
