"""Covering by hand moves the probabilities, and a map cuts out what it speaks of."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import phosphene
from phosphene import InputError, images
from phosphene.methods.saliency.segment import grab, larger, opencv, seeded
from tests.methods.saliency.pairs import LEFT, RIGHT, case, pair

QUICK = {"size": 160, "device": "cpu"}


def stroke(left, right):
    """White from one column to another of the pair."""
    mask = Image.new("L", (160, 80))
    mask.paste(255, (left, 0, right, 80))
    return mask


def occluded(**settings):
    (frame,) = phosphene.occlude(pair(), **{**QUICK, **settings})
    return frame


def test_without_a_stroke_the_picture_stays():
    frame = occluded()
    assert np.array_equal(np.asarray(frame.image), np.asarray(pair()))
    assert frame.metrics["score before"] == pytest.approx(frame.metrics["score now"], abs=1e-3)
    assert all(row[3] in ("+0.0", "-0.0") for row in frame.tables[0].rows)
    assert frame.last


def test_covering_an_animal_takes_its_score_and_gives_the_other_its_chance():
    panda_gone = occluded(cover=stroke(0, 80), target=LEFT)
    macaw_gone = occluded(cover=stroke(80, 160), target=LEFT)
    drops = [f.metrics["score before"] - f.metrics["score now"] for f in (panda_gone, macaw_gone)]
    assert drops[0] > 2
    assert drops[0] > drops[1] + 2
    assert LEFT not in panda_gone.verdict
    assert next(iter(macaw_gone.verdict)) == LEFT
    assert panda_gone.metrics["covered, %"] == pytest.approx(50, abs=1)
    assert panda_gone.tables[0].rows[0][0] == LEFT


@pytest.mark.parametrize("fill", ["black", "gray", "mean", "blur", "noise"])
def test_only_what_is_painted_is_covered(fill):
    frame = occluded(cover=stroke(40, 90), fill=fill)
    was, now = (np.asarray(picture).astype(int) for picture in (pair(), frame.image))
    assert np.array_equal(was[:, :39], now[:, :39])
    assert np.array_equal(was[:, 91:], now[:, 91:])
    assert np.abs(was[:, 41:89] - now[:, 41:89]).max() > 20


def test_the_verdict_is_that_of_the_picture_shown():
    frame = occluded(cover=stroke(0, 60))
    again = case().network.verdict(images.to_tensor(frame.image))
    assert next(iter(again)) == next(iter(frame.verdict))
    assert list(again.values()) == pytest.approx(list(frame.verdict.values()), abs=0.02)


def test_a_channel_can_be_asked_about():
    frame = occluded(cover=stroke(0, 80), target="blocks.4:7")
    assert "activation" in frame.note
    assert frame.metrics["score now"] != pytest.approx(frame.metrics["score before"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cover": Image.new("L", (160, 80))}, "the mask is empty"),
        ({"cover": Image.new("L", (80, 160), 255)}, "paint the mask on this picture"),
        ({"fill": "pink"}, "unknown fill 'pink'"),
    ],
)
def test_strokes_that_cannot_be_are_said(settings, words):
    with pytest.raises(InputError, match=words):
        occluded(**settings)


def segmented(**settings):
    return phosphene.segment(pair(), **{**QUICK, "method": "smoothgrad", "samples": 8, **settings})


def mask_of(frame):
    return np.asarray(Image.open(io.BytesIO(frame.files["mask.png"]))) > 0


@pytest.mark.parametrize(("target", "half"), [(LEFT, 0), (RIGHT, 1)])
def test_a_mask_lies_where_its_target_is(target, half):
    *_, frame = segmented(target=target)
    mask = mask_of(frame)
    assert mask.shape == (256, 512)  # colors are told apart at more pixels than the map has
    shares = mask[:, :256].mean(), mask[:, 256:].mean()
    assert shares[half] > shares[1 - half]
    assert frame.metrics["of the picture, %"] == pytest.approx(100 * mask.mean(), abs=0.01)
    assert frame.last


def test_a_square_on_a_plain_ground_is_cut_out_along_its_edges():
    x = torch.full((1, 3, 60, 60), 0.2)
    x[..., 20:40, 15:45] = torch.tensor([0.9, 0.3, 0.2]).view(3, 1, 1)
    x += 0.02 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    heat = torch.zeros(60, 60)
    heat[27:33, 25:35] = 1  # a small part of it is enough
    seeds = seeded(heat, 0.02, 0.3)
    assert np.bincount(seeds.flatten(), minlength=4)[:2].tolist() == [1080, 72]
    mask = grab(opencv(), images.to_image(x), seeds, 5, 0)
    square = torch.zeros(60, 60, dtype=torch.bool)
    square[20:40, 15:45] = True
    overlap = (mask & square).sum() / (mask | square).sum()
    assert overlap > 0.9


def test_a_map_keeps_its_values_at_a_larger_size():
    heat = torch.linspace(-3, 5, 8).expand(8, 8)
    wide = larger(heat, 32, 32)
    assert wide.shape == (32, 32)
    assert float(wide.min()) == pytest.approx(-3)
    assert float(wide.max()) == pytest.approx(5)
    assert (wide.diff(dim=1) >= -1e-6).all()


def test_a_speck_of_the_things_color_far_from_all_that_is_sure_is_left_out():
    x = torch.full((1, 3, 60, 60), 0.2)
    for top, left in ((10, 10), (40, 45)):
        x[..., top : top + 12, left : left + 12] = torch.tensor([0.9, 0.3, 0.2]).view(3, 1, 1)
    x += 0.02 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    heat = torch.zeros(60, 60)
    heat[13:19, 13:19] = 1
    mask = grab(opencv(), images.to_image(x), seeded(heat, 0.02, 0.3), 5, 0)
    assert mask[12:20, 12:20].all()
    assert not mask[38:, 43:].any()


def test_the_background_is_dim_white_or_gone():
    results = {}
    for how in ("dimmed", "white", "the mask"):
        *_, frame = segmented(show=how)
        results[how], mask = np.asarray(frame.image), mask_of(frame)
    own = np.asarray(images.load(pair(), 512))
    assert np.array_equal(results["white"][mask], own[mask])
    assert (results["white"][~mask] == 255).all()
    assert results["dimmed"][~mask].mean() < 0.3 * own[~mask].mean()
    assert np.array_equal(results["the mask"][..., 0] > 0, mask)


def test_the_same_seed_cuts_the_same_also_between_others():
    *_, one = segmented()
    runs = [segmented(), segmented(target=RIGHT)]
    next(runs[1])
    *_, again = runs[0]
    runs[1].close()
    assert again.files == one.files


def test_what_cannot_be_cut_is_said(monkeypatch):
    with pytest.raises(InputError, match="less than 100 together"):
        next(segmented(sure=30, background=90))
    with pytest.raises(InputError, match="the same everywhere"):
        seeded(torch.ones(40, 40), 0.1, 0.3)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match=r"pip install 'phosphene\[segment\]'"):
        next(segmented())
