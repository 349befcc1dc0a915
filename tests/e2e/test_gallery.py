"""The gallery in a real browser: a card and a working page for every app."""

from __future__ import annotations

import pytest
from conftest import APPS
from steps import PAGES, button, done, photographed, ready, run, settings_of

pytestmark = pytest.mark.skipif("gallery" not in APPS, reason="there is no gallery")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_home_page_has_a_card_for_every_app(serve, visit, theme):
    page = visit(f"{serve('gallery')}/?__theme={theme}", theme=theme)
    cards = page.locator(".ph-card")
    cards.first.wait_for()
    assert sorted(card.get_attribute("href") for card in cards.all()) == PAGES
    photographed(page, f"gallery-{theme}", 1280, 390)


@pytest.mark.parametrize("app", PAGES)
def test_a_card_opens_a_page_that_runs(serve, visit, app):
    page = visit(serve("gallery"))
    page.locator(f".ph-card[href='{app}']").click()
    button(page, "Run").wait_for()
    page.goto(f"{page.url.split('?')[0]}{settings_of(app)}")
    ready(page)
    run(page)
    done(page)
