"""The gallery in a real browser: a card and a working page for every app."""

from __future__ import annotations

import pytest
from conftest import APPS
from steps import (
    PAGES,
    button,
    done,
    file,
    photograph,
    photographed,
    ready,
    run,
    settings_of,
)

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


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_landing_page_moves_unless_somebody_wants_no_motion(serve, visit, motion):
    page = visit(serve("gallery"))
    page.emulate_media(reduced_motion=motion)
    page.reload()
    slider = page.get_by_label("From photograph to dream")
    slider.wait_for()
    page.wait_for_timeout(300)
    first = slider.input_value()
    page.wait_for_timeout(1500)
    assert (slider.input_value() != first) == (motion == "no-preference")
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) == before + 1
    page.wait_for_timeout(500)
    assert float(slider.input_value()) == before + 1  # whoever has taken it keeps it


def test_a_photograph_goes_along_to_every_card_and_into_the_page_that_is_opened(serve, visit):
    page = visit(serve("gallery"))
    data = photograph("deepdream")
    page.locator(".ph-drop input[type=file]").set_input_files([file("mine.jpg", data)])
    first = page.locator(".ph-card[data-state=done]").first
    first.wait_for(timeout=90_000)
    assert first.locator("img").get_attribute("src").startswith("data:image/jpeg")
    first.click()
    held = page.locator(".ph-input img").locator("visible=true").first
    held.wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('.ph-input img')].some(e => e.src.includes('photograph'))"
    )
    assert "#" not in page.url
