"""Class activation maps: which layer is asked, how far back, and what they say of none."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from phosphene import InputError
from phosphene.methods.saliency.cams import maps, places, with_places
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options
from phosphene.networks.network import Network
from phosphene.networks.zoo import Architecture
from tests.methods.saliency.pictures import case_of, last, relative, single
from tests.networks.random_weights import SOURCE, noise, pair

CAMS = ("grad_cam", "grad_cam_plus_plus", "layer_cam")


@pytest.fixture(scope="module")
def transformer():
    network, _ = pair("timm/vit_tiny_patch16_224")
    return network


def test_by_default_the_deepest_maps_before_the_pool_are_asked():
    case = single()
    assert places(case, Options()) == "bn2"
    assert case.network.layout(places(case, Options())).channels == 1280


def test_an_inner_target_asks_the_layer_that_it_is_in():
    case = single("blocks.3:7")
    assert places(case, Options()) == "blocks.3"
    found = last(ATTRIBUTIONS["grad_cam"].run(case, Options())).values
    with torch.no_grad():
        channel = case.network.acts(case.x, ["blocks.3"])["blocks.3"][:, 7:8]
    size = tuple(channel.shape[-2:])
    expected = nn.functional.interpolate(channel.relu(), case.x.shape[-2:], mode="bilinear")
    assert relative(found, expected / (size[0] * size[1])) < 1e-4


@pytest.mark.parametrize("layer", ["bn2", "blocks.2", "blocks.3.1.conv_dw"])
def test_gradients_at_a_layer_are_those_of_the_whole_network(layer):
    """Also inside a block, which a shortcut passes by."""
    case = single()
    activations, gradients = maps(case, layer)
    x = case.x.clone().requires_grad_()
    acts = case.network.acts(x, [layer, "logits"])
    (expected,) = torch.autograd.grad(case.total(acts).sum(), acts[layer])
    assert relative(activations, acts[layer].detach()) < 1e-5
    assert relative(gradients, expected) < 1e-3


def test_nothing_is_differentiated_before_the_layer():
    """What is split off is all that a pass back goes through."""
    case = single()
    value, rest = case.network.split(case.x.clone().requires_grad_(), "bn2", ["logits"])
    assert not value.requires_grad
    _, second = case.network._split("bn2", ("logits",))
    run = [node.target for node in second.graph.nodes if node.op == "call_module"]
    assert not any(str(target).startswith(("blocks", "conv_stem")) for target in run)
    with torch.no_grad():
        assert torch.equal(rest(value)["logits"], case.network.acts(case.x, ["logits"])["logits"])


@pytest.mark.parametrize("name", CAMS)
def test_maps_have_the_pictures_size_and_are_not_negative(name):
    values = last(ATTRIBUTIONS[name].run(single(), Options())).values
    assert values.shape == (1, 1, 96, 96)
    assert values.min() >= 0
    assert values.max() > 0


@pytest.mark.parametrize("name", CAMS)
def test_tokens_are_asked_where_they_lie_and_where_the_class_token_reads_them(name, transformer):
    case = case_of(transformer, noise(128, 160), "koala")
    # The class token alone is read behind the last block: its other tokens say nothing.
    layer = places(case, Options())
    assert layer == "blocks.10"
    activations, gradients = maps(case, layer)
    assert activations.shape == gradients.shape == (1, 192, 14, 14)
    values = last(ATTRIBUTIONS[name].run(case, Options())).values
    assert values.shape == (1, 1, 128, 160)


def test_tokens_that_do_not_count_are_refused_by_name(transformer):
    case = case_of(transformer, noise(128, 128), "koala")
    with pytest.raises(InputError, match=r"places of blocks.11 have no say.*choose blocks.10"):
        places(case, Options(layer="blocks.11"))


@pytest.mark.parametrize(
    ("target", "layer", "words"),
    [
        ("koala", "global_pool", r"global_pool has no places; choose a layer with maps, as bn2"),
        ("koala", "blocks.77", r"unknown tap"),
        ("blocks.2:3", "blocks.4", r"is not computed from blocks.4; .* as blocks.2"),
    ],
)
def test_a_layer_that_cannot_answer_is_named_with_a_remedy(target, layer, words):
    with pytest.raises(InputError, match=words):
        places(single(target), Options(layer=layer))


def test_a_network_without_places_is_named_with_a_remedy():
    body = nn.Sequential(
        OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), head=nn.Linear(3, 2))
    )
    architecture = Architecture(body, (0.5,) * 3, (0.5,) * 3, ("one", "two"), default_tap="flat")
    cpu = torch.device("cpu")
    network = Network("flat", architecture, source=SOURCE, device=cpu, dtype=torch.float32)
    case = case_of(network, noise(32, 32), "two")
    assert with_places(case) == []
    for name in CAMS:
        with pytest.raises(InputError, match="no layer with places; choose a convolutional"):
            last(ATTRIBUTIONS[name].run(case, Options()))
