"""Which device, which precision, whose turn."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

with suppress(ImportError):  # On ZeroGPU `spaces` must come before CUDA is initialised.
    import spaces

import torch

from phosphene.errors import InputError

Fn = TypeVar("Fn", bound=Callable[..., object])


def pick(name: str | None = None) -> torch.device:
    """The device by name, or the GPU where there is one; InputError if it cannot be used."""
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise InputError(f"device {name!r} is not there; choose cpu or leave it out") from None
    return device


def describe(device: torch.device) -> str:
    """A few words for a badge: the GPU's name, or the CPU and its threads."""
    if device.type == "cuda" and zero_gpu():
        return "ZeroGPU, a GPU for each run"
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' * (threads != 1)}"


def fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 convolutions run on units of their own and not in emulation."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    units = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return device.type == "cpu" and bool(units)


class _FairLock:
    """A lock that serves threads in the order they came; its holder may take it again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._owner, self._depth = 0, 0

    def acquire(self) -> None:
        if self._owner == threading.get_ident():
            self._depth += 1
            return
        ticket = threading.Event()
        with self._guard:
            self._waiting.append(ticket)
            first = len(self._waiting) == 1
        if not first:
            ticket.wait()
        self._owner, self._depth = threading.get_ident(), 1

    def release(self) -> None:
        self._depth -= 1
        if self._depth:
            return
        self._owner = 0
        with self._guard:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].set()


_locks: dict[torch.device, _FairLock] = {}
_locks_guard = threading.Lock()


@contextmanager
def device_lock(device: torch.device) -> Iterator[None]:
    """Hold the device for one step: streams take turns, so two users share it fairly."""
    with _locks_guard:
        lock = _locks.setdefault(device, _FairLock())
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def every_lock() -> Iterator[None]:
    """Hold every device: tracing swaps nn.Module's methods for a moment, whoever runs a network."""
    here = {torch.device("cpu"), pick(), *_locks}
    with ExitStack() as held:
        for device in sorted(here, key=str):  # always in the same order
            held.enter_context(device_lock(device))
        yield


def zero_gpu() -> bool:
    """Whether runs take place in ZeroGPU's workers: here, then, CUDA is never touched."""
    text = os.environ.get("SPACES_ZERO_GPU", "").lower()
    return "spaces" in globals() and text in ("1", "t", "true")


def on_gpu(seconds: Callable[..., float]) -> Callable[[Fn], Fn]:
    """Run a generator function in ZeroGPU's worker where there is one, else as it is.

    `seconds` gets the function's arguments and says for how long the worker is asked for.
    """

    def decorate(function: Fn) -> Fn:
        if "spaces" in globals():
            wrapped: Fn = spaces.GPU(duration=seconds)(function)
            return wrapped
        return function

    return decorate
