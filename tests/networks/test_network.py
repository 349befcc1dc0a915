"""Frozen networks: right against timm and torchvision, truncated, shared without mixing."""

from __future__ import annotations

from itertools import zip_longest

import pytest
import timm
import torch
from PIL import Image

from phosphene import InputError, images, load_network
from phosphene.networks import walks, weights
from tests.pictures import PANDA


@pytest.fixture(scope="module")
def lite0():
    return load_network("efficientnet_lite0", device="cpu")


@pytest.fixture(scope="module")
def vgg():
    return load_network("vgg19", device="cpu")


@pytest.fixture(scope="module")
def panda():
    return images.to_tensor(images.load(PANDA, 224))


def timm_lite0():
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = weights.load(weights.fetch("efficientnet_lite0"), torch.device("cpu"))
    model.load_state_dict(dict(zip(model.state_dict(), state.values(), strict=True)))
    return model


def test_it_knows_a_panda(lite0, panda):
    verdict = lite0.verdict(panda)
    assert next(iter(verdict)) == "giant panda"
    assert verdict["giant panda"] > 0.9
    assert len(verdict) == 5


def test_outputs_equal_those_of_timm_before_folding(lite0, panda):
    reference = timm_lite0()
    with torch.no_grad():
        expected = reference((panda - 0.5) / 0.5)
        found = lite0.logits(panda)
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.parametrize("tap", ["bn1", "blocks.0", "blocks.2.1", "blocks.4", "bn2"])
def test_activations_equal_those_that_a_hook_sees_in_timm(lite0, panda, tap):
    reference, seen = timm_lite0(), []
    reference.get_submodule(tap).register_forward_hook(lambda m, i, out: seen.append(out.clone()))
    with torch.no_grad():
        reference((panda - 0.5) / 0.5)
        found = lite0.acts(panda, [tap])[tap]
    assert found.shape == seen[0].shape
    assert (found - seen[0]).abs().max() < 1e-4 * seen[0].abs().max()


def test_vgg_sees_what_caffe_saw(vgg, panda):
    """BGR, 0 to 255, the mean color subtracted: computed here by hand for the first layer."""
    state = weights.load(weights.fetch("vgg19"), torch.device("cpu"))
    rgb = panda * 255 - torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
    expected = torch.nn.functional.conv2d(
        rgb, state["conv1_1.weight"].float(), state["conv1_1.bias"].float(), padding=1
    ).relu()
    with torch.no_grad():
        found = vgg.acts(panda, ["relu1_1"])["relu1_1"].float()
    error = (found - expected).norm() / expected.norm()
    assert error < (0.01 if vgg.dtype == torch.bfloat16 else 1e-5)


def test_taps_come_in_order_with_their_geometry(vgg, lite0):
    assert list(vgg.taps)[:5] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"]
    assert list(vgg.taps)[-1] == "pool5"
    # By the usual recurrence over 3x3 convolutions and 2x2 pools.
    assert (vgg.taps["relu1_1"].receptive_field, vgg.taps["relu2_1"].receptive_field) == (3, 10)
    assert (vgg.taps["relu5_1"].receptive_field, vgg.taps["relu5_1"].stride) == (156, 16)
    assert lite0.taps["blocks.4"].channels == 112
    assert lite0.taps["blocks.4"].stride == 16
    assert lite0.taps["global_pool"].receptive_field is None
    assert list(lite0.taps)[-2:] == ["logits", "probabilities"]
    assert lite0.default_tap in lite0.taps


@pytest.mark.parametrize("tap", ["relu2_2", "relu3_1"])
def test_the_receptive_field_is_what_the_gradient_says(vgg, tap):
    field = vgg.taps[tap].receptive_field
    side = 2 * field + 33
    x = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    maps = vgg.acts(x, [tap])[tap]
    middle = maps.shape[-1] // 2
    maps[0, :, middle, middle].float().sum().backward()
    along = x.grad.abs().sum(dim=(0, 1, 2))
    touched = (along > 1e-6 * along.max()).nonzero().flatten()  # but for rounding
    extent = int(touched.max() - touched.min()) + 1
    assert field - vgg.taps[tap].stride <= extent <= field


def test_nothing_is_computed_past_the_last_tap(lite0):
    walk = lite0._walk(("blocks.1",))
    targets = {str(n.target) for n in walk.graph.nodes if n.op == "call_module"}
    assert any(t.startswith("blocks.1") for t in targets)
    assert not any(t.startswith("blocks.2") or t == "classifier" for t in targets)


