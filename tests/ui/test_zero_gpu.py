"""Runs in a stand-in for ZeroGPU's worker: a thread behind a wall of pickles, for a bounded time.

It keeps what is hard about the real one: arguments and frames are pickled, an error comes through
as the name of its class alone, a generator that is closed ends the work, time over is an error.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from phosphene import device
from phosphene.errors import InputError
from phosphene.hosting import cost
from tests.tint import tint

pytest.importorskip("gradio")

from phosphene.ui import runs


class AbortedError(Exception):
    """All that a page is told of an error in the worker."""


class ZeroGPU:
    """`spaces.GPU`, with what was asked for and whether the work was ended."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.ended = 0

    def GPU(self, duration):  # noqa: N802
        def decorate(function):
            def handler(*args):
                args = pickle.loads(pickle.dumps(args))
                seconds = duration(*args)
                self.asked.append(seconds)
                stream, started = function(*args), time.monotonic()
                try:
                    while True:
                        try:
                            item = next(stream)
                        except StopIteration:
                            return
                        except Exception as error:
                            raise AbortedError(type(error).__name__) from None
                        if time.monotonic() - started > seconds:
                            raise AbortedError("GPU task aborted")
                        yield pickle.loads(pickle.dumps(item))
                finally:
                    stream.close()
                    self.ended += 1

            return handler

        return decorate


@pytest.fixture
def zero(monkeypatch):
    stand_in = ZeroGPU()
    monkeypatch.setitem(vars(device), "spaces", stand_in)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr(runs, "run_method", device.on_gpu(cost.seconds)(runs.in_worker))
    monkeypatch.setattr(runs, "PAUSE", 0.0)
    return stand_in


def test_frames_stream_through_and_the_result_is_that_of_a_run_here(zero, picture):
    run = runs.checked(tint, {"image": str(picture), "steps": 4})
    shown = list(runs.frames(run))
    (*_, here) = tint(str(picture), steps=4)
    assert [frame.step for frame in shown] == [1, 2, 3, 4]
    assert run.last.image.tobytes() == here.image.tobytes()
    assert zero.asked == [cost.seconds("tint", run.arguments)]
    assert zero.ended == 1


def test_what_is_wrong_keeps_its_sentence_on_the_way(zero, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    run = runs.checked(tint, {"image": str(tmp_path / "no.png")})
    with pytest.raises(InputError, match=r"no\.png|picture"):
        list(runs.frames(run))


def test_stop_and_a_closed_page_end_the_work(zero, picture):
    run = runs.checked(tint, {"image": str(picture), "steps": 50})
    stream = runs.frames(run)
    next(stream)
    stream.close()
    assert zero.ended == 1
    run = runs.checked(tint, {"image": str(picture), "steps": 50})
    for _ in runs.frames(run):
        run.stopping = True
    assert zero.ended == 2
    assert "stopped" in run.note


def test_a_run_ends_with_its_picture_before_the_worker_is_taken_away(zero, picture, monkeypatch):
    monkeypatch.setattr(cost, "GPU_START", 0.4)
    monkeypatch.setattr(cost, "GPU_STEP", 0.0)
    run = runs.checked(tint, {"image": str(picture), "steps": 50})
    for _ in runs.frames(run):
        time.sleep(0.05)
    assert zero.asked == [1.0]  # rounded up
    assert run.note.startswith("ended after 0.8 seconds")
    assert run.last.step < 50


def test_the_page_names_zero_gpu_without_touching_cuda(zero):
    words = device.describe(SimpleNamespace(type="cuda"))
    assert words == "ZeroGPU, a GPU for each run"


def test_importing_an_app_takes_spaces_first_and_touches_no_cuda(tmp_path):
    (tmp_path / "spaces.py").write_text(
        "import sys\n"
        "assert 'gradio' not in sys.modules\n"
        "assert 'torch' not in sys.modules or not sys.modules['torch'].cuda.is_initialized()\n"
        "GPU = lambda **kwargs: lambda function: function\n"
    )
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, 'apps/saliency']\n"
        "import app, torch\n"
        "assert 'spaces' in sys.modules\n"
        "assert not torch.cuda.is_initialized()\n"
        "from phosphene.networks import loading\n"
        "assert not loading._loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
