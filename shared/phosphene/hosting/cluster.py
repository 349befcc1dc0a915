"""The processes that others than this one run in: Ray's, on this machine or on many."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phosphene.errors import InputError, quoted

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder that our package lies in."""
MOST = 64
"""Workers of one page."""
CORES = 2
"""Of a worker without a GPU, where the cluster says how many there are."""
STORE = 512 * 2**20
"""Bytes for the frames that are on their way, on this machine."""
NEEDED = "workers need Ray; install it with: pip install 'phosphene[ray]'"


@dataclass(frozen=True)
class Wish:
    """How many workers (0: as many as fit) and where: `address` is a cluster's, empty: here."""

    count: int = 0
    address: str = ""


@dataclass(frozen=True)
class Cluster:
    """Ray, connected; `share` is what each of `count` workers has of the machines."""

    ray: Any
    count: int
    share: dict[str, float]
    threads: int


def wish(count: str | None, address: str | None) -> Wish | None:
    """What somebody asked for, None for nothing; InputError where it cannot be."""
    number, where = (count or "").strip(), (address or "").strip()
    if number in ("", "0") and not where:
        return None
    if number and not (number.isascii() and number.isdigit() and int(number) <= MOST):
        raise InputError(f"workers is {quoted(number)}; choose a whole number from 1 to {MOST}")
    if importlib.util.find_spec("ray") is None:
        raise InputError(NEEDED)
    if where:
        _check(where)
    return Wish(int(number or 0), where)


def _check(address: str) -> None:
    """InputError for a cluster that does not answer: Ray itself would try for a long time."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise InputError(f"Ray's address is {quoted(address)}; give HOST:PORT, as in 10.0.0.5:6379")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError):
        raise InputError(f"no Ray answers at {address}; start it there, or correct it") from None


def connect(asked: Wish) -> Cluster:
    """Ray, started on this machine or found at its address; InputError where that fails."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no use of it is reported
    ray: Any = importlib.import_module("ray")
    if not ray.is_initialized():
        quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
        where: dict[str, Any] = {"address": asked.address or "local"}
        if not asked.address:
            where |= {"num_cpus": max(asked.count, 1), "object_store_memory": STORE}
            where["include_dashboard"] = False
        try:
            with _same_package(), _same_end():
                ray.init(**where, **quiet)
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"Ray could not be had: {str(error).splitlines()[0]}") from error
    there = ray.cluster_resources()
    gpus, cpus = int(there.get("GPU", 0)), int(there.get("CPU", 1))
    count = asked.count or gpus or max(1, cpus // CORES)
    if gpus:  # where there are more workers than GPUs, some share one
        return Cluster(ray, count, {"num_gpus": 1 / math.ceil(count / gpus)}, 0)
    if asked.address:
        return Cluster(ray, count, {"num_cpus": cpus / count if cpus < count else CORES}, CORES)
    return Cluster(ray, count, {"num_cpus": 1}, max(1, cores() // count))


@contextmanager
def _same_package() -> Iterator[None]:
    """What is started meanwhile imports this very package, whichever others are installed."""
    before = os.environ.get("PYTHONPATH")
    paths = [str(PACKAGE), *(before or "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in paths if path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def _same_end() -> Iterator[None]:
    """What SIGTERM does stays as it is: Ray's handler ends the process after three seconds."""
    if sys.platform == "win32":
        yield
        return
    libc, action = ctypes.CDLL(None), ctypes.create_string_buffer(512)  # more than a sigaction has
    libc.sigaction(signal.SIGTERM, None, action)
    try:
        yield
    finally:
        libc.sigaction(signal.SIGTERM, action, None)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def settings() -> dict[str, str]:
    """The environment variables of ours that every worker shall have; no password among them."""
    ours = (name for name in os.environ if name.startswith("PHOSPHENE_"))
    return {name: os.environ[name] for name in ours if not name.endswith("LOGIN")}
