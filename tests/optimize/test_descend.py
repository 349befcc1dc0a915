"""The loop: it lowers losses, shares nothing, and leaves nothing behind."""

from __future__ import annotations

import gc
import pickle
import threading
import time
import weakref

import pytest
import torch

from phosphene import InputError
from phosphene.images import show
from phosphene.optimize.canvas import Fourier, Pixels, noise
from phosphene.optimize.descend import FIRST, descend

TARGET = torch.linspace(0, 1, 3 * 24 * 24).reshape(1, 3, 24, 24)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def frames_of(*arguments, **options):
    """The frames of a descent, without the pictures behind them."""
    return (frame for frame, _ in descend(*arguments, **options))


def distance(x):
    return {"distance": (x - TARGET).square().mean()}


def canvases():
    return {
        "pixels": Pixels(noise(24, 24, generator=seeded())),
        "fourier": Fourier(24, 24, generator=seeded()),
        "fourier from a picture": Fourier(24, 24, start=noise(24, 24, generator=seeded())),
    }


RATES = {
    "pixels": {"adam": 0.02, "lbfgs": 1.0, "lbfgs_wolfe": 1.0, "gradient": 5.0, "l2": 0.01},
    # A step there changes every pixel, and low frequencies most.
    "fourier": {"adam": 0.1, "lbfgs": 1.0, "lbfgs_wolfe": 1.0, "gradient": 200.0, "l2": 0.02},
}


@pytest.mark.parametrize("name", canvases())
@pytest.mark.parametrize("optimizer", RATES["pixels"])
def test_five_steps_lower_the_loss(name, optimizer):
    rate = RATES[name.split()[0]][optimizer]
    frames = list(frames_of(canvases()[name], distance, steps=6, optimizer=optimizer, lr=rate))
    assert frames[-1].loss < 0.97 * frames[0].loss


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_the_first_step_of_lbfgs_is_one_that_can_be_seen(scale):
    canvas, start = Pixels(TARGET / 2), TARGET / 2

    def loss(x):
        return {"distance": scale * (x - TARGET).square().sum()}

    list(descend(canvas, loss, steps=1, optimizer="lbfgs", lr=1.0))
    assert float((canvas.pixels.detach() - start).abs().mean()) == pytest.approx(FIRST, rel=1e-3)


def test_a_frame_is_complete_and_can_be_pickled():
    *_, last = frames_of(canvases()["pixels"], distance, steps=4, lr=0.02)
    copy = pickle.loads(pickle.dumps(last))
    assert (copy.step, copy.steps, copy.image.size) == (4, 4, (24, 24))
    assert [list(terms) for terms in copy.history] == [["distance"]] * 4
    assert copy.loss == last.history[-1]["distance"]


def test_frames_come_at_the_cadence_asked_for():
    frames = frames_of(canvases()["pixels"], distance, steps=10, lr=0.02, every=4)
    assert [frame.step for frame in frames] == [1, 4, 8, 10]


def test_projection_keeps_pixels_valid():
    canvas = Pixels(torch.full((1, 3, 8, 8), 0.9))
    list(descend(canvas, lambda x: {"bright": -x.mean()}, steps=3, optimizer="l2", lr=0.2))
    assert canvas.pixels.max() == 1


def test_l2_steps_are_in_units_of_the_picture():
    canvas = Pixels(torch.full((2, 3, 8, 8), 0.5))
    weights = torch.tensor([1.0, 1e-4]).reshape(2, 1, 1, 1)
    list(descend(canvas, lambda x: {"l": (x * weights).sum()}, steps=1, optimizer="l2", lr=0.1))
    assert torch.allclose(canvas.pixels, torch.full_like(canvas.pixels, 0.4), atol=1e-6)


def test_the_schedule_scales_the_rate():
    canvas = Pixels(torch.full((1, 3, 8, 8), 0.5))
    rates = iter([1.0, 0.0, 0.0])
    list(
        descend(
            canvas,
            lambda x: {"l": x.sum()},
            steps=3,
            optimizer="l2",
            lr=0.1,
            schedule=lambda progress: next(rates),
        )
    )
    assert torch.allclose(canvas.pixels, torch.tensor(0.4))


