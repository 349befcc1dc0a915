"""Freed memory stays with the process while it works: Linux clears every page it hands out anew.

A step frees and asks again for the same hundreds of megabytes, and PyTorch has no store of its own
for a CPU. The C library does, once told to use it; where it is not glibc nothing changes.
"""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # malloc.h of glibc
_ENDLESS = 2**31 - 1


def keep() -> None:
    """Keep what is freed for the next step, all threads together.

    Whoever has settings of their own (MALLOC_... or GLIBC_TUNABLES) keeps those.
    """
    mallopt = _function("mallopt")
    chosen = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    if mallopt and not chosen:
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch's: in pages of 2 MB
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _ENDLESS)


def release() -> None:
    """Give back to the system what is free."""
    trim = _function("malloc_trim")
    if trim:
        trim(0)


def _function(name: str) -> ctypes._NamedFuncPointer | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return getattr(libc, name, None)
