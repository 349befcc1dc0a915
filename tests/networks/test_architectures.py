"""Architectures with random weights: prepared, traced and cut, they are still what timm builds."""

from __future__ import annotations

import pytest
import torch

from tests.networks.random_weights import check, noise, pair


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "regnety_002",
        "efficientnet_b0",
        "mobilenetv3_small_100",
        "convnext_atto",
        "mobilevit_xxs",
        "vit_tiny_patch16_224",
        "deit_tiny_distilled_patch16_224",
        "swin_tiny_patch4_window7_224",
        "maxvit_rmlp_pico_rw_256",
        "coatnet_nano_rw_224",
        "levit_128s",
        "xcit_nano_12_p16_224",
    ],
)
def test_logits_are_those_of_timm_and_pixels_get_a_gradient(name):
    result = check(f"timm/{name}")
    assert result.error < 1e-4
    assert result.gradient > 0
    assert len(result.shape) == 3
    assert min(result.shape[1:]) > 1


@pytest.mark.parametrize(
    ("name", "tap", "maps"),
    [
        ("timm/deit_tiny_distilled_patch16_224", "blocks.3", lambda v: tokens(v, 2, 14)),
        ("timm/swin_tiny_patch4_window7_224", "layers.1", lambda v: v.permute(0, 3, 1, 2)),
    ],
)
def test_tokens_and_rows_come_out_as_maps(name, tap, maps):
    network, model = pair(name)
    seen: list[torch.Tensor] = []
    model.get_submodule(tap).register_forward_hook(lambda m, i, out: seen.append(out))
    pictures = torch.cat([noise(224, 224), 1 - noise(224, 224)])
    with torch.no_grad():
        model((pictures - network.mean) / network.std)
        activations = network.acts(pictures, [tap])[tap]
    expected = maps(seen[0])
    assert activations.shape == expected.shape
    assert activations.shape[1] == network.taps[tap].channels
    assert (activations - expected).abs().max() < 1e-4 * expected.abs().max()


def tokens(value, prefix, side):
    return value[:, prefix:].mT.reshape(len(value), -1, side, side)


def test_a_cell_of_a_map_stands_where_its_pixels_are():
    network, _ = pair("timm/vit_tiny_patch16_224")
    x = noise(224, 224).requires_grad_()
    network.acts(x, ["patch_embed"])["patch_embed"][0, :, 3, 9].sum().backward()
    rows, columns = x.grad[0].abs().sum(0).nonzero().T
    assert (int(rows.min()), int(rows.max())) == (48, 63)
    assert (int(columns.min()), int(columns.max())) == (144, 159)


def test_a_picture_of_another_size_is_resized_inside_and_differentiable_there():
    network, _ = pair("timm/vit_tiny_patch16_224")
    x = noise(40, 300).requires_grad_()
    network.check_size("blocks.7", 40, 300)
    maps = network.acts(x, ["blocks.7"])["blocks.7"]
    assert maps.shape == (1, 192, 14, 14)
    maps.square().sum().backward()
    assert (x.grad.abs().sum(dim=(0, 1)) > 0).all()