def test_weights_are_frozen_and_get_no_gradient(lite0, panda):
    x = panda.clone().requires_grad_()
    lite0.acts(x, ["blocks.2"])["blocks.2"].sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for p in lite0.parameters())
    assert not any(m._forward_hooks or m._backward_hooks for m in lite0.modules())


def test_a_tap_is_not_overwritten_by_what_follows(lite0, panda):
    alone = lite0.acts(panda, ["blocks.1.0"])["blocks.1.0"]
    along = lite0.acts(panda, ["blocks.1.0", "blocks.3"])["blocks.1.0"]
    assert torch.equal(alone, along)
    assert (lite0.acts(panda, ["conv_stem"])["conv_stem"] < 0).any()


def test_probabilities_sum_to_one_and_logits_do_not(lite0, panda):
    found = lite0.acts(panda, ["probabilities", "global_pool"])
    assert found["probabilities"].sum().item() == pytest.approx(1, abs=1e-5)
    assert found["global_pool"].shape == (1, 1280)


def test_interleaved_streams_on_one_network_equal_sequential_ones(lite0):
    from phosphene import dream

    def run(tap):
        picture = Image.open(PANDA).resize((96, 96))
        return dream(picture, layer=tap, size=96, octaves=1, steps=3, device="cpu")

    alone = [[*run(tap)][-1].image.tobytes() for tap in ("blocks.2", "blocks.3")]
    first, second = run("blocks.2"), run("blocks.3")
    mixed = [None, None]
    for frames in zip_longest(first, second):  # how many there are depends on the time they take
        mixed = [new or old for new, old in zip(frames, mixed, strict=True)]
    assert [frame.image.tobytes() for frame in mixed] == alone


def test_unknown_taps_and_small_pictures_are_named_with_a_remedy(lite0, panda):
    with pytest.raises(InputError, match=r"blocks\.4\.9.*did you mean.*blocks\.4\.2"):
        lite0.acts(panda, ["blocks.4.9"])
    with pytest.raises(InputError, match=r"20×20; blocks\.5 needs at least 64×64"):
        lite0.check_size("blocks.5", 20, 20)
    with pytest.raises(InputError, match="not there; choose cpu"):
        load_network(device="cuda:99")


def test_classes_are_found_by_index_name_synonym_and_neighbours(lite0, vgg):
    assert lite0.find_class("giant panda") == lite0.find_class(388) == 388
    assert lite0.find_class("coon bear") == 388
    assert lite0.label(388) == "giant panda"
    assert lite0.label(134) != lite0.label(517)  # the crane that flies, the crane that lifts
    with pytest.raises(InputError, match="giant panda"):
        lite0.find_class("pandaa")
    with pytest.raises(InputError, match="has no classes"):
        vgg.find_class("panda")


@pytest.mark.parametrize(
    "name", ["²", "１２", "½", "٣", "9" * 5000, "-1", "1e2", "0x1", " ", "1_0"]
)
def test_only_plain_digits_are_the_number_of_a_class(lite0, name):
    with pytest.raises(InputError, match="unknown class"):
        lite0.find_class(name)
    assert lite0.find_class("7") == lite0.find_class(7) == 7


def test_graphs_are_one_for_any_order_of_layers_and_bounded(lite0, panda, monkeypatch):
    names = ["blocks.1", "blocks.2", "blocks.0"]
    small = panda[..., :64, :64]
    first, second = lite0.acts(small, names), lite0.acts(small, names[::-1])
    assert list(first) == names
    assert list(second) == names[::-1]
    assert all(torch.equal(first[name], second[name]) for name in names)
    assert lite0._walk(tuple(names)) is lite0._walk(tuple(names[::-1]))
    one = lite0.split(small, "blocks.0", ["blocks.2", "blocks.1"])[1]
    assert list(one(lite0.split(small, "blocks.0", ["blocks.1"])[0])) == ["blocks.2", "blocks.1"]
    assert lite0._split("blocks.0", ("blocks.2", "blocks.1")) is lite0._split(
        "blocks.0", ("blocks.1", "blocks.2")
    )
    monkeypatch.setattr(walks, "KEPT", 3)
    for name in list(lite0.taps)[:8]:
        lite0._walk((name,))
    assert len(lite0._walks) == 3
    assert (list(lite0.taps)[7],) in lite0._walks
