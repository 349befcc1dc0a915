"""Freed memory stays with the process while it works: Linux clears every page it hands out anew.

A step frees and asks again for the same hundreds of megabytes, and PyTorch has no store of its own
for a CPU. The C library does, once told to use it; where it is not glibc nothing changes.

What it is worth: steps of a painting at 512 pixels took 1.17 times as long without it, at 256
pixels as long; `python benchmarks/style.py worth` measures it anew. It is off for whoever has
settings of their own (MALLOC_... or GLIBC_TUNABLES), and with PHOSPHENE_KEEP_MEMORY=0.
"""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # malloc.h of glibc
_ENDLESS = 2**31 - 1


def keep() -> None:
    """Keep what is freed for the next step, all threads together; for a process's first lines."""
    mallopt = _function("mallopt")
    if mallopt and not _off():
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch's: in pages of 2 MB
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _ENDLESS)


def release() -> None:
    """Give back to the system what is free."""
    trim = _function("malloc_trim")
    if trim:
        trim(0)


def _off() -> bool:
    own = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    return own or os.environ.get("PHOSPHENE_KEEP_MEMORY", "").strip() == "0"


def _function(name: str) -> ctypes._NamedFuncPointer | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return getattr(libc, name, None)
