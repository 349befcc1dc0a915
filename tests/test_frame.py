"""Frames and the count of a run."""

from __future__ import annotations

from PIL import Image

from phosphene.frame import Frame, Progress

PICTURE = Image.new("RGB", (8, 8))


def part(steps, *, planned=0, note=""):
    """The frames of a part that takes `steps` steps though more may have been planned."""
    for step in range(1, steps + 1):
        history = tuple({"loss": 1 / n} for n in range(1, step + 1))
        ahead = steps if step == steps else planned or steps
        yield Frame(PICTURE, step, ahead, history[-1], history, note=note)


def test_the_parts_of_a_run_are_numbered_and_timed_as_one():
    progress = Progress(7)
    frames = [progress.of(frame, f"{n} steps") for n in (3, 4) for frame in part(n)]
    assert [frame.step for frame in frames] == list(range(1, 8))
    assert {frame.steps for frame in frames} == {7}
    assert [frame.last for frame in frames] == [False] * 6 + [True]
    assert len(frames[-1].history) == 7
    assert frames[-1].losses == frames[-1].history[-1]
    assert frames[0].note == "3 steps"
    assert frames[-1].seconds >= frames[0].seconds


def test_a_part_that_ends_early_makes_the_run_shorter():
    progress = Progress(10)
    frames = [progress.of(frame) for frame in part(2, planned=6)]
    assert [(frame.step, frame.steps) for frame in frames] == [(1, 10), (2, 6)]
    frames = [progress.of(frame) for frame in part(4)]
    assert [(frame.step, frame.steps) for frame in frames] == [(n, 6) for n in (3, 4, 5, 6)]
    assert frames[-1].last


def test_a_note_of_the_part_itself_is_kept():
    assert Progress(1).of(next(part(1, note="own")), "of the run").note == "own"


def test_single_steps_are_counted_beside_parts():
    progress = Progress(4)
    for frame in part(2):
        progress.of(frame)
    shown = progress.frame(PICTURE, note="looking")
    assert (shown.step, shown.steps, shown.note) == (2, 4, "looking")
    assert shown.losses == {"loss": 0.5}
    assert len(shown.history) == 2
    assert progress.frame(PICTURE, steps=2, rate=12.0).last
