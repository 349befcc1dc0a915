"""Every tab of every app: it runs, and each of its views shows what it promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
from audits import audit
from conftest import ROOT
from PIL import Image
from steps import TABS, button, done, in_both_themes, ready, run, settings_of, tab_of, take

from phosphene.images import video
from phosphene.knobs import File, Pictures, parameters
from phosphene.ui import stages

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Three pictures of 96×64 as MP4."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    ramps = [np.linspace(0, level, 96).astype(np.uint8) for level in (60, 120, 180)]
    arrays = [np.broadcast_to(ramp[None, :, None], (64, 96, 3)).copy() for ramp in ramps]
    return video.save([Image.fromarray(array) for array in arrays], path, rate=8)


def opened(page, title):
    """Bring a view to the front if it is there."""
    place = page.locator(".ph-views").get_by_role("tab", name=title, exact=True)
    visible = place.locator("visible=true")
    if not visible.count():
        return False
    visible.first.click()
    return True


def picture_shown(page, view):
    expect(page.locator(".ph-stage img").locator("visible=true").first).to_be_visible()


def two_pictures_shown(page, view):
    page.locator(".ph-slider img").locator("visible=true").nth(1).wait_for()


def film_plays(page, view):
    page.locator(".ph-film video").locator("visible=true").first.wait_for()
    js = "() => [...document.querySelectorAll('.ph-film video')].some(v => v.loop && !v.paused)"
    page.wait_for_function(js)


def panels_shown(page, view):
    page.locator(".ph-views .grid-container img, .ph-views .gallery-item img").locator(
        "visible=true"
    ).first.wait_for()


def first_panel_shown(page, view):
    picture_shown(page, view)
    assert page.locator(".ph-caption").locator("visible=true").first.inner_text().strip()


def curve_shown(page, view):
    page.locator(".ph-plot polyline").locator("visible=true").first.wait_for(state="attached")


def rows_shown(page, view):
    page.locator(".ph-table td").locator("visible=true").first.wait_for()


PROMISES = {
    stages.Picture: picture_shown,
    stages.Compare: two_pictures_shown,
    stages.Film: film_plays,
    stages.Panels: panels_shown,
    stages.PanelSlider: first_panel_shown,
    stages.Steps: panels_shown,
    stages.Plot: curve_shown,
    stages.Tables: rows_shown,
}


def give_what_it_needs(page, app, tab, film):
    """A film, or two of the app's own pictures, where a tab cannot run without."""
    needed = [p for p in parameters(tab.method) if p.required]
    if any(isinstance(p.knob, File) for p in needed) and not tab.examples:
        chooser = page.locator("input[type=file]:not([accept*=image])").first
        chooser.set_input_files(film)
        page.get_by_text(film.name).first.wait_for()
    if any(isinstance(p.knob, Pictures) for p in needed) and not tab.examples:
        photographs = sorted((ROOT / "apps" / app / "examples").glob("*.jpg"))[:2]
        page.locator("input[type=file][multiple]").first.set_input_files(photographs)
        page.get_by_label(photographs[-1].name).locator("visible=true").first.wait_for()


@pytest.mark.parametrize(("app", "tab"), TABS)
def test_a_tab_runs_and_its_views_show_what_they_promise(app, tab, serve, visit, film, tmp_path):
    declared = tab_of(app, tab)
    page = visit(f"{serve(app)}/{settings_of(app, tab)}&__theme=light")
    ready(page)
    name = f"{app}-{tab.lower().replace(' ', '_')}"
    in_both_themes(page, f"{name}-idle", 1280, 390)
    give_what_it_needs(page, app, declared, film)
    run(page)
    assert "done" in done(page)
    assert not page.get_by_test_id("toast-body").count()
    front = page.locator(".ph-views [role=tab][aria-selected=true]").locator("visible=true").first
    shown = [view for view in declared.stages if opened(page, view.title)]
    assert shown, "a result shows itself somewhere"
    assert front.count()
    for view in shown:
        assert opened(page, view.title)
        kind = next(kind for kind in type(view).__mro__ if kind in PROMISES)
        PROMISES[kind](page, view)
    assert take(page, "Picture · PNG", tmp_path / "file.png").endswith(".png")
    with Image.open(tmp_path / "file.png") as result:
        recipe = json.loads(result.info["phosphene"])
    assert recipe["method"] == declared.method.__name__
    opened(page, shown[0].title)
    assert not audit(page)
    in_both_themes(page, f"{name}-finished", 1280, 390)
    button(page, "Run").click(trial=True)
