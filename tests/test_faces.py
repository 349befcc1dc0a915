"""Drawn faces: every attribute is known and shows; the training on them, its judge, its crops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from phosphene import InputError
from phosphene.networks.autoencoders.datasets import ATTRIBUTES, FACES_HELD_OUT, dataset
from phosphene.networks.autoencoders.small import ColorAutoencoder
from phosphene.training import card, drawing, faces
from phosphene.training.face_card import cropped, losses
from phosphene.training.faces import FaceTraining, inside, weighted
from phosphene.training.fit import Plan
from phosphene.training.judge import judged, taught

TINY = {"kind": "ColorAutoencoder", "latent_channels": 8, "widths": (4, 8, 8, 16), "hidden": 16}
PLAN = Plan("tiny_faces", "faces", steps=10, batch=16, model=TINY)


@pytest.fixture(scope="module")
def drawn():
    pictures, numbers, boxes = map(torch.from_numpy, drawing.faces(48, 5))
    return pictures.permute(0, 3, 1, 2).contiguous(), numbers, boxes


def middle():
    """A face with every attribute at its middle, and neither glasses nor beard."""
    numbers = dict.fromkeys(ATTRIBUTES, 0.0) | {"glasses": -1.0, "beard": -1.0}
    return drawing.Face(numbers, drawing.BACKGROUNDS[0], drawing.SHIRTS[0], 0.0, 1.0)


def seen(face, **changed):
    numbers = face.attributes | {name.replace("_", " "): value for name, value in changed.items()}
    return drawing.rendered(drawing.svg(replace(face, attributes=numbers))[0]).astype(float)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_shows(name):
    low, high = (seen(middle(), **{name.replace(" ", "_"): end}) for end in (-1.0, 1.0))
    assert np.abs(high - low).mean() > 0.3  # gray levels of 255, over all pixels


@pytest.mark.parametrize(("name", "box"), [("smile", 1), ("open_mouth", 1), ("gaze", 0)])
def test_what_moves_eyes_or_mouth_moves_nothing_outside_of_their_box(name, box):
    low, high = (seen(middle(), **{name: end}) for end in (-1.0, 1.0))
    rows, columns = np.nonzero(np.abs(high - low).max(2) > 2)
    left, top, right, bottom = drawing.svg(middle())[1][box]
    assert left - 1 <= columns.min() <= columns.max() <= right
    assert top - 1 <= rows.min() <= rows.max() <= bottom


def test_attributes_are_drawn_independently():
    generator = np.random.default_rng(0)
    numbers = [list(drawing.draw_numbers(generator).attributes.values()) for _ in range(2000)]
    correlation = np.corrcoef(np.array(numbers).T) - np.eye(len(ATTRIBUTES))
    assert np.abs(correlation).max() < 0.1  # 4.5 standard deviations
    assert set(np.array(numbers)[:, ATTRIBUTES.index("glasses")]) == {-1.0, 1.0}


def test_a_seed_draws_the_same_faces(drawn):
    again = drawing.faces(3, 5)
    assert np.array_equal(again[0].transpose(0, 3, 1, 2), drawn[0][:3].numpy())
    assert np.array_equal(again[1], drawn[1][:3].numpy())
    assert not np.array_equal(drawing.faces(3, 6)[1], again[1])


def test_boxes_lie_on_the_picture_and_are_told_pixel_by_pixel(drawn):
    boxes = drawn[2]
    assert boxes.min() >= 0
    assert boxes.max() <= drawing.SIDE
    marked = inside(boxes[:2], 64)
    for number, name in ((0, 0), (1, 1)):
        left, top, right, bottom = boxes[number, name].tolist()
        for row, column in ((20, 30), (31, 25), (40, 33), (60, 60)):
            there = left <= column + 0.5 < right and top <= row + 0.5 < bottom
            assert bool(marked[number, name, row, column]) == there
    weights = weighted(boxes[:2], 64)
    assert weights.unique().tolist() == [1, 1 + faces.DETAIL]


def test_the_error_of_a_crop_is_that_of_its_pixels():
    squared, crops = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    squared[..., :2, :2] = 0.01
    squared[..., 3, 3] = 0.5
    crops[..., :2, :2] = 1
    assert cropped(squared, crops) == pytest.approx(20.0, abs=1e-4)
    crops[..., 2, :2] = 1
    assert cropped(squared, crops) == pytest.approx(20 + 10 * np.log10(1.5), abs=1e-4)


def test_ten_steps_lower_the_loss_and_leave_what_diffusers_loads(drawn, tmp_path):
    training = FaceTraining(PLAN, drawn)
    moments = list(training.run(every=5))
    assert moments[-1].rebuilt < moments[0].rebuilt
    folder = card.keep_weights(training, tmp_path)
    again = ColorAutoencoder.from_pretrained(folder).float().eval()
    x = drawn[0][:4].float() / 255
    with torch.no_grad():
        rebuilt = again.decode(again.encode(x)[0])
    assert rebuilt.shape == x.shape
    assert losses(training).size[0] > 100


def test_a_run_that_was_stopped_ends_where_one_without_a_stop_does(drawn, tmp_path):
    whole = FaceTraining(PLAN, drawn)
    list(whole.run())
    first = FaceTraining(PLAN, drawn)
    next(iter(first.run(every=4)))
    first.save(tmp_path / "state.pt")
    second = FaceTraining(PLAN, drawn)
    second.load(tmp_path / "state.pt")
    list(second.run())
    pairs = zip(
        [*whole.model.parameters(), *whole.reading.parameters()],
        [*second.model.parameters(), *second.reading.parameters()],
        strict=True,
    )
    assert all(torch.equal(one, two) for one, two in pairs)
    with pytest.raises(InputError, match="another training"):
        FaceTraining(replace(PLAN, model=TINY | {"hidden": 8}), drawn).load(tmp_path / "state.pt")


def test_the_judge_learns_from_drawn_faces(drawn):
    pictures, numbers, _ = drawn
    judge = taught(pictures, numbers, steps=60, batch=16)
    told = judged(judge, pictures.float() / 255)
    glasses = ATTRIBUTES.index("glasses")
    right = ((told > 0) == (numbers > 0))[:, glasses].float().mean()
    assert right > 0.75  # of the faces that it saw


def test_the_faces_that_come_along_are_those_that_are_drawn():
    known, held = dataset("faces"), dataset("faces", "held out")
    assert len(held.pictures) == FACES_HELD_OUT
    assert len(known.pictures) == faces.KEPT_COUNT
    assert known.attribute_names == ATTRIBUTES
    for part, seed in ((known, faces.SEED), (held, faces.SEED + 1)):
        pictures, numbers, _ = drawing.faces(2, seed)
        shown = (part.pictures[:2] * 255).round().permute(0, 2, 3, 1).numpy()
        assert np.abs(shown - pictures).max() <= 2  # of 255, whatever computed the curves
        assert part.attributes is not None
        assert np.abs(part.attributes[:2].numpy() - numbers).max() < 0.01
