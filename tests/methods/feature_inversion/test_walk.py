"""The walk: every layer at once, each as it would be alone."""

from __future__ import annotations

import math

import numpy as np

import phosphene
from phosphene import load_network
from phosphene.methods.feature_inversion.route import in_order, route
from phosphene.methods.feature_inversion.targets import settings
from tests.pictures import PALACE

SMALL = {"size": 64, "device": "cpu"}
LITE = {"size": 96, "device": "cpu", "network": "efficientnet_lite0"}


def last(frames):
    *_, frame = frames
    return frame


def test_deeper_layers_keep_less():
    frame = last(
        phosphene.invert_layers(PALACE, layers=("relu4_1", "relu1_1", "relu3_1"), steps=64, **SMALL)
    )
    (table,) = frame.tables
    assert table.columns == ("layer", "likeness in dB (PSNR)", "features still off")
    assert [row[0] for row in table.rows] == ["relu1_1", "relu3_1", "relu4_1"]
    decibels = [row[1] for row in table.rows]
    assert decibels == sorted(decibels, reverse=True)
    assert decibels[0] > decibels[-1] + 5
    assert [dict(panel.sets) for panel in frame.panels] == [
        {},
        {"layer": "relu1_1", "network": "vgg19"},
        {"layer": "relu3_1", "network": "vgg19"},
        {"layer": "relu4_1", "network": "vgg19"},
    ]


def test_the_walk_finds_what_each_layer_finds_alone():
    layers = ("blocks.0.0", "blocks.2.1")
    walk = last(phosphene.invert_layers(PALACE, layers=layers, steps=24, **LITE))
    net = load_network(LITE["network"], device="cpu")
    for layer, panel in zip(layers, walk.panels[1:], strict=True):
        steps = math.ceil(24 * settings(net, layer).iteration_factor)
        alone = last(phosphene.invert(PALACE, layer=layer, steps=steps, **LITE))
        assert np.abs(np.asarray(panel.image, float) - np.asarray(alone.image, float)).max() <= 1


def test_the_first_poster_comes_with_the_first_layer_and_holds_room_for_all():
    layers = ("blocks.0.0", "blocks.2.1", "blocks.4.2")
    frames = phosphene.invert_layers(PALACE, layers=layers, steps=4, **LITE)
    first, *_, whole = frames
    assert first.step == 1
    assert first.image.size == whole.image.size
    assert np.array(first.image).std() > 0, "the photograph is on it"


def test_the_first_poster_knows_how_long_the_walk_is():
    layers = ("blocks.0.0", "blocks.2.1", "classifier")
    frames = phosphene.invert_layers(PALACE, layers=layers, steps=12, **LITE)
    first, *_, whole = frames
    assert first.step < first.steps
    assert whole.step == whole.steps <= first.steps, "a picture that stands still ends early"
    net = load_network(LITE["network"], device="cpu")
    suited = {layer: settings(net, layer) for layer in layers}
    assert {bool(one.jitter) for one in suited.values()} == {True, False}, "both ways to descend"


def test_two_networks_walk_side_by_side():
    frame = last(
        phosphene.invert_layers(
            PALACE, versus="efficientnet_lite0", count=2, steps=8, size=96, device="cpu"
        )
    )
    captions = [panel.caption for panel in frame.panels]
    assert [len(table.rows) for table in frame.tables] == [2, 2]
    assert sum("vgg19" in caption for caption in captions) == 2
    assert sum("efficientnet_lite0" in caption for caption in captions) == 2


def test_a_walk_begins_with_the_photograph_and_skips_what_looks_like_it():
    net = load_network("vgg19", device="cpu")
    layers = route(net, 10)
    assert len(set(layers)) == 10
    assert list(layers) == list(in_order(net, layers))
    assert [name for name in layers if name < "relu3"] == ["relu1_1"]
    assert set(route(net, 6)) < set(layers)
    assert len(route(net, 16)) == 16


def test_every_network_of_a_kind_has_the_layers_of_its_walk():
    for name in ("efficientnet_lite0", "vgg19"):
        net = load_network(name, device="cpu")
        assert set(route(net, 10)) <= set(net.taps)
