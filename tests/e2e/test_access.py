"""Every page for everybody; what axe-core finds in each tab is asked where the tab is tried."""

from __future__ import annotations

import pytest
from audits import audit, axe_core
from steps import PAGES, button, ready, settings_of

SMALL = """() => [...document.querySelectorAll('.ph-strip button, .source-selection button')]
    .filter(e => e.offsetParent)
    .filter(e => e.offsetWidth < 24 || e.offsetHeight < 24).length"""


def test_the_gallery_has_nothing_serious(serve, visit):
    if not axe_core():
        pytest.skip("axe-core comes with npm, which is not installed")
    page = visit(f"{serve('gallery')}/?__theme=light")
    page.locator(".ph-card").first.wait_for()
    assert not audit(page)


@pytest.mark.parametrize("app", PAGES)
def test_an_open_page_has_nothing_serious_and_focus_stays_in_sight(serve, visit, app):
    page = visit(f"{serve(app)}/{settings_of(app)}&__theme=light")
    ready(page)
    assert not audit(page)
    assert page.evaluate(SMALL) == 0
    button(page, "Share these settings").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
