"""Style transfer: what it lowers, colors, rounds and refusals."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from phosphene import InputError, WeightsError, images, stylize
from phosphene.images import colors
from phosphene.methods.style_transfer import sketch
from phosphene.methods.style_transfer.statistics import KINDS
from tests.pictures import PALACE, PANDA

QUICK = {"size": 64, "steps": 6, "network": "efficientnet_lite0", "device": "cpu"}


def run(content=PANDA, style=PALACE, **knobs):
    return stylize(content, style, **{**QUICK, **knobs})


def pixels(frame):
    return np.asarray(frame.image, dtype=float)


def test_the_quick_network_takes_the_colors_of_the_style_as_well():
    red = np.random.default_rng(0).normal((200, 60, 40), 25, (64, 64, 3)).clip(0, 255)
    *_, frame = stylize(
        PALACE, red.astype(np.uint8), network="efficientnet_lite0", size=96, steps=8, device="cpu"
    )
    found = np.asarray(frame.image, float).mean((0, 1))
    assert np.abs(found - red.mean((0, 1))).max() < 30
    assert frame.losses["colors"] < 0.2 * frame.history[0]["colors"]


@pytest.mark.parametrize("kind", KINDS)
def test_ten_steps_halve_the_style_loss(kind):
    frames = list(run(statistics=kind, steps=14, strength=8.5))
    assert frames[-1].history[-1]["style"] < 0.5 * frames[-1].history[0]["style"]


def test_my_colors_stay_mine():
    *_, last = run(colors="mine", strength=8.5)
    mine = images.to_tensor(images.load(PANDA, 64))
    painted = images.to_tensor(last.image)
    apart = (painted - colors.luminance(painted)) - (mine - colors.luminance(mine))
    assert apart.abs().max() < 3 / 255
    assert (painted - mine).abs().mean() > 0.01


def test_continuing_equals_one_longer_run_bit_for_bit():
    *_, once = run(rounds=1)
    *_, longer = run(rounds=2)
    *_, resumed = run(rounds=1, resume=once.image)
    assert np.array_equal(pixels(resumed), pixels(longer))
    assert not np.array_equal(pixels(once), pixels(longer))


def test_a_small_painting_of_one_size_gets_to_its_style_too():
    *_, frame = run(network="vgg19", size=96, steps=4)
    losses = [sum(terms.values()) for terms in frame.history]
    assert max(losses) <= losses[0]
    assert losses[-1] < 0.4 * losses[0]


def test_a_seed_repeats_a_painting_from_noise():
    first, again, other = (pixels([*run(start="noise", seed=s, steps=3)][-1]) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_painting_is_the_same_in_another_process():
    """Whatever the order of a set of names is there."""
    code = (
        "import hashlib, sys; from phosphene import stylize; "
        "*_, f = stylize(*sys.argv[1:], network='efficientnet_lite0', size=64, steps=3); "
        "print(hashlib.sha256(f.image.tobytes()).hexdigest())"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code, str(PANDA), str(PALACE)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 65


def test_two_users_at_once_get_what_each_would_alone():
    *_, alone = run(strength=7.5)
    mixed = [None, None]
    streams = [run(strength=7.5), run(PALACE, PANDA)]
    for frames in zip(*streams, strict=False):
        mixed = list(frames)
    for index, rest in enumerate(streams):
        for frame in rest:
            mixed[index] = frame
    assert np.array_equal(pixels(mixed[0]), pixels(alone))


def test_lbfgs_needs_a_third_of_the_steps():
    last = {}
    for search in ("lbfgs", "adam"):  # the schedule gives Adam three times as many
        *_, frame = run(steps=14, optimizer=search, network="vgg19")
        last[search] = frame.loss
    assert last["lbfgs"] < 1.05 * last["adam"]


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"style": Image.new("RGB", (20, 20))}, "style is 20×20; choose one of at least 32×32"),
        ({"style": None}, "Style is missing"),
        ({"style_layers": "relu9_9 1"}, "relu9_9.*did you mean"),
        ({"style_layers": "bn1 0"}, "all weights are zero"),
        ({"style_layers": "bn1 lots"}, "write each as a name and a weight"),
        ({"size": 9000}, "size is 9000; choose a whole number from 64 to 2048"),
        (
            {"second_mask": Image.new("L", (64, 64), 255), "second": PANDA},
            "paint the mask on this picture",
        ),
        (
            {"second_mask": Image.new("L", (320, 213)), "second": PANDA},
            "mask is empty|paint the mask",
        ),
        ({"second_mask": PANDA}, "needs a second style"),
        ({"style": []}, "style is an empty list"),
        ({"style": [(PALACE, -1)]}, "share is -1; give a number from 0 upwards"),
        ({"style": [(PALACE, 0), (PANDA, 0.0)]}, "all styles have a share of 0"),
        ({"style": [PALACE, PANDA, 0.5]}, "image is a float"),
        ({"third_mask": PANDA, "second": PALACE}, "needs a third style"),
        ({"resume": Image.new("RGB", (30, 30))}, "picture to continue from is 30×30"),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(knobs, words):
    given = {"content": PANDA, "style": PALACE, **QUICK, **knobs}
    with pytest.raises(InputError, match=words):
        next(stylize(given.pop("content"), given.pop("style"), **given))


def test_a_sketch_in_one_pass_is_there_before_the_first_step():
    first, second, *_ = run(steps=3)
    assert (first.step, second.step) == (0, 1)
    assert first.note.startswith("a sketch in one pass")
    assert first.image.size == second.image.size
    assert np.abs(pixels(first) - np.asarray(images.load(PANDA, 64), float)).mean() > 5


def test_a_painting_may_start_from_its_sketch():
    sketched, *_, last = run(start="sketch", steps=3)
    *_, other = run(steps=3)
    assert not np.array_equal(pixels(last), pixels(other))
    assert sketched.image.size == last.image.size


def test_a_continued_painting_has_no_sketch():
    *_, once = run(steps=3)
    first, *_ = run(steps=3, resume=once.image)
    assert first.step == 1


def test_without_the_network_of_the_sketch_a_painting_is_made_all_the_same(monkeypatch):
    def missing(*_):
        raise WeightsError("arbitrary_predict is not installed")

    monkeypatch.setattr(sketch, "load_any_style", missing)
    first, *_ = run(steps=3)
    assert first.step == 1
