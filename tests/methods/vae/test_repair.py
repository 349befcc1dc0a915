"""A hole is filled: what is known is agreed with, what is not becomes like the data."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

import phosphene
from phosphene import InputError, images
from phosphene.methods.vae.repair import inside, known_error
from phosphene.networks.autoencoders import neighbors
from phosphene.networks.autoencoders.datasets import dataset


def last(stream):
    *_, frame = stream
    return frame


def digit(number=0):
    """A held-out digit (1, 3, 28, 28)."""
    return dataset("digits", "held out").pictures[number : number + 1].expand(-1, 3, -1, -1)


def painted(top, bottom):
    """A mask of 28 pixels squared, white between two rows."""
    mask = Image.new("L", (28, 28))
    mask.paste(255, (0, top, 28, bottom))
    return mask


def test_frames_stream_and_the_known_pixels_error_falls():
    frames = list(phosphene.repair(digit(3), steps=60, device="cpu"))
    terms = frames[-1].history
    assert len(terms) == 60
    assert terms[-1]["around the hole"] < terms[0]["around the hole"]
    assert frames[-1].step == frames[-1].steps == 60
    assert [panel.caption for panel in frames[-1].panels][:2] == ["with its hole", "filled in"]


def pixels(picture):
    """A panel's picture at the size that the model sees: (1, 1, 28, 28)."""
    return images.to_tensor(picture.resize((28, 28), Image.Resampling.BOX))[:, :1]


def test_what_fills_a_hole_is_more_like_the_data_and_nearer_to_the_truth():
    real = dataset("digits").pictures.flatten(1)
    held = dataset("digits", "held out").pictures
    empty, after, off, black = [], [], [], []
    for number in range(4):
        x = held[number : number + 1]
        kept = 1 - inside(None, x)
        result = last(phosphene.repair(digit(number), steps=30, device="cpu"))
        whole = pixels(result.panels[1].image)
        empty.append(float(neighbors.nearest((kept * x).flatten(1), real, 1)[0]))
        after.append(float(neighbors.nearest(whole.flatten(1), real, 1)[0]))
        off.append(result.metrics["inside"])
        black.append(float(known_error(torch.zeros_like(x), x, 1 - kept)))
    assert sum(after) < sum(empty)
    assert sum(off) < 0.9 * sum(black)


def test_only_the_painted_hole_is_filled():
    x = digit(2)[:, :1]
    hole = inside(painted(8, 16), x)
    assert hole[0, 0, 8:16].all()
    assert not hole[0, 0, :7].any()
    frame = last(phosphene.repair(digit(2), hole=painted(8, 16), steps=5, device="cpu"))
    with_hole, whole = (panel.image for panel in frame.panels[:2])
    size = with_hole.width
    rows = (0, 0, size, 7 * size // 28)
    assert with_hole.crop(rows).tobytes() == whole.crop(rows).tobytes()


def test_a_hole_over_a_wide_picture_is_where_it_was_painted():
    mask = Image.new("L", (120, 60))
    mask.paste(255, (30, 0, 60, 60))
    hole = inside(mask, torch.zeros(1, 1, 28, 28))
    assert hole[0, 0, :, :14].all()
    assert not hole[0, 0, :, 14:].any()


def test_a_seed_repeats_it_and_an_empty_mask_is_named():
    one, two = (last(phosphene.repair(digit(), steps=5, seed=3, device="cpu")) for _ in range(2))
    assert one.image.tobytes() == two.image.tobytes()
    with pytest.raises(InputError, match="mask is empty"):
        next(phosphene.repair(digit(), hole=painted(0, 0), steps=5, device="cpu"))
    with pytest.raises(InputError, match="does not say what it learned"):
        next(phosphene.repair(digit(), model="someone/kl", device="cpu"))
