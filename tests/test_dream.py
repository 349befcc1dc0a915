from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import InputError, dream, load_network
from phosphene.dreaming import Plan, strengths
from phosphene.gradients import Conditioner, busy, equalized, tiled, unit
from phosphene.images import load, to_tensor

PHOTO = Path(__file__).parent / "pictures" / "summer_palace.jpg"
QUICK = {"size": 128, "steps": 3, "octaves": 2, "device": "cpu"}


def last(**options):
    *_, frame = dream(PHOTO, **{**QUICK, **options})
    return frame


def pixels(picture):
    return np.asarray(picture, dtype=float)


def change(picture):
    return np.abs(pixels(picture) - pixels(load(PHOTO, 128))).mean(-1)


def strength_at(picture, tap):
    net = load_network("efficientnet_lite0", device="cpu")
    with torch.no_grad():
        return float(net.acts(to_tensor(picture), [tap])[tap].square().mean())


@pytest.mark.parametrize("tap", ["blocks.2", "blocks.4"])
def test_a_dream_raises_its_layer(tap):
    before = strength_at(load(PHOTO, 128), tap)
    assert strength_at(last(tap=tap, steps=8, strength=2).image, tap) > 1.3 * before


def test_a_seed_repeats_a_dream_and_another_does_not():
    first, again, other = (pixels(last(seed=s).image) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_interleaved_dreams_equal_dreams_one_after_the_other():
    alone = [last(seed=s).image for s in (1, 2)]
    streams = [dream(PHOTO, **QUICK, seed=s) for s in (1, 2)]
    ends = [None, None]
    for pair in zip_longest(*streams):
        ends = [new or old for new, old in zip(pair, ends, strict=True)]
    for one, other in zip(alone, ends, strict=True):
        assert np.array_equal(pixels(one), pixels(other.image))


def test_only_the_painted_part_dreams():
    mask = Image.new("L", load(PHOTO, 128).size)
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

    source = chroma(load(PHOTO, 128))
    kept = np.abs(chroma(last(keep_colors=1.0).image) - source).mean()
    assert kept < 0.5 * np.abs(chroma(last().image) - source).mean()


def test_a_guide_changes_what_is_dreamt():
    guide = PHOTO.with_name("panda.jpg")
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
        ({"guide": PHOTO, "objective": "class:goose"}, "a guide needs a layer"),
        ({"octave_strengths": "1, big"}, "cannot be read"),
        ({"octave_strengths": "1, -3"}, "leave 0 to 10"),
        ({"objective": "blocks.4 ++"}, "cannot be read"),
        ({"tap": "blocks.44"}, "did you mean"),
    ],
)
def test_what_cannot_be_dreamt_is_said_in_a_sentence(options, words):
    with pytest.raises(InputError, match=words.replace("+", r"\+")):
        last(**options)


def test_sizes_too_small_for_the_layer_are_left_out():
    sizes = Plan(octaves=8, scale=2.0).sizes(256, 128, least=64)
    assert sizes == [(128, 64), (256, 128)]


def test_strengths_repeat_their_last():
    plan = Plan(powers=strengths("1; 0.5"), strength=2)
    assert [plan.power(octave) for octave in range(4)] == [2, 1, 1, 1]


def square(x):
    return {"square": x.square().mean()}


def gradient_of(loss, x):
    x = x.clone().requires_grad_()
    sum(loss(x).values()).backward()
    return x.grad


def test_one_tile_is_no_tiling_and_many_tiles_give_the_same_gradient():
    x = torch.rand(1, 3, 50, 70, generator=torch.Generator().manual_seed(0))
    plain = gradient_of(square, x)
    one = tiled(square, tile=70, overlap=8, place=lambda: (5, 9))
    many = tiled(square, tile=16, overlap=8, place=lambda: (5, 9))
    assert torch.equal(gradient_of(one, x), plain)
    # Each tile's mean is over what it sees, so a core's share is that of tile to seen area.
    direction = torch.cosine_similarity(gradient_of(many, x).flatten(), plain.flatten(), dim=0)
    assert direction > 0.95
    assert float(many(x)["square"]) == pytest.approx(float(square(x)["square"]), rel=0.02)


def test_a_dream_in_tiles_has_no_seams():
    """The step across a tile's border is like the steps elsewhere."""
    picture = pixels(last(size=384, tile=256, octaves=1).image).mean(-1)
    steps = np.abs(np.diff(picture, axis=1)).mean(0)
    assert steps.max() < 4 * np.median(steps)


def test_every_frequency_band_of_a_gradient_gets_its_share():
    rows = torch.arange(64)
    coarse = torch.sin(rows / 64 * 6.28 * 2)[None, None, None].expand(1, 3, 64, 64)
    fine = 0.01 * torch.sin(rows / 64 * 6.28 * 16)[None, None, None].expand(1, 3, 64, 64)
    even = equalized(coarse + fine, [1.0] * 5)
    power = torch.fft.rfft(even[0, 0, 32]).abs()
    assert 0.05 < power[16] / power[2] < 10


def test_a_conditioned_gradient_has_unit_size_and_keeps_out_of_where():
    generator = torch.Generator().manual_seed(0)
    where = torch.ones(1, 1, 32, 32)
    where[..., :16] = 0
    direction = Conditioner(where=where)(torch.randn(1, 3, 32, 32, generator=generator))
    assert direction[..., :16].abs().max() == 0
    assert unit(direction).abs().mean() == pytest.approx(1, rel=1e-4)


def test_a_flat_region_is_not_busy():
    x = torch.full((1, 3, 64, 64), 0.5)
    x[..., 32:] = torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    where = busy(x)
    assert where[..., 48:].mean() > 0.9
    assert where[..., :8].mean() < 0.2
