"""A browser, and every app served from its own process with an empty cache."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
APPS = sorted(path.parent.name for path in ROOT.glob("apps/*/app.py"))


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def browser():
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium was found: install it (apt install chromium) or set CHROMIUM")
    with sync.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """App name -> its address, started once."""
    running: dict[str, tuple[subprocess.Popen, str]] = {}

    def address(name: str) -> str:
        if name not in running:
            running[name] = start(name, tmp_path_factory.mktemp(name))
        return running[name][1]

    yield address
    for process, _ in running.values():
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def start(name: str, folder: Path) -> tuple[subprocess.Popen, str]:
    port = free_port()
    log = folder / "log.txt"
    environment = {**os.environ, "PORT": str(port), "GRADIO_TEMP_DIR": str(folder), "SHARE": ""}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, ROOT / "apps" / name / "app.py"],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urlopen(url, timeout=5):
            return process, url
        time.sleep(0.3)
    raise AssertionError(f"{name} did not answer: {log.read_text()}")


@pytest.fixture
def visit(browser):
    """Open an address at a width and theme; every request must stay on this machine."""
    contexts, strangers = [], []

    def note(request):
        local = request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
        strangers.extend([] if local else [request.url])

    def go(url: str, width: int = 1280, theme: str = "light"):
        size = {"width": width, "height": 900 if width > 800 else 844}
        context = browser.new_context(viewport=size, color_scheme=theme, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("request", note)
        page.goto(url)
        page.locator("h1").first.wait_for()
        return page

    yield go
    for context in contexts:
        context.close()
    assert not strangers, f"the page asked others: {strangers[:3]}"
