"""Which features count, and what is said of a layer."""

from __future__ import annotations

import torch

from phosphene import load_network
from phosphene.methods.feature_inversion.targets import depth_note, strongest_mask


def test_strongest_keeps_the_share_asked_for():
    values = torch.arange(-30.0, 70.0).view(1, 1, 10, 10)
    assert strongest_mask(values, 10).sum() == 10
    assert strongest_mask(values, 100).all()


def test_a_note_tells_the_facts_of_a_layer():
    vgg, lite = (load_network(name, device="cpu") for name in ("vgg19", "efficientnet_lite0"))
    assert depth_note(vgg, "relu1_1") == "stride 1, sees 3×3 pixels, 64 channels"
    assert depth_note(vgg, "relu4_1") == "stride 8, sees 68×68 pixels, 512 channels"
    assert depth_note(lite, "logits") == "sees the whole picture, 1000 numbers without places"
