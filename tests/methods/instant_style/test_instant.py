"""Pictures painted in one pass: what goes before what, blends, masks, colors, strength."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from phosphene import InputError, images, instant
from phosphene.images import colors
from phosphene.methods.instant_style.styles import brush_of, corners
from phosphene.networks import brush_file
from phosphene.networks.stylizer import STYLES, load_stylizer
from tests.pictures import PALACE, PANDA

QUICK = {"size": 96, "device": "cpu"}
ONE, TWO, THREE = STYLES[3], STYLES[15], STYLES[24]


def run(content=PANDA, **knobs):
    (frame,) = instant(content, **{**QUICK, **knobs})
    return np.asarray(frame.image, float)


def alike(one, two):
    return np.abs(one - two).mean() < 1


def test_there_is_one_frame_of_the_size_asked_for():
    (frame,) = instant(PANDA, **QUICK)
    assert max(frame.image.size) == 96
    assert frame.last
    assert "multistyle26" in str(frame.recipe["weights"])


def test_a_size_that_is_no_multiple_of_four_is_kept():
    (frame,) = instant(Image.open(PANDA).resize((97, 67)), size=97, device="cpu")
    assert frame.image.size == (97, 67)


def test_strength_fades_from_the_picture_to_the_painting():
    photo = np.asarray(images.load(PANDA, 96), float)
    full, half = run(style=ONE), run(style=ONE, strength=0.5)
    assert np.array_equal(run(style=ONE, strength=0), photo)
    assert alike(half, (photo + full) / 2)
    assert not alike(half, full)


def test_kept_colors_are_the_pictures():
    photo = images.to_tensor(images.load(PANDA, 96))
    painted = images.to_tensor(next(instant(PANDA, style=ONE, keep_colors=True, **QUICK)).image)
    apart = (painted - colors.luminance(painted)) - (photo - colors.luminance(photo))
    assert apart.abs().max() < 3 / 255
    assert (painted - photo).abs().mean() > 0.01


def test_each_corner_of_the_square_is_its_style_bit_for_bit():
    square = {"style": ONE, "second": TWO, "third": THREE}
    assert np.array_equal(run(**square), run(style=ONE))
    assert np.array_equal(run(**square, across=1), run(style=TWO))
    assert np.array_equal(run(**square, down=1), run(style=THREE))
    between = run(**square, across=0.5, down=0.5)
    assert not any(alike(between, run(style=style)) for style in (ONE, TWO, THREE))


def test_a_corner_without_a_style_leaves_its_share_to_the_others():
    assert np.array_equal(run(style=ONE, across=1, down=1), run(style=ONE))
    half = run(style=ONE, second=TWO, across=0.5)
    assert np.array_equal(run(style=ONE, second=TWO, across=0.5, down=1), half)
    assert not alike(half, run(style=ONE))


def test_shares_of_the_corners_sum_to_one():
    assert sum(corners(0.3, 0.8)) == pytest.approx(1)
    assert corners(1, 1) == (0, 0, 0, 1)


def test_a_style_with_a_mask_paints_there_alone():
    height, width = run().shape[:2]
    mask = Image.new("L", (width, height))
    mask.paste(255, (0, 0, width // 2, height))
    masked = run(style=ONE, second=TWO, second_mask=mask)
    middle = width // 2
    assert alike(masked[:, : middle - 2], run(style=TWO)[:, : middle - 2])
    assert alike(masked[:, middle + 2 :], run(style=ONE)[:, middle + 2 :])


def test_a_mask_without_a_style_is_named():
    with pytest.raises(InputError, match="a mask needs a second style"):
        run(second_mask=Image.new("L", (8, 8), 255))


def test_a_painting_goes_before_the_style_and_a_brush_before_both():
    text = brush_file.write(load_stylizer("cpu").brushes[15])
    assert np.array_equal(run(painting=PALACE, style=ONE), run(painting=PALACE, style=TWO))
    assert np.array_equal(run(brush=text, painting=PALACE, style=ONE), run(style=TWO))


def test_a_painting_blends_with_a_style():
    painting, style = run(painting=PALACE), run(style=TWO)
    mixed = run(painting=PALACE, second=TWO, across=0.5)
    assert alike(mixed, (painting + style) / 2)


def test_two_paintings_give_two_pictures():
    red = np.random.default_rng(0).normal((200, 60, 40), 25, (64, 64, 3)).clip(0, 255)
    other = run(painting=red.astype(np.uint8))
    assert not alike(other, run(painting=PALACE))
    assert other[..., 0].mean() > other[..., 2].mean() + 20


def test_what_is_too_small_is_named():
    with pytest.raises(InputError, match=r"painting is 20×20; choose one of at least 32×32"):
        run(painting=Image.new("RGB", (20, 20)))
    with pytest.raises(InputError, match=r"picture is 64×\d+; at least 16×16"):
        run(Image.new("RGB", (400, 20)), size=64)


def test_an_unknown_style_is_named_with_its_neighbours():
    with pytest.raises(InputError, match="did you mean Stained glass"):
        run(style="Staned glass")


def test_styles_have_names_of_their_own():
    assert len(set(STYLES)) == 26
    assert brush_of("Deep red", "cpu").name == "Deep red"
