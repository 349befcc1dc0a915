"""What a visitor does on a page, and settings small enough for two cores."""

from __future__ import annotations

import io
import time

import pytest
from conftest import APPS, ROOT
from PIL import Image

SHOTS = ROOT / "build" / "screenshots"
PAGES = [name for name in APPS if name != "gallery"]
LITE = "network=efficientnet_lite0"
# Every tab of every app with settings that take seconds.
SMALL = {
    "deepdream": {
        "Dream": "size=96&octaves=2&steps=3",
        "Visualize": "size=64&steps=8&octaves=1",
        "Layer": "size=64&steps=4&count=4",
        "Difference": "size=64&steps=4",
        "Zoom": "size=96&octaves=1&steps=1&pictures=3",
        "Video": "size=96&octaves=1&steps=1",
    },
    "feature_inversion": {
        "Walk": f"{LITE}&size=128&steps=8&count=4",
        "One layer": f"{LITE}&size=96&steps=8&layer=blocks.2.1",
    },
    "style_transfer": {
        "Transfer": f"{LITE}&size=96&steps=5",
        "Texture": f"{LITE}&size=96&steps=5",
        "Vary one thing": f"{LITE}&size=96&steps=5",
    },
}
# The first tab of each: long enough to see previews, and long enough to stop.
SECONDS = {
    "deepdream": "size=192",
    "feature_inversion": f"{LITE}&size=128&steps=24&count=4",
    "style_transfer": f"{LITE}&size=160&steps=15",
}
MINUTES = {
    "deepdream": "steps=100",
    "feature_inversion": f"{LITE}&size=128&steps=1000",
    "style_transfer": f"{LITE}&size=256&steps=200",
}


def small(app: str, tab: str = "") -> str:
    """The query of a tab, or of the app's first one, with small settings."""
    tabs = SMALL.get(app, {})
    tab = tab or next(iter(tabs), "")
    return f"?tab={tab}&{tabs.get(tab, '')}" if tab else "?"


def photograph(app: str) -> bytes:
    """One of the app's own examples as a small JPEG of another name, or a ramp."""
    paths = sorted((ROOT / "apps" / app / "examples").glob("*.jpg"))
    picture = Image.open(paths[0]) if paths else Image.linear_gradient("L")
    picture = picture.convert("RGB")
    picture.thumbnail((320, 320))
    return encoded(picture)


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True).locator("visible=true").first


def ready(page):
    """Wait until the form holds what the address says, and its network's taps."""
    page.locator(".ph-badge").locator("visible=true").first.wait_for(timeout=60_000)
    page.wait_for_timeout(300)


def file(name, data):
    """A picture as a file to choose."""
    mime = "image/png" if name.endswith("png") else "image/jpeg"
    return {"name": name, "mimeType": mime, "buffer": data}


def give(page, chosen, label=""):
    """Put a file into the control of this label, or into the first one."""
    control = page.locator(".ph-input").filter(has_text=label).locator("visible=true").first
    control.wait_for()
    clear = control.get_by_label("Clear")
    if clear.count():
        clear.first.click()
    control.locator("input[type=file]").first.set_input_files([chosen])
    control.locator("img").first.wait_for()


def upload(page, name, data):
    ready(page)
    if not page.locator(".ph-input").locator("visible=true").count():
        pytest.skip("this app takes no picture")
    give(page, file(name, data))


def run(page, name="Run"):
    button(page, name).click()
    page.locator(".ph-running").locator("visible=true").first.wait_for()


def done(page, timeout=120_000):
    line = page.locator(".ph-done").locator("visible=true").first
    line.wait_for(timeout=timeout)
    return line.inner_text()


def take(page, label, path):
    """Press a download button and save the file; its name as the page gave it."""
    # Gradio's brush hands in its layers again and again while a page changes, which takes a while.
    with page.expect_download(timeout=60_000) as caught:
        page.get_by_text(label, exact=True).locator("visible=true").first.click(timeout=60_000)
    caught.value.save_as(path)
    return caught.value.suggested_filename


def sources_while_running(page, seconds=120):
    """The addresses of all previews that the stage showed until the run was done."""
    seen, deadline = [], time.monotonic() + seconds
    stage = page.locator(".ph-stage").first
    while not page.locator(".ph-done").count() and time.monotonic() < deadline:
        source = stage.evaluate("e => e.querySelector('img')?.src || ''")
        seen += [source] if source and source not in seen else []
        page.wait_for_timeout(50)
    return seen


def photographed(page, name, *widths):
    """Take the whole page's picture at each width; nothing may stick out sideways."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900 if width > 800 else 844})
        page.wait_for_timeout(700)
        page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def settings(page):
    """What every field of the form holds."""
    fields = page.locator(".ph-knobs input, .ph-knobs textarea")
    js = "all => all.map(e => e.type === 'checkbox' || e.type === 'radio' ? e.checked : e.value)"
    return fields.evaluate_all(js)
