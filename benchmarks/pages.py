"""What a visitor waits for: bytes of the first load, pictures, previews, the file to take home.

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
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = "README.md"
OPENING = ".ph-stage img, .ph-film video, .ph-card img"
AT_ONCE = "document.querySelector('#ph-curtain img:last-of-type')?.naturalWidth > 0"
"""A page's picture is there, and moves unless that is not wanted, before the page is built."""
SIZES = ((1280, 900), (390, 844))


def pages(options: Options) -> Iterator[str]:
    """The landing page and every app, at 1280x900."""
    from playwright.sync_api import sync_playwright

    names = sorted(path.parent.name for path in ROOT.glob("apps/*/app.py"))
    yield (
        "| page | s from its command to an answer | kB before scrolling | of them pictures "
        "| s to its picture | s until it is built | s from Run to a preview |"
    )
    yield "|---|---|---|---|---|---|---|"
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for name in names[:1] if options.smoke else names:
            begun = time.monotonic()
            with served(name) as url:
                answered = time.monotonic() - begun
                visits = [visit(browser, url, name) for _ in range(options.rounds)]
            size, pictures, first, built, preview = (
                statistics.median(column) for column in zip(*visits, strict=True)
            )
            shown = f"{preview:.1f}" if preview else ""
            sizes = f"{size / 1000:.0f} | {pictures / 1000:.0f}"
            yield f"| {name} | {answered:.1f} | {sizes} | {first:.1f} | {built:.1f} | {shown} |"
        browser.close()


def visitor(options: Options) -> Iterator[str]:
    """From arriving at the gallery to a file of one's own, by somebody who never hesitates."""
    from playwright.sync_api import sync_playwright

    yield (
        "| window | s until a picture moves | until the first card shows one's own photograph "
        "| until the dream's card does | until its page does | until the file is saved "
        "| another time: until all cards do |"
    )
    yield "|---|---|---|---|---|---|---|"
    with sync_playwright() as playwright, served("gallery") as url, TemporaryDirectory() as folder:
        browser = chromium(playwright)
        photograph = Path(folder) / "mine.jpg"
        with Image.open(ROOT / "apps" / "deepdream" / "examples" / "coffee.jpg") as example:
            example.crop((40, 30, example.width, example.height)).save(photograph)
        for width, height in SIZES[:1] if options.smoke else SIZES:
            seconds = []
            for walk in (one_dream, all_cards):
                context = browser.new_context(viewport={"width": width, "height": height})
                page = context.new_page()
                page.set_default_timeout(120_000)
                began = time.monotonic()
                seconds += [time.monotonic() - began for _ in walk(page, url, photograph)]
                context.close()
            yield f"| {width}×{height} | {' | '.join(f'{one:.1f}' for one in seconds)} |"
        browser.close()


def one_dream(page: Any, url: str, photograph: Path) -> Iterator[None]:
    """Where a visitor comes by on the way to a dream to take home."""
    page.goto(url, wait_until="commit")
    page.wait_for_function(AT_ONCE, polling="raf")
    yield
    page.locator(".ph-drop input[type=file]").set_input_files(photograph)
    page.locator(".ph-card img[src^='data:image/jpeg']").first.wait_for()
    yield
    dream = page.locator(".ph-card[href=deepdream]")
    dream.locator("img[src^='data:image/jpeg']").wait_for()
    yield
    dream.click()
    page.wait_for_function(
        "[...document.querySelectorAll('.ph-input img')].some(e => e.src.includes('photograph'))"
    )
    run_until_it_changes(page)
    yield
    page.locator(".ph-done").locator("visible=true").first.wait_for()
    with page.expect_download() as caught:
        page.get_by_text("Picture · PNG", exact=True).locator("visible=true").first.click()
    caught.value.path()
    yield


def all_cards(page: Any, url: str, photograph: Path) -> Iterator[None]:
    """The same for a visitor who watches every app try the photograph."""
    page.goto(url)
    page.locator(".ph-drop input[type=file]").set_input_files(photograph)
    page.wait_for_function(
        "count => document.querySelectorAll('.ph-card[data-state=done]').length === count",
        arg=page.locator(".ph-card").count(),
    )
    yield


def run_until_it_changes(page: Any) -> None:
    """Press Run, and wait until the stage shows another picture."""
    stage = ".ph-stage img"
    before = page.locator(stage).locator("visible=true").first.get_attribute("src")
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").first.click()
    page.wait_for_function(
        f"old => [...document.querySelectorAll('{stage}')].some(e => e.offsetParent"
        " && e.src !== old)",
        arg=before,
        timeout=120_000,
        polling=20,
    )


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


def visit(browser: Any, url: str, name: str) -> tuple[float, float, float, float, float]:
    """Bytes before the first scroll, those of pictures and films, and seconds.

    The seconds are those to the first picture, until the page is built, and from Run to a preview.
    """
    width, height = SIZES[0]
    context = browser.new_context(viewport={"width": width, "height": height})
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
    page.goto(url, wait_until="commit")
    page.wait_for_function(AT_ONCE, polling="raf")
    first = time.monotonic() - started
    page.locator(OPENING).locator("visible=true").first.wait_for(timeout=60_000)
    built = time.monotonic() - started
    page.wait_for_timeout(3000)
    preview = 0.0
    loaded = sum(received.values())
    pictures = sum(size for one, size in received.items() if kinds.get(one) in ("Image", "Media"))
    if name != "gallery":
        started = time.monotonic()
        run_until_it_changes(page)
        preview = time.monotonic() - started
    context.close()
    return loaded, pictures, first, built, preview


PARTS = {"pages": pages, "visitor": visitor}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
