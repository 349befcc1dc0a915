"""What asks for workers, and what is said where there can be none."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from PIL import Image

from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.hosting import cluster, worker, workers
from phosphene.hosting.cluster import Wish, wish
from phosphene.knobs import check
from phosphene.methods import recipes
from tests.hosting.errand import errand


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Ray as far as it is looked for."""
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: name)


def test_nothing_asks_for_no_workers():
    assert wish(None, None) is wish("", " ") is wish("0", "") is None
    assert wish("4", None) == Wish(4, "")
    assert wish("", "auto") == Wish(0, "auto")


@pytest.mark.parametrize("count", ["-1", "many", "1.5", "65", "²"])
def test_a_number_of_workers_that_is_none_is_refused(count):
    with pytest.raises(InputError, match="choose a whole number from 1 to 64"):
        wish(count, None)


@pytest.mark.parametrize("address", ["ray://there:10001", "there", ":1", "there:x"])
def test_an_address_of_another_form_is_refused(address):
    with pytest.raises(InputError, match="give HOST:PORT"):
        wish(None, address)


def test_a_cluster_that_does_not_answer_is_named_at_once():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(InputError, match=f"no Ray answers at {address}"):
        wish(None, address)


def test_without_ray_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'phosphene\[ray\]'"):
        wish("2", None)


def test_a_page_starts_none_unless_asked_and_none_on_zero_gpu(monkeypatch):
    monkeypatch.setattr(workers, "_pool", None)
    monkeypatch.setattr(workers, "Pool", lambda asked, served: asked)
    for name in ("WORKERS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    workers.begin()
    assert workers.pool() is None
    monkeypatch.setenv("WORKERS", "2")
    monkeypatch.setattr(workers.device, "zero_gpu", lambda: True)
    with pytest.raises(InputError, match="leave WORKERS unset"):
        workers.begin()
    monkeypatch.setattr(workers.device, "zero_gpu", lambda: False)
    workers.begin()
    assert workers.pool() == Wish(2)


def test_workers_get_the_limits_of_the_operator_and_no_password(monkeypatch):
    monkeypatch.setenv("PHOSPHENE_STEPS", "50")
    monkeypatch.setenv("PHOSPHENE_LOGIN", "ada:secret")
    monkeypatch.setenv("HF_TOKEN", "secret")
    settings = cluster.settings()
    assert settings["PHOSPHENE_STEPS"] == "50"
    assert "secret" not in str(settings)


def test_an_order_takes_its_files_along_and_frames_name_them_as_before(picture, tmp_path):
    copy = tmp_path / "photo.png"
    copy.write_bytes(picture.read_bytes())
    here = check(errand, {"image": str(copy), "steps": 2})
    order = worker.packed("errand", here)
    copy.unlink()
    sent = worker.Worker({}, 0)
    _, first, _ = sent.run(1, order)
    assert first.recipe["arguments"]["image"] == str(copy)
    assert first.panels[0].sets == {"image": str(copy)}
    copy.write_bytes(picture.read_bytes())
    (one, _) = errand(str(copy), steps=2)
    assert recipes.metadata(first) == recipes.metadata(one)


def test_a_run_that_is_ended_takes_no_step_more_and_leaves_no_file(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(worker.tempfile, "tempdir", str(tmp_path))
    order = worker.packed("errand", check(errand, {"image": str(picture), "steps": 9}))
    sent = worker.Worker({}, 0)
    stream = sent.run(7, order)
    assert next(stream) is None
    assert next(stream).step == 1
    assert list(tmp_path.iterdir())
    sent.end(7)
    assert list(stream) == []
    assert not list(tmp_path.iterdir())


def test_a_new_worker_removes_what_a_killed_one_left(tmp_path, monkeypatch):
    monkeypatch.setattr(worker.tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    kept = [tmp_path / f"{worker.FOLDER}{os.getpid()}-a", tmp_path / "phosphene-b"]
    for folder in (*kept, tmp_path / f"{worker.FOLDER}{gone.pid}-c"):
        (folder / "0").mkdir(parents=True)
    worker.Worker({}, 0)
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_a_ray_that_cannot_be_started_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cluster.importlib, "import_module", lambda name: Broken)
    with pytest.raises(InputError, match=r"^Ray could not be had: no room$"):
        cluster.connect(Wish(2))


class Broken:
    """A Ray that cannot be started."""

    @staticmethod
    def is_initialized():
        return False

    @staticmethod
    def init(**_):
        raise RuntimeError("no room\nand more")


def test_processes_are_started_once_the_pages_are_served(monkeypatch):
    begun, served = threading.Event(), threading.Event()
    monkeypatch.setattr(workers, "AFTER", 0.05)
    monkeypatch.setattr(workers.Pool, "_start", lambda pool: begun.set())
    pool = workers.Pool(Wish(2), served.is_set)
    assert not begun.wait(0.3)
    assert pool.words == "2 workers, starting"
    served.set()
    assert begun.wait(5)
    pool.close()
    workers.Pool(Wish(2), lambda: False).close()


def test_what_a_signal_does_is_the_same_after_ray_has_begun():
    told = []
    before = signal.signal(signal.SIGTERM, lambda *_: told.append("ours"))
    try:
        with cluster._same_end():
            libc = ctypes.CDLL(None)
            libc.signal(signal.SIGTERM, ctypes.c_void_p(1))  # below Python, as Ray does: ignored
            os.kill(os.getpid(), signal.SIGTERM)
        assert told == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert told == ["ours"]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("later", [[1, 9], [1, 2, 4, 6, 9], [3, 9], [2, 4]])
def test_a_run_that_is_made_again_goes_on_and_ends_with_its_result(picture, monkeypatch, later):
    errors = SimpleNamespace(RayError=ConnectionError, RayTaskError=KeyError)
    pool = object.__new__(workers.Pool)
    pool._cluster = SimpleNamespace(ray=SimpleNamespace(exceptions=errors))
    pool._guard, lives = threading.Lock(), [workers._Life(None, None, lost=True) for _ in "ab"]
    monkeypatch.setattr(pool, "_life", lambda place: lives[0])
    monkeypatch.setattr(pool, "_renew", lambda place, life: lives.pop(0))

    def frames(life, order):
        yield None
        for step in [1, 2, 3, 4] if life.lost else later:
            yield Frame(Image.new("RGB", (8, 8)), step, later[-1])
        if life.lost:
            raise ConnectionError("it has ended")

    monkeypatch.setattr(pool, "_frames", frames)
    lives[1].lost = False
    first, *rest = pool.run("errand", check(errand, {"image": str(picture)}), 0)
    assert first is None
    steps = [frame.step for frame in rest]
    assert steps[:4] == [1, 2, 3, 4]
    assert steps[4:] == ([step for step in later if step > 4] or [later[-1]])
