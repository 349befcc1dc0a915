"""Every tab of every app: open it by its link, run it, look at it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image
from steps import (
    PAGES,
    SMALL,
    button,
    done,
    encoded,
    photographed,
    ready,
    run,
    small,
    take,
    upload,
)

from phosphene.images import video as films

expect = pytest.importorskip("playwright.sync_api").expect

TABS = [(app, tab) for app in PAGES for tab in SMALL.get(app, {})]


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Three pictures of 96×64 as MP4."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    ramps = [np.linspace(0, level, 96).astype(np.uint8) for level in (60, 120, 180)]
    arrays = [np.broadcast_to(ramp[None, :, None], (64, 96, 3)).copy() for ramp in ramps]
    return films.save([Image.fromarray(array) for array in arrays], path, rate=8)


def made(path):
    with Image.open(path) as picture:
        return json.loads(picture.info["phosphene"]), picture.convert("RGB").tobytes()


@pytest.mark.parametrize("app", PAGES)
def test_the_list_of_tabs_is_complete(app, serve, visit):
    """A new tab needs small settings in `steps.SMALL`, or the next test leaves it out."""
    page = visit(serve(app))
    names = page.locator(".ph-methods > .tab-wrapper [role=tab]")
    names.first.wait_for()
    assert list(dict.fromkeys(names.all_inner_texts())) == list(SMALL.get(app, {}))


@pytest.mark.parametrize(("app", "tab"), TABS)
def test_every_tab_runs_and_fits(app, tab, serve, visit, film):
    page = visit(f"{serve(app)}/{small(app, tab)}")
    chosen = page.get_by_role("tab", name=tab, exact=True).locator("visible=true").first
    chosen.wait_for()
    chosen.click()
    ready(page)
    if tab == "Video":
        page.locator("input[type=file]:not([accept*=image])").first.set_input_files(film)
        page.get_by_text(film.name).first.wait_for()
    run(page)
    assert "done" in done(page)
    assert not page.get_by_test_id("toast-body").count()
    slug = tab.lower().replace(" ", "_")
    photographed(page, f"{app}-{slug}", 1280, 390)


def test_two_visitors_at_once_get_their_own_pictures(serve, visit, tmp_path):
    wanted, pages = [], []
    for color in ("red", "blue"):
        data = encoded(Image.new("RGB", (120, 90), color))
        page = visit(f"{serve('deepdream')}/?size=96&octaves=2&steps=20")
        upload(page, f"{color}.jpg", data)
        wanted.append(hashlib.sha256(data).hexdigest())
        pages.append(page)
    for page in pages:
        button(page, "Run").click()
    for number, page in enumerate(pages):
        done(page)
        path = tmp_path / f"{number}.png"
        take(page, "Picture · PNG", path)
        assert made(path)[0]["arguments"]["image"]["sha256"] == wanted[number]


def test_continue_takes_up_the_last_result_of_this_visitor_alone(serve, visit, tmp_path):
    address = f"{serve('style_transfer')}/{small('style_transfer')}"
    page = visit(address)
    ready(page)
    proceed = page.get_by_role("button", name="Continue", exact=True).locator("visible=true")
    assert not proceed.count()
    run(page)
    done(page)
    take(page, "Picture · PNG", tmp_path / "first.png")
    proceed.wait_for()
    other = visit(address)
    ready(other)
    assert not other.get_by_role("button", name="Continue").locator("visible=true").count()
    run(page, "Continue")
    done(page)
    proceed.wait_for()
    take(page, "Picture · PNG", tmp_path / "second.png")
    _, pixels = made(tmp_path / "first.png")
    recipe, _ = made(tmp_path / "second.png")
    assert recipe["arguments"]["resume"]["sha256"] == hashlib.sha256(pixels).hexdigest()


def test_the_arrow_keys_move_through_the_depth_of_a_walk_without_the_server(serve, visit):
    page = visit(f"{serve('feature_inversion')}/{small('feature_inversion', 'Walk')}")
    ready(page)
    run(page)
    done(page)
    page.get_by_role("tab", name="Depth").locator("visible=true").click()
    caption = page.locator(".ph-caption").locator("visible=true").first
    assert caption.inner_text().startswith("your picture")
    posted = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    page.locator(".ph-depth input[type=range]").focus()
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        source = page.locator(".ph-stage img").locator("visible=true").first.get_attribute("src")
        seen.append((caption.inner_text(), source))
    assert len(set(seen)) == 4
    assert all("dB" in words for words, _ in seen)
    assert not posted
    photographed(page, "feature_inversion-depth", 1280, 390)


@pytest.mark.parametrize("width", [1280, 390])
def test_run_is_in_sight_at_once_and_the_picture_while_it_forms(serve, visit, width):
    page = visit(f"{serve('style_transfer')}/{small('style_transfer')}", width)
    ready(page)
    expect(button(page, "Run")).to_be_in_viewport(ratio=1)
    run(page)
    picture = page.locator(".ph-stage img").locator("visible=true").first
    expect(picture).to_be_in_viewport()
    expect(button(page, "Stop")).to_be_in_viewport(ratio=1)
    if width == 1280:
        page.mouse.wheel(0, 900)
        expect(page.get_by_label("Size").locator("visible=true").first).to_be_in_viewport()
        expect(picture).to_be_in_viewport(ratio=0.5)
        return
    bar = page.locator(".ph-actions").locator("visible=true").first
    on_top = """bar => [...Array(40).keys()].every(step => {
        const box = bar.getBoundingClientRect();
        const x = box.x + (step + 0.5) / 40 * box.width, y = box.y + box.height / 2;
        return bar.contains(document.elementFromPoint(x, y));
    })"""
    for _ in range(30):  # no label of what scrolls beneath shows through
        page.mouse.wheel(0, 20)
        page.wait_for_timeout(20)
        assert bar.evaluate(on_top)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_look_is_chosen_by_its_picture_and_by_keyboard(serve, visit, width):
    page = visit(f"{serve('deepdream')}/", width)
    ready(page)
    layer = page.locator(".ph-knobs input").first
    looks = page.locator(".ph-looks label")
    looks.filter(has_text="Scales").click()
    page.wait_for_function("document.querySelector('.ph-knobs input').value === 'blocks.3.2'")
    assert "selected" in looks.filter(has_text="Scales").get_attribute("class")
    js = "e => getComputedStyle(e, '::before').backgroundImage"
    assert "data:image/jpeg" in looks.filter(has_text="Scales").evaluate(js)
    looks.filter(has_text="Woodcut").locator("input").focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.ph-knobs input').value === 'blocks.2'")
    assert layer.input_value() == "blocks.2"
