"""What a visitor waits for: bytes of the first load, the opening picture, the first preview.

Every page is served from a process of its own and opened in headless Chromium (playwright, which
`make setup` installs, and a Chromium on the PATH or in CHROMIUM), each time with an empty cache.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from _tables import Options, main

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = "README.md"
OPENING = ".ph-stage img, .ph-film video, .ph-card img"


def pages(options: Options) -> Iterator[str]:
    """The landing page and every app, at 1280x900."""
    from playwright.sync_api import sync_playwright

    names = sorted(path.parent.name for path in ROOT.glob("apps/*/app.py"))
    yield (
        "| page | s from its command to an answer | kB before scrolling | of them pictures "
        "| s to its opening picture | s from Run to a preview |"
    )
    yield "|---|---|---|---|---|---|"
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for name in names[:1] if options.smoke else names:
            begun = time.monotonic()
            with served(name) as url:
                answered = time.monotonic() - begun
                visits = [visit(browser, url, name) for _ in range(options.rounds)]
            size, pictures, opening, preview = (
                statistics.median(column) for column in zip(*visits, strict=True)
            )
            shown = f"{preview:.1f}" if preview else ""
            sizes = f"{size / 1000:.0f} | {pictures / 1000:.0f}"
            yield f"| {name} | {answered:.1f} | {sizes} | {opening:.1f} | {shown} |"
        browser.close()


def chromium(playwright: Any) -> Any:
    """The browser of this machine, without a window."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, browsers)))
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@contextmanager
def served(name: str) -> Iterator[str]:
    """The address of an app in a process of its own."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "GRADIO_TEMP_DIR": folder, "SHARE": ""}
        process = subprocess.Popen(
            [sys.executable, ROOT / "apps" / name / "app.py"],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            while True:
                with suppress(OSError), urlopen(url, timeout=5):
                    break
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode}")
                time.sleep(0.3)
            yield url
        finally:
            process.terminate()
            process.wait()


def visit(browser: Any, url: str, name: str) -> tuple[float, float, float, float]:
    """Bytes before the first scroll, those of pictures and films, and seconds.

    The seconds are those to the opening picture, and from Run to a preview.
    """
    size = {"width": 1280, "height": 900}
    context = browser.new_context(viewport=size)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    kinds: dict[str, str] = {}
    received: dict[str, float] = {}
    session.on(
        "Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda event: received.update({event["requestId"]: event["encodedDataLength"]}),
    )
    started = time.monotonic()
    page.goto(url)
    page.locator(OPENING).locator("visible=true").first.wait_for(timeout=60_000)
    opening = time.monotonic() - started
    page.wait_for_timeout(3000)
    preview = 0.0
    loaded = sum(received.values())
    pictures = sum(size for one, size in received.items() if kinds.get(one) in ("Image", "Media"))
    if name != "gallery":
        stage = ".ph-stage img"
        before = page.locator(stage).locator("visible=true").first.get_attribute("src")
        started = time.monotonic()
        page.get_by_role("button", name="Run", exact=True).locator("visible=true").first.click()
        page.wait_for_function(
            f"old => [...document.querySelectorAll('{stage}')].some(e => e.offsetParent"
            " && e.src !== old)",
            arg=before,
            timeout=120_000,
            polling=20,
        )
        preview = time.monotonic() - started
    context.close()
    return loaded, pictures, opening, preview


PARTS = {"pages": pages}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
