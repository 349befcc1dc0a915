from itertools import zip_longest

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import InputError, dream, load_network
from phosphene.images import load, to_tensor
from phosphene.methods.deepdream.octaves import DreamSettings, strengths
from tests.pictures import PALACE

QUICK = {"size": 128, "steps": 3, "octaves": 2, "device": "cpu"}


def last(**options):
    *_, frame = dream(PALACE, **{**QUICK, **options})
    return frame


def pixels(picture):
    return np.asarray(picture, dtype=float)


def change(picture):
    return np.abs(pixels(picture) - pixels(load(PALACE, 128))).mean(-1)


def strength_at(picture, tap):
    net = load_network("efficientnet_lite0", device="cpu")
    with torch.no_grad():
        return float(net.acts(to_tensor(picture), [tap])[tap].square().mean())


@pytest.mark.parametrize("tap", ["blocks.2", "blocks.4"])
def test_a_dream_raises_its_layer(tap):
    before = strength_at(load(PALACE, 128), tap)
    assert strength_at(last(layer=tap, steps=8, strength=2).image, tap) > 1.3 * before


def test_a_seed_repeats_a_dream_and_another_does_not():
    first, again, other = (pixels(last(seed=s).image) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_interleaved_dreams_equal_dreams_one_after_the_other():
    alone = [last(seed=s).image for s in (1, 2)]
    streams = [dream(PALACE, **QUICK, seed=s) for s in (1, 2)]
    ends = [None, None]
    for pair in zip_longest(*streams):
        ends = [new or old for new, old in zip(pair, ends, strict=True)]
    for one, other in zip(alone, ends, strict=True):
        assert np.array_equal(pixels(one), pixels(other.image))


def test_only_the_painted_part_dreams():
    mask = Image.new("L", load(PALACE, 128).size)
    mask.paste(255, (0, 0, 64, mask.height))
    changed = change(last(mask=mask).image)
    assert changed[:, :56].mean() > 3
    assert changed[:, 72:].max() == 0


def test_blend_mixes_picture_and_dream():
    full, half = change(last().image).mean(), change(last(blend=0.5).image).mean()
    assert half == pytest.approx(full / 2, rel=0.05)
    assert change(last(blend=0).image).max() == 0


def test_kept_colors_are_the_pictures_own():
    def chroma(picture):
        return pixels(picture.convert("YCbCr"))[..., 1:]

    source = chroma(load(PALACE, 128))
    kept = np.abs(chroma(last(keep_colors=1.0).image) - source).mean()
    assert kept < 0.5 * np.abs(chroma(last().image) - source).mean()


def test_a_guide_changes_what_is_dreamt():
    guide = PALACE.with_name("panda.jpg")
    assert not np.array_equal(pixels(last(guide=guide).image), pixels(last().image))


def test_rounds_dream_further():
    one, two = last(), last(rounds=2)
    assert two.steps == 2 * one.steps
    assert change(two.image).mean() > 1.2 * change(one.image).mean()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mask": Image.new("L", (128, 85))}, "the mask is empty"),
        ({"mask": Image.new("L", (85, 128), 255)}, "paint the mask on this picture"),
        ({"guide": Image.new("RGB", (224, 12))}, "guide is 224×12"),
        ({"guide": PALACE, "objective": "class:goose"}, "a guide needs a layer"),
        ({"octave_strengths": "1, big"}, "cannot be read"),
        ({"octave_strengths": "1, -3"}, "leave 0 to 10"),
        ({"objective": "blocks.4 ++"}, "cannot be read"),
        ({"layer": "blocks.44"}, "did you mean"),
    ],
)
def test_what_cannot_be_dreamt_is_said_in_a_sentence(options, words):
    with pytest.raises(InputError, match=words.replace("+", r"\+")):
        last(**options)


def test_sizes_too_small_for_the_layer_are_left_out():
    sizes = DreamSettings(octaves=8, scale=2.0).sizes(256, 128, min_side=64)
    assert sizes == [(128, 64), (256, 128)]


def test_strengths_repeat_their_last():
    settings = DreamSettings(octave_strengths=strengths("1; 0.5"), strength=2)
    assert [settings.strength_at(octave) for octave in range(4)] == [2, 1, 1, 1]


def test_a_dream_in_tiles_has_no_seams():
    """The step across a tile's border is like the steps elsewhere."""
    picture = pixels(last(size=384, tile=256, octaves=1).image).mean(-1)
    steps = np.abs(np.diff(picture, axis=1)).mean(0)
    assert steps.max() < 4 * np.median(steps)
