"""Tools timed in turn, each in a process of its own, as those who use it run it."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


def environment(keep: bool) -> dict[str, str]:
    """For a process that keeps freed memory as ours do, or deals with it as Python by itself.

    phosphene.hosting.malloc leaves alone whoever sets glibc's variables, here to what they are
    anyway.
    """
    settings = dict(os.environ)
    settings.pop("THP_MEM_ALLOC_ENABLE", None)  # which this process has set for itself
    return settings if keep else settings | {"MALLOC_ARENA_MAX": str(8 * (os.cpu_count() or 1))}


class Tool:
    """A process that times one run whenever it is asked to."""

    def __init__(self, *arguments: str, keep: bool = False) -> None:
        """`arguments` are those of the benchmark's own script, which then calls `serve`."""
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(keep),
        )

    def time(self) -> float | None:
        """Milliseconds; None where the tool cannot be run (it says why itself)."""
        asked, told = self.process.stdin, self.process.stdout
        assert asked is not None
        assert told is not None
        with contextlib.suppress(BrokenPipeError):
            print(file=asked, flush=True)
        line = told.readline()
        return float(line) if line else None

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def serve(run: Callable[[], float]) -> None:
    """Answer each line with what `run` says; what it prints itself goes elsewhere."""
    for _ in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            taken = run()
        print(taken, flush=True)


def in_turn(tools: Mapping[str, Tool], rounds: int) -> Iterator[dict[str, float]]:
    """One time of every tool per round; the first round, and tools that fail, left out."""
    left = dict(tools)
    for number in range(rounds + 1):
        times = {name: tool.time() for name, tool in left.items()}
        left = {name: tool for name, tool in left.items() if times[name] is not None}
        if number:
            yield {name: taken for name, taken in times.items() if taken is not None}
    for tool in tools.values():
        tool.close()


def medians(
    rounds: Sequence[Mapping[str, float]], ours: str, other: str
) -> tuple[float, float, float]:
    """Of our milliseconds, of the other tool's, and of how many times ours those are.

    Rounds that the other tool did not live to see are left out.
    """
    found = [(times[ours], times[other]) for times in rounds if other in times]
    mine, theirs = (statistics.median(column) for column in zip(*found, strict=True))
    return mine, theirs, statistics.median(b / a for a, b in found)


def said(*arguments: str, keep: bool = True) -> str:
    """The last line that the benchmark's script prints, in a process of its own."""
    command = [sys.executable, *arguments]
    found = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment(keep)
    )
    return found.stdout.strip().splitlines()[-1]


def peak() -> int:
    """The peak memory of this process in MB (Linux)."""
    # Not getrusage: its peak is inherited from the parent process.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
