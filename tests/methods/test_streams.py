"""Every public method is a stream: repeatable, closable, and flat in memory."""

from __future__ import annotations

import gc
import inspect
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import phosphene
from phosphene import InputError, methods
from phosphene.knobs import parameters
from phosphene.methods import recipes
from tests.pictures import PANDA

QUICK = {"size": 64, "octaves": 1, "steps": 2, "device": "cpu"}


def pixels(frame):
    return np.asarray(frame.image)


def test_every_method_is_a_generator_of_documented_knobs():
    assert "dream" in methods.METHODS
    ours = {n: m for n, m in methods.METHODS.items() if m.__module__.startswith("phosphene.")}
    for name, method in ours.items():
        assert getattr(phosphene, name, method) is method  # an app's own need not be there
        assert inspect.isgeneratorfunction(inspect.unwrap(method))
        assert inspect.unwrap(method).__doc__.strip().count("\n") < 25
        declared = inspect.signature(method).parameters
        assert {"seed", "device"} <= declared.keys(), name
        covered = {p.name for p in parameters(method)} | {"device"}
        assert declared.keys() <= covered, f"{name}: {declared.keys() - covered} has no knob"


def test_every_method_that_the_package_imports_is_one_of_its_names():
    code = "import phosphene as p; assert set(p.METHODS) <= set(p.__all__), set(p.METHODS)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_recipe_repeats_the_picture_bit_for_bit():
    *_, first = phosphene.dream(PANDA, seed=3, **QUICK)
    *_, again = phosphene.repeat(first.recipe)
    *_, other = phosphene.dream(PANDA, seed=4, **QUICK)
    assert np.array_equal(pixels(first), pixels(again))
    assert not np.array_equal(pixels(first), pixels(other))
    with pytest.raises(InputError, match="did you mean dream"):
        next(phosphene.repeat({"method": "dreem", "arguments": {}}))


def test_an_objectives_text_is_in_the_png_and_makes_the_picture_again(tmp_path):
    objective = 0.5 * phosphene.channel("blocks.4", 57) + phosphene.class_("goose")
    *_, frame = phosphene.visualize(objective, **QUICK)
    recipe = recipes.read(recipes.save_png(frame, tmp_path / "goose.png"))
    assert recipe["arguments"]["target"] == str(objective)
    *_, again = phosphene.visualize(recipe["arguments"]["target"], **QUICK)
    assert np.array_equal(pixels(frame), pixels(again))


def test_frames_cross_a_process_border():
    frame = next(phosphene.dream(Image.open(PANDA), **QUICK))
    assert pickle.loads(pickle.dumps(frame)).image.size == frame.image.size


def test_closing_midway_leaves_no_thread_and_the_device_free():
    threads = threading.active_count()
    frames = phosphene.dream(PANDA, **{**QUICK, "steps": 100, "size": 128})
    next(frames)
    frames.close()
    assert threading.active_count() == threads
    assert list(phosphene.dream(PANDA, **QUICK))


def resident() -> int:
    """Bytes of memory in use, from the kernel."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_flat_over_fifty_runs():
    def run(count):
        for number in range(count):
            frames = phosphene.dream(PANDA, **QUICK, seed=number)
            next(frames)
            frames.close() if number % 2 else list(frames)
        gc.collect()
        return resident()

    before = run(10)
    assert run(50) - before < 30e6
