"""A staged app tried as a Space would have it: alone, with what it asks for and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from phosphene.errors import InputError
from phosphene.hosting import answers
from phosphene.hosting.space import ROOT, space_line, stage

START = 600.0
"""Seconds that an app may take to listen, on a machine that is busy."""
OURS = ("PYTHON", "GRADIO", "PORT", "SHARE", "WORKERS", "RAY_", "VIRTUAL_ENV")
"""What the environment of whoever tries it may hold, and a Space's does not."""


def trial(app: str, say: Callable[[str], object] = print, folder: Path | None = None) -> str:
    """Stage an app, install what it asks for, start it, call it once; what answered, in words.

    InputError with the last lines of what it wrote where a step does not work.
    """
    folder = folder or ROOT / "build" / "trial" / app
    staged = stage(app, folder / "app")
    python = folder / "venv" / "bin" / "python"
    say(f"{app}: installing its requirements into {folder / 'venv'}")
    shutil.rmtree(folder / "venv", ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder / "venv")], "make an environment")
    needs = ["-r", str(staged / "requirements.txt"), *space_line()]
    _run([str(python), "-m", "pip", "install", "--quiet", *needs], "install its requirements")
    say(f"{app}: starting it")
    return started(app, staged, python, folder / "log.txt")


def started(app: str, staged: Path, python: Path, log: Path) -> str:
    """Start a staged app with an interpreter, call it once and end it; what answered, in words."""
    port = _free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    more = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with log.open("w") as output:
        server = subprocess.Popen(
            [str(python), "-u", "app.py"],
            cwd=staged,
            env=kept | more,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START
        while not _listens(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise InputError(f"{app} does not start")
            time.sleep(0.2)
        return answers.ask(app, f"http://127.0.0.1:{port}", staged)
    except InputError as error:
        raise InputError(f"{error}: {_last(log)}") from None
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise InputError(f"could not {what}: {' '.join(lines[-3:])}")


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " ".join(lines[-3:])[-600:] or "nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
