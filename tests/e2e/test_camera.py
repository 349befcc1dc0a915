"""The camera, with a browser that pretends to have one, and with one that has none."""

from __future__ import annotations

import os
import shutil

import pytest
from conftest import BROWSERS
from PIL import Image
from steps import button, photographed, take

pytest.importorskip("playwright.sync_api")


@pytest.fixture
def camera(serve, browser):
    """Open the tab in a browser of its own, by whether that has a camera."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
    pretended = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    opened = []

    def go(there: bool):
        flags = ["--no-sandbox", *(pretended if there else [])]
        opened.append(browser.browser_type.launch(executable_path=path, args=flags))
        page = opened[-1].new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{serve('style_transfer')}/?tab=Camera&size=64")
        page.locator(".ph-camera").locator("visible=true").first.wait_for()
        page.wait_for_timeout(1000)
        page.get_by_text("Click to Access Webcam").locator("visible=true").first.click()
        return page

    yield go
    for each in opened:
        each.close()


def test_it_is_painted_as_it_moves_and_gives_a_picture_and_a_film(camera, tmp_path):
    page = camera(True)
    page.locator(".ph-camera button:visible").get_by_text("Record").click()
    picture = page.locator(".ph-live img").locator("visible=true").first
    picture.wait_for()
    first = picture.get_attribute("src")
    page.wait_for_function("src => document.querySelector('.ph-live img').src !== src", arg=first)
    button(page, "Snapshot").click()
    page.locator(".ph-stage img").locator("visible=true").first.wait_for()
    assert take(page, "Picture · PNG", tmp_path / "snapshot.png").endswith(".png")
    with Image.open(tmp_path / "snapshot.png") as snapshot:
        assert max(snapshot.size) == 64
    page.locator(".ph-views").get_by_role("tab", name="Live", exact=True).click()
    button(page, "The last 10 seconds").click()
    page.locator(".ph-film video").locator("visible=true").first.wait_for()
    photographed(page, "style_transfer-camera", 1280)
    page.locator(".ph-camera button:visible").get_by_text("Stop").click()
    page.get_by_text("The camera is off").locator("visible=true").first.wait_for()


def test_a_camera_that_is_not_there_is_one_sentence(camera):
    page = camera(False)
    page.get_by_text("There is no camera: connect one").locator("visible=true").first.wait_for()
