"""A taught brush: on the shelf, in the tab that paints, in a link, and gone when taken off."""

from __future__ import annotations

import pytest
from steps import button, done, ready, run, settings_of

pytest.importorskip("playwright.sync_api")

SHELF = "Object.entries(JSON.parse(localStorage['phosphene-brushes'] || '{}'))"


def pressed(page, name):
    """The brush of this name, once it is the one that is chosen."""
    chip = page.locator(".ph-shelf button[aria-pressed=true]").filter(has_text=name)
    chip.locator("visible=true").first.wait_for(timeout=60_000)


def test_a_taught_brush_paints_stays_on_the_shelf_and_travels_in_a_link(serve, visit):
    address = serve("style_transfer")
    page = visit(f"{address}/{settings_of('style_transfer', 'Teach', name='my wave')}")
    ready(page)
    run(page)
    done(page)
    paint = button(page, "Paint with it")
    paint.wait_for()
    ((name, text),) = page.evaluate(SHELF)
    assert name == "my wave"
    assert text.startswith("brush1-")
    paint.click()
    pressed(page, "my wave")
    done(page)
    other = visit(f"{address}/?tab=Instant&size=64&brush={text}", width=390)
    pressed(other, "my wave")
    done(other)
    assert other.evaluate(SHELF) == []
    page.reload()
    ready(page)
    page.get_by_role("tab", name="Instant", exact=True).locator("visible=true").first.click()
    button(page, "my wave").click()
    button(page, "Take my wave off the shelf").click()
    pressed(page, "none")
    assert page.evaluate(SHELF) == []
