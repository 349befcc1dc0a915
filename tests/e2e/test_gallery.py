"""The gallery in a real browser: a card and a working page for every app."""

from __future__ import annotations

import pytest
from conftest import APPS
from test_pages import SHOTS, button, done, run

PAGES = [name for name in APPS if name != "gallery"]
pytestmark = pytest.mark.skipif("gallery" not in APPS, reason="there is no gallery")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_home_page_has_a_card_for_every_app(serve, visit, width, theme):
    page = visit(f"{serve('gallery')}/?__theme={theme}", width, theme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(700)
    page.screenshot(path=SHOTS / f"gallery-{width}-{theme}.png", full_page=True)
    cards = page.locator(".ph-card")
    assert sorted(card.get_attribute("href") for card in cards.all()) == PAGES
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("app", PAGES)
def test_a_card_opens_a_page_that_runs(serve, visit, app):
    page = visit(serve("gallery"))
    page.locator(f".ph-card[href='{app}']").click()
    button(page, "Run").wait_for()
    page.wait_for_timeout(1500)
    run(page)
    done(page)
