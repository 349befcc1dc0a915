"""Freed memory is kept while a run goes on and given back when it ends."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys

import pytest

from phosphene.hosting import malloc
from phosphene.ui import runs

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone is asked")

MANY = """
import resource, threading
import phosphene.hosting.malloc
phosphene.hosting.malloc.keep()
import torch

def step():
    torch.ones(40_000_000)  # 160 MB: more than would be kept by itself

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def work():
    for _ in range(20):
        step()
    before = faults()
    for _ in range(10):
        step()
    print(faults() - before)

thread = threading.Thread(target=work)
thread.start()
thread.join()
pages = lambda: int(open("/proc/self/statm").read().split()[1])
kept = pages()
phosphene.hosting.malloc.release()
print(kept - pages())
"""


def many(**settings: str) -> tuple[int, int]:
    """Bytes that ten steps had to be given anew, and that `release` gave back."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    own["THP_MEM_ALLOC_ENABLE"] = "0"  # large pages would hide what is given anew
    script = [sys.executable, "-c", MANY]
    found = subprocess.run(script, capture_output=True, text=True, check=True, env=own | settings)
    again, returned = (int(line) * resource.getpagesize() for line in found.stdout.split())
    return again, returned


def test_a_step_finds_the_memory_of_the_one_before_and_release_gives_it_back():
    again, returned = many()
    assert again < 160e6  # of 1.6 GB that they asked for
    assert returned > 140e6


@pytest.mark.parametrize("setting", ["MALLOC_ARENA_MAX=2", "PHOSPHENE_KEEP_MEMORY=0"])
def test_whoever_has_settings_keeps_them_and_there_is_a_switch(setting):
    again, _ = many(**dict([setting.split("=")]))
    assert again > 1e9


def test_a_page_gives_the_memory_of_a_run_back_whether_it_ends_or_is_left(monkeypatch, picture):
    given: list[bool] = []
    monkeypatch.setattr(malloc, "release", lambda: given.append(True))
    run = runs.Run("dream", {"image": str(picture), "size": 96, "steps": 2, "octaves": 1})
    frames = runs.frames(run)
    next(frames)
    assert not given
    frames.close()
    assert len(given) == 1
    list(runs.frames(run))
    assert len(given) == 2
