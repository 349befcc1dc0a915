"""A fooled picture is a real one: 8 bits, within the budget, and its verdict is of those bits."""

from __future__ import annotations

import io
from itertools import zip_longest

import numpy as np
import pytest
import torch
from PIL import Image

import phosphene
from phosphene import InputError, images
from phosphene.methods.adversarial.run import ATTACKS
from tests.methods.adversarial.pictures import PANDA, PATHS, network

QUICK = {"size": 96, "device": "cpu"}


def last(method=phosphene.fool, **settings):
    *_, frame = method(settings.pop("image", PANDA), **{**QUICK, **settings})
    return frame


def pixels(frame):
    return np.asarray(frame.image).astype(int)


def test_five_steps_raise_the_targets_probability_past_all_others():
    frame = last(target="koala", steps=5, confidence=0)
    first, final = frame.history[0], frame.history[-1]
    assert first["koala"] < 0.05
    assert final["koala"] > final["giant panda"]
    assert next(iter(frame.verdict)) == "koala"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_target_is_reached_within_four_levels_and_survives_the_file(path):
    target = "koala" if path.stem != "koala" else "toaster"
    frame = last(image=path, target=target, size=160)
    file = Image.open(io.BytesIO(frame.files["adversarial.png"]))
    net = network()
    name, chance = next(iter(net.verdict(images.to_tensor(file)).items()))
    assert name == target
    assert chance >= 0.9
    before = np.asarray(images.load(path, 160)).astype(int)
    assert abs(np.asarray(file).astype(int) - before).max() <= 4


def test_the_verdict_is_that_of_the_saved_picture(tmp_path):
    frame = last(target="koala", confidence=0)
    frame.image.save(tmp_path / "fooled.png")
    again = network().verdict(images.to_tensor(images.load(tmp_path / "fooled.png")))
    assert again == pytest.approx(dict(frame.verdict), abs=1e-6)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("attack", ["pgd", "momentum", "apgd"])
def test_no_pixel_leaves_the_budget(attack, norm):
    frame = last(attack=attack, norm=norm, epsilon=3, steps=3, confidence=1, start="random")
    change = pixels(frame) - np.asarray(images.load(PANDA, 96)).astype(int)
    if norm == "linf":
        assert abs(change).max() <= 3
    else:
        assert np.sqrt((change**2).mean()) <= 3 * (1 + 1e-5)
    assert change.any()


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in ("pixels", "fgsm")])
def test_every_attack_changes_the_answer(attack):
    frame = last(attack=attack, epsilon=16, steps=30, queries=300, confidence=0)
    assert next(iter(frame.verdict)) != "giant panda"
    assert frame.metrics["SSIM"] < 1


def test_few_pixels_are_few():
    frame = last(attack="pixels", pixels=3, queries=80)
    change = (pixels(frame) != np.asarray(images.load(PANDA, 96))).any(-1)
    assert change.sum() <= 3
    assert frame.metrics["changed pixels (L0)"] == change.sum()


def test_one_step_is_one_step():
    frame = last(attack="fgsm", epsilon=4)
    change = pixels(frame) - np.asarray(images.load(PANDA, 96)).astype(int)
    assert set(np.unique(abs(change))) <= {0, 1, 2, 3, 4}
    assert (abs(change) == 4).mean() > 0.9
    assert frame.steps == 1


def test_the_smallest_budget_works_and_one_level_less_does_not():
    frame = last(attack="smallest", target="koala", epsilon=16, steps=10)
    needed = round(frame.metrics["largest change (L∞), gray levels"])
    assert next(iter(frame.verdict)) == "koala"
    if needed > 1:
        less = last(target="koala", epsilon=needed - 1, steps=10, confidence=0)
        assert next(iter(less.verdict)) != "koala"


def test_confidence_decides_when_it_ends():
    slow = {"target": "koala", "steps": 20, "step_size": 0.3}
    flip, sure, whole = (last(confidence=c, **slow) for c in (0, 0.9999, 1))
    assert flip.step < sure.step < whole.step
    assert flip.verdict["koala"] < 0.9999 <= sure.verdict["koala"] <= whole.verdict["koala"] + 1e-6


def test_a_result_shows_the_change_both_verdicts_and_the_way():
    frame = last(target="koala")
    captions = [panel.caption for panel in frame.panels]
    assert captions[0].startswith("before: giant panda")
    assert captions[-1].startswith("the change alone, ")
    assert captions[4].startswith("after: koala")
    table = frame.tables[0]
    assert table.rows[0][0] == "giant panda"
    assert table.rows[0][2] == "koala"
    assert set(frame.history[-1]) == {"giant panda", "koala"}
    assert frame.last


def test_the_same_seed_gives_the_same_picture_and_another_one_does_not():
    settings = {"start": "random", "steps": 3, "confidence": 1}
    one, again, other = (last(seed=seed, **settings) for seed in (1, 1, 2))
    assert np.array_equal(pixels(one), pixels(again))
    assert not np.array_equal(pixels(one), pixels(other))


def test_two_streams_at_once_equal_one_after_the_other():
    settings = [{"target": "koala", "attack": "momentum"}, {"attack": "square", "queries": 60}]
    alone = [list(phosphene.fool(PANDA, **QUICK, **s)) for s in settings]
    streams = [phosphene.fool(PANDA, **QUICK, **s) for s in settings]
    together = list(zip_longest(*streams))
    for index, frames in enumerate(alone):
        mixed = [pair[index] for pair in together if pair[index] is not None]
        assert len(mixed) == len(frames)
        assert all(np.array_equal(pixels(a), pixels(b)) for a, b in zip(frames, mixed, strict=True))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "giant panda"}, "sees already"),
        ({"target": "kaola"}, "did you mean.*koala"),
        ({"epsilon": 0}, "epsilon is 0; choose a number from 0.1 to 255"),
        ({"epsilon": 256}, "epsilon is 256"),
        ({"epsilon": 0.5}, "1 gray level at least"),
        ({"attack": "deepfool", "target": "koala"}, "leave the target empty"),
        ({"attack": "square", "norm": "l2"}, "choose the norm linf"),
        ({"attack": "hop_skip_jump", "target": "koala"}, "needs a picture of the target"),
        ({"network": "vgg19"}, "has no classes"),
        ({"image": Image.new("RGB", (4, 4))}, "4×4; it needs at least"),
        ({"attack": "guess"}, "unknown attack"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_remedy(settings, words):
    with pytest.raises(InputError, match=words):
        last(**settings)


def test_a_picture_that_is_misread_already_is_said_to_be_and_goes_on():
    frame = last(truth="koala", steps=1, confidence=0)
    assert "takes this koala for giant panda already" in frame.note


def test_hop_skip_jump_goes_from_a_picture_of_the_target():
    koala = next(path for path in PATHS if path.stem == "koala")
    frame = last(attack="hop_skip_jump", target="koala", example=koala, queries=120, size=128)
    assert next(iter(frame.verdict)) == "koala"


def test_no_gradient_is_left_on_the_network():
    last(attack="carlini_wagner", steps=3)
    assert all(p.grad is None and not p.requires_grad for p in network().parameters())
    assert torch.is_grad_enabled()
