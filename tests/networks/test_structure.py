"""What is known without weights: the same taps as a loaded network has, sensible defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import phosphene
from phosphene import InputError, load_network
from phosphene.networks import zoo
from phosphene.networks.registry import REGISTRY
from phosphene.networks.structure import structure


@pytest.mark.parametrize("name", zoo.EMBEDDED)
def test_a_loaded_network_has_the_taps_that_were_listed_without_its_weights(name):
    network, listed = load_network(name, device="cpu"), structure(name)
    assert dict(listed.taps) == dict(network.taps)
    assert listed.default_tap == network.default_tap
    assert listed.classes == network.classes


def test_it_is_made_once_and_holds_no_weights():
    known = structure("efficientnet_lite1")
    assert structure("efficientnet_lite1") is known
    assert all(parameter.is_meta for parameter in known.body.parameters())


@pytest.mark.parametrize(
    ("name", "tap"),
    [
        ("efficientnet_lite0", "blocks.4"),
        ("vgg19", "relu4_2"),
        ("timm/efficientnet_b0", "blocks.4"),
        ("timm/mobilenetv3_large_100", "blocks.4"),
        ("timm/seresnet50", "layer3"),
        ("timm/resnet50", "layer3"),
        ("timm/regnety_008", "s3"),
        ("timm/densenet121", "features.denseblock3"),
        ("timm/convnext_atto", "stages.2"),
        ("timm/inception_v3", "Mixed_6e"),
        ("timm/vit_tiny_patch16_224", "blocks.7"),
        ("timm/swin_tiny_patch4_window7_224", "layers.2"),
    ],
)
def test_the_default_tap_is_about_two_thirds_down(name, tap):
    assert structure(name).default_tap == tap


def test_a_gate_of_squeeze_and_excitation_leaves_maps_their_places():
    gated, plain = structure("timm/seresnet50").tap("layer3"), structure("timm/resnet50")
    assert gated == plain.tap("layer3")
    assert structure("timm/resnet50").taps["global_pool"].receptive_field is None


def test_a_network_of_fixed_size_takes_any_picture_and_counts_in_its_own_pixels():
    vit = structure("timm/vit_tiny_patch16_224")
    assert vit.side == 224
    assert vit.taps["blocks.7"].stride == 16
    assert vit.taps["blocks.7"].channels == 192
    assert vit.taps["patch_embed"].receptive_field == 16
    assert vit.taps["blocks.0"].receptive_field == 224
    assert vit.taps["blocks.7"].min_side == 16
    assert structure("timm/resnet50").side is None


@pytest.mark.parametrize("name", ["timm/naflexvit_base_patch16_gap", "timm/test_vit4"])
def test_what_cannot_be_followed_is_told_in_one_sentence(name, monkeypatch):
    if name == "timm/test_vit4":
        monkeypatch.setattr("timm.models.VisionTransformer.forward", lambda s, x: s if x else x)
    with pytest.raises(InputError, match="cannot be followed layer by layer; choose another"):
        structure.__wrapped__(name)


def test_an_unknown_network_is_named_with_its_neighbours():
    with pytest.raises(InputError, match="did you mean vgg19"):
        structure("vgg91")


def test_listing_leaves_the_default_device_alone():
    structure.__wrapped__("vgg19")
    assert torch.zeros(1).device.type == "cpu"


def test_the_embedded_networks_are_listed_by_hand_in_the_zoo_and_the_registry_alone():
    package = Path(phosphene.__file__).parent
    lists = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "efficientnet_lite1" in path.read_text(encoding="utf-8")
    ]
    assert lists == ["networks/zoo.py"]
    one_pass = {name for name, row in REGISTRY.items() if ".onnx" in row.embedded.file}
    assert set(zoo.EMBEDDED) == set(REGISTRY) - one_pass
