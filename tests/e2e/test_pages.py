"""Every app in a real browser, as a visitor uses it."""

from __future__ import annotations

import io
import json
import time

import pytest
from conftest import APPS, ROOT
from PIL import Image

SHOTS = ROOT / "build" / "screenshots"
FILES = {"Picture · PNG": ".png", "Film · MP4": ".mp4", "Film · WebP": ".webp"}
# Two cores draw a small picture in seconds, and the page is the same.
QUICK = {
    "deepdream": "size=384",
    "feature_inversion": "size=96&steps=24",
    "style_transfer": "size=160&steps=15",
}
PAGES = [name for name in APPS if name != "gallery"]

pytestmark = pytest.mark.parametrize("app", PAGES)


def photograph(app: str) -> bytes:
    """One of the app's own examples as a small JPEG of another name, or a ramp."""
    paths = sorted((ROOT / "apps" / app / "examples").glob("*.jpg"))
    picture = Image.open(paths[0]) if paths else Image.linear_gradient("L")
    picture = picture.convert("RGB")
    picture.thumbnail((320, 320))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True).locator("visible=true").first


def upload(page, name, data):
    page.wait_for_timeout(1500)
    control = page.locator(".ph-input").first
    if not control.count():
        pytest.skip("this app takes no picture")
    clear = control.get_by_label("Clear")
    if clear.count():
        clear.first.click()
    mime = "image/png" if name.endswith("png") else "image/jpeg"
    files = [{"name": name, "mimeType": mime, "buffer": data}]
    control.locator("input[type=file]").first.set_input_files(files)
    control.locator("img").first.wait_for()


def run(page):
    button(page, "Run").click()
    page.locator(".ph-running").first.wait_for()


def done(page, timeout=120_000):
    page.locator(".ph-done").locator("visible=true").first.wait_for(timeout=timeout)
    return page.locator(".ph-done").first.inner_text()


def sources_while_running(page, seconds=120):
    """The addresses of all previews that the stage showed until the run was done."""
    seen, deadline = [], time.monotonic() + seconds
    stage = page.locator(".ph-stage").first
    while not page.locator(".ph-done").count() and time.monotonic() < deadline:
        source = stage.evaluate("e => e.querySelector('img')?.src || ''")
        seen += [source] if source and source not in seen else []
        page.wait_for_timeout(50)
    return seen


def settings(page):
    """What every field of the form holds."""
    fields = page.locator(".ph-knobs input, .ph-knobs textarea")
    js = "all => all.map(e => e.type === 'checkbox' || e.type === 'radio' ? e.checked : e.value)"
    return fields.evaluate_all(js)


def test_upload_run_compare_and_take_home(app, serve, visit, tmp_path):
    page = visit(f"{serve(app)}/?{QUICK.get(app, '')}")
    page.wait_for_timeout(1500)
    upload(page, "mine.jpg", photograph(app))
    run(page)
    assert len(sources_while_running(page)) >= 2, "the previews did not change"
    assert "done" in done(page)
    compare = page.get_by_role("tab", name="Compare")
    if compare.count():
        compare.click()
        page.locator(".ph-slider img").nth(1).wait_for()
    for label, suffix in (
        ("Picture · PNG", ".png"),
        ("Film · MP4", ".mp4"),
        ("Film · WebP", ".webp"),
    ):
        with page.expect_download() as caught:
            page.get_by_text(label, exact=True).locator("visible=true").first.click()
        path = tmp_path / f"file{suffix}"
        caught.value.save_as(path)
        assert caught.value.suggested_filename.endswith(suffix)
        assert path.stat().st_size > 500
    with Image.open(tmp_path / "file.png") as result:
        made = json.loads(result.info["phosphene"])
    assert {"method", "arguments", "phosphene"} <= set(made)


def test_stop_keeps_the_picture(app, serve, visit):
    page = visit(serve(app) + "/?steps=100")
    page.wait_for_timeout(1500)
    run(page)
    page.locator(".ph-running", has_text="step").first.wait_for()
    button(page, "Stop").click()
    assert "stopped" in done(page, 15_000)
    with page.expect_download():
        page.get_by_text("Picture · PNG", exact=True).locator("visible=true").first.click()
    button(page, "Run").click(trial=True)


def test_a_permalink_opens_the_same_settings(app, serve, visit):
    page = visit(serve(app))
    page.wait_for_timeout(1500)
    field = page.locator(".ph-knobs input[type=number]").locator("visible=true").first
    if not field.count():
        pytest.skip("this app has no number to change")
    low = float(field.get_attribute("min") or 0)
    before = float(field.input_value())
    field.fill(f"{low if before != low else before + float(field.get_attribute('step') or 1):g}")
    field.press("Tab")
    button(page, "Share these settings").click()
    page.wait_for_function("location.search.length > 1")
    wanted = settings(page)
    other = visit(page.evaluate("location.href"))
    other.wait_for_timeout(2500)
    # The first page also shows the link itself, in a field of its own.
    assert settings(other) == wanted[: len(settings(other))]


def test_a_bad_file_is_one_sentence_and_the_form_stays(app, serve, visit):
    page = visit(serve(app))
    upload(page, "bad.png", b"this is not a picture")
    before = settings(page)
    button(page, "Run").click()
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for()
    assert "picture" in toast.inner_text()
    assert "Traceback" not in page.inner_text("body")
    assert settings(page) == before
    button(page, "Run").click(trial=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_is_photographed(app, serve, visit, width, theme):
    page = visit(f"{serve(app)}/?__theme={theme}&{QUICK.get(app, '')}", width, theme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1500)
    run(page)
    done(page)
    page.wait_for_timeout(700)
    page.screenshot(path=SHOTS / f"{app}-{width}-{theme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
