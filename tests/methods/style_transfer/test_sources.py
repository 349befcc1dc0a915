"""Several styles: blended by their shares, or each in its place."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import Style, images, load_network, repeat, stylize
from phosphene.methods import recipes
from phosphene.methods.style_transfer.sources import StyleSource, regions
from phosphene.methods.style_transfer.spec import StyleSpec
from tests.pictures import PALACE, PANDA

QUICK = {"size": 64, "steps": 6, "network": "efficientnet_lite0", "device": "cpu"}


def run(content=PANDA, style=PALACE, **knobs):
    return stylize(content, style, **{**QUICK, **knobs})


def pixels(frame):
    return np.asarray(frame.image, dtype=float)


def test_each_style_paints_where_its_mask_is():
    photo = Image.open(PANDA)
    left, right = (Image.new("L", photo.size, 0) for _ in range(2))
    left.paste(255, (0, 0, photo.width // 3, photo.height))
    right.paste(255, (2 * photo.width // 3, 0, photo.width, photo.height))
    red, green, blue = (Image.new("RGB", (64, 64), c) for c in ("red", "lime", "blue"))
    styles = {"style": green, "second": red, "third": blue}
    *_, last = run(second_mask=left, third_mask=right, strength=10, steps=40, **styles)
    for channel, place in enumerate((slice(0, 12), slice(26, 38), slice(52, 64))):
        mean = pixels(last)[:, place].mean((0, 1))
        assert mean[channel] - np.delete(mean, channel).max() > 20


def test_masks_that_overlap_share_and_those_without_one_have_the_rest():
    spec = StyleSpec.of(load_network("vgg19", device="cpu"), {"style": 1.0}, style={"relu1_1": 1.0})
    sample = images.to_tensor(images.load(PALACE, 64))
    half, whole = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    half[..., :4] = 1
    placed = [
        StyleSource(sample),
        StyleSource(sample, mask=half),
        StyleSource(sample, mask=0.5 * whole),
    ]
    second, third, rest = (region.mask for region in regions(spec, placed, 8, 8))
    assert torch.allclose(second + third + rest, whole)
    assert second[0, 0, 0].tolist() == pytest.approx([2 / 3] * 4 + [0] * 4)
    assert rest[0, 0, 0].tolist() == pytest.approx([0] * 4 + [0.5] * 4)
    assert len(regions(spec, [StyleSource(sample), StyleSource(sample, mask=whole)], 8, 8)) == 1


def test_styles_in_a_list_are_those_of_the_parameters_bit_for_bit():
    photo = Image.open(PANDA)
    left = Image.new("L", photo.size, 0)
    left.paste(255, (0, 0, photo.width // 3, photo.height))
    blended, *same = (
        [*run(**styles)][-1]
        for styles in (
            {"second": PANDA, "second_share": 0.3},
            {"style": [PALACE, (PANDA, 0.3)]},
            {"style": [Style(PALACE), Style(PANDA, share=0.3)]},
            {"style": [[str(PALACE), 1.0, None], [str(PANDA), 0.3, None]]},  # as JSON has it
        )
    )
    assert all(np.array_equal(pixels(frame), pixels(blended)) for frame in same)
    *_, masked = run(third=PANDA, third_mask=left)
    *_, listed = run(style=[PALACE, Style(PANDA, mask=left)])
    assert np.array_equal(pixels(masked), pixels(listed))
    assert not np.array_equal(pixels(masked), pixels(blended))
    *_, again = repeat(listed.recipe)
    assert np.array_equal(pixels(again), pixels(listed))


def test_styles_in_a_list_come_back_from_a_saved_recipe(tmp_path):
    mask = Image.new("L", Image.open(PANDA).size, 0)
    mask.paste(255, (0, 0, 40, mask.height))
    mask.save(tmp_path / "mask.png")
    *_, first = run(style=[PALACE, (PANDA, 0.3), Style(PANDA, mask=tmp_path / "mask.png")], steps=3)
    recipes.save_png(first, tmp_path / "result.png")
    files = [PALACE, PANDA, tmp_path / "mask.png"]
    *_, again = repeat(recipes.filled(recipes.read(tmp_path / "result.png"), files))
    assert np.array_equal(pixels(again), pixels(first))


def test_one_style_alone_may_come_with_a_share_and_where_none_paints_the_photograph_stays():
    *_, plain = run(steps=3)
    *_, shared = run(style=Style(PALACE, share=0.5), steps=3)
    assert np.array_equal(pixels(plain), pixels(shared))
    photo = Image.open(PANDA)
    left = Image.new("L", photo.size, 0)
    left.paste(255, (0, 0, photo.width // 4, photo.height))
    *_, half = run(style=[Style(PALACE, mask=left)], strength=8)
    change = np.abs(pixels(half) - np.asarray(images.load(PANDA, 64), float)).mean((0, 2))
    assert change[:16].mean() > 2 * change[48:].mean()