def test_the_average_of_iterates_is_the_bias_corrected_mean():
    seen = []

    def record(x):
        seen.append(x.detach().clone())
        return {"l": x.sum()}

    canvas = Pixels(torch.full((1, 3, 8, 8), 0.9))
    list(descend(canvas, record, steps=3, optimizer="l2", lr=0.1, average=0.5))
    iterates = [0.8, 0.7, 0.6]
    expected = (0.125 * iterates[0] + 0.25 * iterates[1] + 0.5 * iterates[2]) / 0.875
    assert canvas.pixels.mean().item() == pytest.approx(expected, abs=1e-5)
    assert seen[1].mean().item() == pytest.approx(0.8, abs=1e-5)  # showing does not disturb


def test_a_run_ends_when_until_says_that_its_pictures_have_moved_little_enough():
    distances = []

    def settled(moved):
        distances.append(moved)
        return moved < 1e-4

    frames = list(frames_of(Pixels(TARGET), distance, steps=500, lr=1e-6, every=5, until=settled))
    last = frames[-1]
    assert last.step < 100
    assert last.steps == last.step
    assert all(frame.steps == 500 for frame in frames[:-1])
    assert len(distances) == len(frames) - 1
    assert distances[-1] < 1e-4


def test_until_is_told_how_far_the_pictures_moved_between_two_frames():
    distances = []
    canvas = Pixels(torch.full((1, 3, 8, 8), 0.5))
    run = descend(
        canvas,
        lambda x: {"dark": x.sum()},
        steps=6,
        optimizer="l2",
        lr=0.05,
        every=2,
        until=lambda moved: distances.append(moved) or False,
    )
    assert [frame.step for frame, _ in run] == [1, 2, 4, 6]
    # The last frame ends the run anyway: nobody is asked.
    assert distances == pytest.approx([0.05, 0.1], abs=1e-5)


@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("name", canvases())
def test_pictures_are_those_of_their_frames_and_stay_as_they_were(name, average):
    kept = []
    run = descend(canvases()[name], distance, steps=6, lr=0.1, every=2, average=average)
    for frame, picture in run:
        kept.append((frame, picture, picture.clone()))
    assert len(kept) == 4
    for frame, picture, then in kept:
        assert torch.equal(picture, then)
        assert not picture.requires_grad
        assert show(picture).tobytes() == frame.image.tobytes()
    assert not torch.equal(kept[0][1], kept[-1][1])


def test_a_loss_that_is_not_finite_ends_with_the_last_good_frame_and_a_remedy():
    calls = []

    def breaks(x):
        calls.append(1)
        return {"l": x.sum() * (float("nan") if len(calls) == 4 else 1.0)}

    frames = []
    words = r"not finite at step 4.*lower the step size \(now 0.5\)"
    with pytest.raises(InputError, match=words):
        frames.extend(frames_of(canvases()["pixels"], breaks, steps=9, lr=0.5, every=1))
    assert frames[-1].step == 3
    assert "not finite" in frames[-1].note


def test_two_interleaved_streams_equal_two_sequential_ones():
    def run(seed):
        generator = seeded(seed)

        def loss(x):
            return {"l": (x - TARGET + 0.1 * torch.rand((), generator=generator)).square().mean()}

        return frames_of(Fourier(24, 24, generator=seeded(seed)), loss, steps=5, every=1)

    alone = [[f.image.tobytes() for f in run(seed)] for seed in (1, 2)]
    mixed = list(zip(run(1), run(2), strict=True))
    assert [[f.image.tobytes() for f in stream] for stream in zip(*mixed, strict=True)] == alone


def test_streams_on_threads_take_turns_and_equal_sequential_ones():
    expected = [f.image.tobytes() for f in frames_of(canvases()["fourier"], distance, steps=30)][-1]
    results = []

    def work():
        *_, last = frames_of(canvases()["fourier"], distance, steps=30)
        results.append(last.image.tobytes())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [expected] * 3


def test_closing_midway_leaves_no_thread_no_lock_no_tensor_and_no_state():
    threads, seen = threading.active_count(), torch.random.get_rng_state()
    canvas = Pixels(TARGET)
    frames = frames_of(canvas, distance, steps=100, every=1)
    next(frames)
    frames.close()
    assert torch.is_grad_enabled()
    assert threading.active_count() == threads
    assert torch.equal(torch.random.get_rng_state(), seen)
    assert len(list(descend(Pixels(TARGET), distance, steps=1))) == 1  # the turn is free
    canvas = weakref.ref(canvas)
    del frames
    gc.collect()
    assert canvas() is None


def test_a_suspended_stream_holds_nobody_up():
    frames = frames_of(Pixels(TARGET), distance, steps=10, every=1)
    next(frames)
    begun = time.monotonic()
    thread = threading.Thread(target=lambda: list(descend(Pixels(TARGET), distance, steps=2)))
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 10
    frames.close()
