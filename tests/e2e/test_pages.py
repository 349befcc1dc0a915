"""Every app in a real browser, as a visitor uses it."""

from __future__ import annotations

import json

import pytest
from PIL import Image
from steps import (
    PAGES,
    button,
    done,
    has_steps,
    long_settings,
    photograph,
    photographed,
    ready,
    run,
    settings,
    settings_of,
    sources_while_running,
    take,
    upload,
)

FILES = {"Picture · PNG": ".png", "Film · MP4": ".mp4", "Film · WebP": ".webp"}

pytestmark = pytest.mark.parametrize("app", PAGES)


def test_a_photograph_of_ones_own_forms_in_sight_is_stopped_and_taken_home(
    app, serve, visit, tmp_path
):
    page = visit(f"{serve(app)}/{long_settings(app)}")
    upload(page, "mine.jpg", photograph(app))
    run(page)
    if has_steps(app):
        assert len(sources_while_running(page, 3)) == 3, "the previews did not change"
        button(page, "Stop").click()
    assert ("stopped" if has_steps(app) else "done") in done(page, 60_000)
    for label, suffix in FILES.items() if has_steps(app) else [*FILES.items()][:1]:
        path = tmp_path / f"file{suffix}"
        assert take(page, label, path).endswith(suffix)
        assert path.stat().st_size > 500
    with Image.open(tmp_path / "file.png") as result:
        made = json.loads(result.info["phosphene"])
    assert {"method", "arguments", "phosphene", "weights"} <= set(made)
    button(page, "Run").click(trial=True)


def test_a_permalink_opens_the_same_settings(app, serve, visit):
    page = visit(f"{serve(app)}/{settings_of(app)}")
    ready(page)
    field = page.locator(".ph-knobs input[type=number]").locator("visible=true").first
    if not field.count():
        pytest.skip("this app has no number to change")
    low = float(field.get_attribute("min") or 0)
    before = float(field.input_value())
    field.fill(f"{low if before != low else before + float(field.get_attribute('step') or 1):g}")
    field.press("Tab")
    button(page, "Share these settings").click()
    page.wait_for_function("document.querySelector('.ph-link textarea')?.value")
    wanted = settings(page)
    other = visit(page.evaluate("location.href"))
    ready(other)
    # The first page also shows the link itself, in a field of its own.
    assert settings(other) == wanted[: len(settings(other))]


def test_a_bad_file_is_one_sentence_and_the_form_stays(app, serve, visit):
    page = visit(f"{serve(app)}/{settings_of(app)}")
    upload(page, "bad.png", b"this is not a picture")
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for()
    page.wait_for_timeout(500)
    assert toast.inner_text().count("bad.png is not a picture") == 1
    before = settings(page)
    button(page, "Run").click()
    page.locator(".ph-error").first.wait_for()
    assert "picture" in page.locator(".ph-error").first.inner_text()
    assert "Traceback" not in page.inner_text("body")
    assert settings(page) == before
    button(page, "Run").click(trial=True)


def test_the_page_fits_in_the_dark_too(app, serve, visit):
    page = visit(f"{serve(app)}/{settings_of(app)}&__theme=dark", theme="dark")
    ready(page)
    run(page)
    done(page)
    photographed(page, f"{app}-dark", 1280, 390)
