"""What is compared: what suits a network, and what is said instead."""

from __future__ import annotations

import pytest

from phosphene import InputError, load_network
from phosphene.methods.style_transfer.spec import COLOR_WEIGHT, StyleSpec, parse_layers


def test_a_network_gets_what_suits_it_unless_something_else_is_said():
    vgg, lite = (load_network(name, device="cpu") for name in ("vgg19", "efficientnet_lite0"))
    classic, quick = (StyleSpec.of(net, {"style": 0.5}) for net in (vgg, lite))
    assert (classic.content, classic.soft, classic.weights) == ("relu4_2", False, {"style": 0.5})
    assert (quick.soft, quick.weights["colors"]) == (True, COLOR_WEIGHT / 2)
    plain = StyleSpec.of(lite, {"style": 1.0}, soft=False, content="bn1", style={"bn1": 1.0})
    assert (plain.soft, plain.content, plain.layers) == (False, "bn1", ["bn1"])
    assert "colors" not in plain.weights


@pytest.mark.parametrize("weights", [{"style": 0.0}, {"style": 0.0, "tv": 0.0, "dream": 0.0}])
def test_a_spec_without_any_weight_is_refused(weights):
    with pytest.raises(InputError, match="all weights are zero"):
        StyleSpec.of(load_network("vgg19", device="cpu"), weights)


def test_layers_are_read_with_their_weights():
    assert parse_layers("relu1_1 256, relu2_1:64; relu3_1") == {
        "relu1_1": 256.0,
        "relu2_1": 64.0,
        "relu3_1": 1.0,
    }
