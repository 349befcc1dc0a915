"""What a visitor does on a page, and settings small enough for two cores."""

from __future__ import annotations

import io
import time
from urllib.parse import parse_qs, urlencode, urlparse

import pytest
from conftest import ROOT
from PIL import Image

from tests.apps import PAGES, tabs_of

SHOTS = ROOT / "build" / "screenshots"
LITE = "network=efficientnet_lite0"
TABS = [(app, tab.name) for app in PAGES for tab in tabs_of(app) if not tab.stream]


def tab_of(app: str, name: str = ""):
    """A tab of an app's page, or its first one."""
    tabs = tabs_of(app)
    return next((tab for tab in tabs if tab.name == name), tabs[0])


def settings_of(app: str, tab: str = "", **changes) -> str:
    """The query of a tab, or of the app's first one: each knob at what makes a run short."""
    chosen = tab_of(app, tab)
    quick = {p.name: p.knob.quick for p in chosen.parameters if p.knob.quick is not None}
    return "?" + urlencode({"tab": chosen.name, **quick, **changes})


def long_settings(app: str, tab: str = "") -> str:
    """The same larger, with so many steps, none spared, that there is time to see and to stop."""
    knobs = {p.name: p.knob for p in tab_of(app, tab).parameters}
    longest = {name: knobs[name].high for name in ("steps", "confidence") if name in knobs}
    if "size" in knobs and knobs["size"].quick:
        longest["size"] = 2 * knobs["size"].quick
    return settings_of(app, tab, **longest)


def has_steps(app: str, tab: str = "") -> bool:
    """Whether a run shows previews; a method that makes its picture at once has none."""
    return any(p.name == "steps" for p in tab_of(app, tab).parameters)


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
    """Wait until the page shows what the address says: the tab, its values, its network's taps."""
    name = parse_qs(urlparse(page.url).query).get("tab", [""])[0]
    labels = [t.way or t.name for app in PAGES for t in tabs_of(app) if t.name == name]
    if labels:
        chosen = page.get_by_role("tab", name=labels[0], exact=True, selected=True)
        chosen.locator("visible=true").first.wait_for(timeout=60_000)
    page.locator(".ph-badge").locator("visible=true").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)


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
    """Press it and wait until the run has begun; a short one may be over before one looks."""
    page.locator(".ph-status").evaluate_all("all => all.forEach(line => line.dataset.old = '')")
    button(page, name).click()
    begun = ", ".join(f".ph-{state}:not([data-old])" for state in ("running", "done", "error"))
    page.locator(begun).locator("visible=true").first.wait_for()


def done(page, timeout=120_000):
    line = page.locator(".ph-done, .ph-error").locator("visible=true").first
    line.wait_for(timeout=timeout)
    assert "ph-done" in line.get_attribute("class"), line.inner_text()
    return line.inner_text()


def take(page, label, path):
    """Press a download button and save the file; its name as the page gave it."""
    # Gradio's brush hands in its layers again and again while a page changes, which takes a while.
    with page.expect_download(timeout=60_000) as caught:
        page.get_by_text(label, exact=True).locator("visible=true").first.click(timeout=60_000)
    caught.value.save_as(path)
    return caught.value.suggested_filename


def sources_while_running(page, count, seconds=120):
    """The addresses of the first `count` previews that the stage shows."""
    shown, deadline = [], time.monotonic() + seconds
    stage = page.locator(".ph-stage").locator("visible=true").first
    while len(shown) < count and time.monotonic() < deadline:
        source = stage.evaluate("e => e.querySelector('img')?.src || ''")
        shown += [source] if source and source not in shown else []
        page.wait_for_timeout(50)
    return shown


# Gradio writes the color of the ground into the page when it opens.
DARK = """dark => {
    document.body.classList.toggle('dark', dark);
    document.body.style.background = 'var(--body-background-fill)';
}"""


def in_both_themes(page, name, *widths):
    """Take the whole page's picture in light and dark at each width; it ends light and wide."""
    for dark, theme in ((False, "light"), (True, "dark")):
        page.evaluate(DARK, dark)
        photographed(page, f"{name}-{theme}", *widths)
    page.evaluate(DARK, False)
    page.set_viewport_size({"width": widths[0], "height": 900})


def photographed(page, name, *widths):
    """Take the whole page's picture at each width; nothing may stick out sideways."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900 if width > 800 else 844})
        page.wait_for_timeout(700)
        page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True, timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def settings(page):
    """What every field of the form holds."""
    fields = page.locator(".ph-knobs input, .ph-knobs textarea")
    js = "all => all.map(e => e.type === 'checkbox' || e.type === 'radio' ? e.checked : e.value)"
    return fields.evaluate_all(js)
