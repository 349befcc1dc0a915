"""Inversion: near the picture from shallow layers, farther from deep ones, honest about input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import phosphene
from phosphene import InputError, load_network
from phosphene.methods.feature_inversion.search import FEATURE_ERROR, LIKENESS, STRUCTURE
from phosphene.methods.feature_inversion.targets import Target
from tests.pictures import PALACE

SMALL = {"size": 64, "device": "cpu"}
LITE = {"size": 96, "device": "cpu", "network": "efficientnet_lite0"}


def last(frames):
    *_, frame = frames
    return frame


def pixels(frame):
    return np.asarray(frame.image, dtype=float) / 255


def test_the_error_falls_with_steps_and_the_picture_comes_back_from_the_first_tap():
    frames = list(phosphene.invert(PALACE, layer="relu1_1", steps=160, **SMALL))
    errors = [terms["relu1_1"] for terms in frames[-1].history]
    assert errors[-1] < 0.05 * errors[0]
    assert frames[-1].metrics[LIKENESS] > 32
    assert frames[-1].metrics[STRUCTURE] > 0.95
    assert frames[-1].verdict


def test_iterations_left_empty_suit_the_depth():
    counts = []
    for layer in ("relu2_1", "relu3_1", "relu4_1"):
        frames = phosphene.invert(PALACE, layer=layer, **SMALL)
        counts.append(next(frames).steps)
        frames.close()
    assert counts == sorted(set(counts), reverse=True)


@pytest.mark.parametrize("layer", ["blocks.2.1", "logits"])
def test_the_error_told_is_that_of_the_picture_shown(layer):
    frame = last(phosphene.invert(PALACE, layer=layer, steps=24, jitter=0, **LITE))
    net = load_network(LITE["network"], device="cpu")
    with torch.no_grad():
        target, features = (
            net.acts(phosphene.images.to_tensor(picture), [layer])[layer]
            for picture in (phosphene.images.load(PALACE, LITE["size"]), frame.image)
        )
    error = float(Target(layer, target).error(features))
    assert frame.metrics[FEATURE_ERROR] == pytest.approx(error, rel=0.03)


def test_scores_alone_bring_back_what_is_seen():
    verdict = load_network(LITE["network"], device="cpu").verdict(
        phosphene.images.to_tensor(phosphene.images.load(PALACE, 160))
    )
    frame = last(phosphene.invert(PALACE, layer="logits", steps=96, **LITE | {"size": 160}))
    assert frame.metrics[FEATURE_ERROR] < 0.7
    assert set(verdict) & set(frame.verdict)


def test_a_search_that_stands_still_ends():
    frame = last(phosphene.invert(PALACE, layer="relu1_1", steps=2000, **SMALL))
    assert frame.step == frame.steps < 1000
    assert frame.metrics[LIKENESS] > 35


def test_a_region_knows_nothing_of_what_lies_outside_of_it():
    palace = np.asarray(phosphene.images.load(PALACE, 64))
    inside, far = 16, 32  # columns; relu2_1 sees less than 16 pixels to each side
    mask = np.zeros_like(palace)
    mask[:, :inside] = 255
    other = palace.copy()
    other[:, far:] = np.random.default_rng(0).integers(0, 255, other[:, far:].shape)
    options = {"layer": "relu2_1", "region": mask, "steps": 64, **SMALL}
    result, same = (pixels(last(phosphene.invert(x, **options))) for x in (palace, other))
    assert np.abs(result - same).max() <= 1 / 255

    def decibels(columns):
        return -10 * np.log10(np.square(result - palace / 255)[:, columns].mean())

    assert decibels(slice(0, inside - 4)) > decibels(slice(far, None)) + 10


def test_fewer_activations_keep_less():
    options = {"layer": "relu2_1", "steps": 48, **SMALL}
    everything = last(phosphene.invert(PALACE, **options)).metrics[LIKENESS]
    strongest = last(phosphene.invert(PALACE, strongest=2, **options)).metrics[LIKENESS]
    few = last(phosphene.invert(PALACE, channels="0-7", **options)).metrics[LIKENESS]
    assert everything > strongest + 3
    assert everything > few + 3


def test_seeds_differ_and_their_deviation_is_shown():
    frame = last(phosphene.invert(PALACE, layer="blocks.4.2", repeats=2, steps=16, **LITE))
    panels = {panel.caption: panel.image for panel in frame.panels}
    assert np.abs(np.asarray(panels["seed 1"], float) - np.asarray(panels["seed 2"])).mean() > 1
    assert "bright: what varies" in panels


@pytest.mark.parametrize(
    "options",
    [
        {"distance": "cosine"},
        {"jitter": 2},
        {"canvas": "pixels", "alpha": 1.0, "beta": 1.5, "start": "noise"},
        {"start": "blurred"},
        {"other": Image.new("RGB", (32, 32), "red"), "other_layer": "blocks.3.2"},
        {"layer": "logits"},
        {"layer": "probabilities"},
    ],
)
def test_every_choice_lowers_its_loss(options):
    frame = last(
        phosphene.invert(PALACE, **{"layer": "blocks.2.1", "steps": 24, **LITE, **options})
    )
    totals = [sum(terms.values()) for terms in frame.history]
    assert min(totals) < totals[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"image": None}, "missing"),
        ({"channels": "70"}, "no channel 70; choose from 0 to 63"),
        ({"channels": "a-b"}, "numbers and ranges"),
        ({"channels": ","}, "names none"),
        ({"channels": "²"}, "numbers and ranges"),
        ({"region": Image.new("L", (64, 43))}, "empty"),
        ({"layer": "relu9_9"}, "did you mean"),
        ({"layer": "blocks.5.3", "network": "efficientnet_lite0", "size": 64}, "at least"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(options, words):
    with pytest.raises(InputError, match=words):
        next(phosphene.invert(**{"image": PALACE, "layer": "relu1_1", **SMALL, **options}))
