"""What a benchmark's process took."""

from __future__ import annotations

from pathlib import Path


def peak() -> int:
    """The peak memory of this process in MB (Linux)."""
    # Not getrusage: its peak is inherited from the parent process.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
