"""One attribution as frames: what the last one holds."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import InputError, attribute, images, load_network
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Attribution, Estimate
from tests.methods.adversarial.pictures import PANDA

SMALL = {"size": 96, "device": "cpu"}


def array(data):
    return np.load(io.BytesIO(data))


def test_the_map_is_the_gradients_largest_magnitude_of_the_networks_first_choice():
    (frame,) = attribute(PANDA, **SMALL)
    network = load_network("efficientnet_lite0", device="cpu")
    x = images.to_tensor(images.load(PANDA, 96)).requires_grad_()
    logits = network.logits(x)[0]
    (gradient,) = torch.autograd.grad(logits.max(), x)
    heat = array(frame.files["map.npy"])
    assert heat.dtype == np.float32
    assert heat.shape == x.shape[-2:]
    assert np.allclose(heat, gradient[0].abs().amax(0).numpy(), rtol=1e-3, atol=1e-5)
    assert frame.metrics["score"] == pytest.approx(float(logits.detach().max()), rel=1e-4)
    assert frame.metrics["most"] == pytest.approx(float(heat.max()))
    assert next(iter(frame.verdict)) == network.label(int(logits.argmax()))


def test_the_last_frame_shows_the_map_its_overlay_and_the_cut_out_and_tells_of_the_method():
    (frame,) = attribute(PANDA, **SMALL)
    assert frame.last
    alone, over, cut_out = frame.panels
    assert over.image.size == cut_out.image.size == frame.image.size
    assert max(frame.image.size) == 512
    assert alone.image.height > over.image.height  # its scale stands below it
    told = {row[0]: row[1] for row in frame.tables[0].rows}
    assert told["how it misleads"] == ATTRIBUTIONS["gradient"].caution
    assert told["paper"] == "arXiv 1312.6034"
    with Image.open(io.BytesIO(frame.files["map.png"])) as picture:
        assert picture.size == frame.image.size


def test_the_cut_out_is_bright_for_a_fifth_of_the_picture():
    (frame,) = attribute(np.full((96, 96, 3), 200, np.uint8), **SMALL)
    light = np.asarray(frame.panels[2].image).mean(2) > 100
    assert 0.19 < light.mean() < 0.21


def test_versus_asks_for_the_difference_of_two_classes():
    maps = {
        versus: array(
            list(attribute(PANDA, target="koala", versus=versus, **SMALL))[-1].files["map.npy"]
        )
        for versus in ("", "brown bear")
    }
    assert not np.allclose(maps[""], maps["brown bear"], rtol=0.1)


@pytest.fixture
def counting(monkeypatch):
    """A method whose estimate grows in three steps, with a picture that it asks about."""

    def run(case, options):
        for done in (1, 2, 3):
            values = torch.zeros_like(case.x[:, :1])
            values[..., :done] = float(-done)
            yield Estimate(values, done, 3, case.x * 0, {"left": 3.0 - done})

    item = Attribution(run, "Counting", True, 3, "Counts.", "Counts on.", "1")
    monkeypatch.setitem(ATTRIBUTIONS, "gradient", item)


def test_estimates_are_frames_and_their_measures_stand_in_the_last(counting):
    frames = list(attribute(PANDA, method="gradient", **SMALL))
    assert [(frame.step, frame.steps) for frame in frames] == [(1, 3), (2, 3), (3, 3)]
    assert [frame.last for frame in frames] == [False, False, True]
    assert frames[-1].metrics["left"] == 0
    assert frames[-1].metrics["least"] == -3
    assert len(frames[-1].history) == 2
    assert frames[0].image.size == frames[-1].image.size
    # Meanwhile the picture in sight is the one that is asked about: black here.
    right = [np.asarray(frame.image)[:, -100:] for frame in frames]
    assert right[0].mean() < right[-1].mean()


def test_what_is_not_known_is_named_with_its_remedy():
    with pytest.raises(InputError, match="did you mean gradient"):
        attribute(PANDA, method="gradiant", **SMALL)
    with pytest.raises(InputError, match="class"):
        list(attribute(PANDA, target="pandaa bear cub", **SMALL))
    with pytest.raises(InputError, match="choose another class"):
        list(attribute(PANDA, target="koala", versus="koala", **SMALL))


def test_a_map_of_nothing_says_so(monkeypatch):
    def run(case, options):
        yield Estimate(torch.zeros_like(case.x[:, :1]), 1, 1)

    item = Attribution(run, "Nothing", False, 1, "Finds nothing.", "Finds nothing.", "1")
    monkeypatch.setitem(ATTRIBUTIONS, "gradient", item)
    (frame,) = attribute(PANDA, **SMALL)
    assert "zero everywhere" in frame.note
    monkeypatch.undo()
    (frame,) = attribute(PANDA, **SMALL)
    assert "zero" not in frame.note
