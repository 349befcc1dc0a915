"""What a visitor does on one page or the other: two at once, going on, depth, looks, a phone."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from conftest import APPS
from PIL import Image
from steps import (
    button,
    done,
    encoded,
    long_settings,
    photographed,
    ready,
    run,
    settings_of,
    take,
    upload,
)

expect = pytest.importorskip("playwright.sync_api").expect


OPENING = ".ph-stage img, .ph-film video, .ph-card img"


def made(path):
    with Image.open(path) as picture:
        return json.loads(picture.info["phosphene"]), picture.convert("RGB").tobytes()


@pytest.mark.parametrize("app", APPS)
def test_the_first_load_is_under_a_megabyte(app, serve, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(serve(app))
    page.locator(OPENING).locator("visible=true").first.wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('.ph-fall video')].every(film => film.currentTime > 0.5)"
    )
    page.wait_for_timeout(2000)  # what comes by itself afterwards counts as well
    context.close()
    assert len(sizes) > 10
    assert sum(sizes) < 1_000_000


@pytest.mark.parametrize("app", APPS)
def test_a_page_shows_its_picture_until_it_is_built(app, serve, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.route("**/assets/*.js", lambda route: None)
    page.goto(serve(app), wait_until="commit")
    page.wait_for_function("document.querySelector('#ph-curtain img')?.naturalWidth > 0")
    assert not page.locator("gradio-app img").count()
    page.unroute("**/assets/*.js")
    page.reload()
    page.locator(OPENING).locator("visible=true").first.wait_for()
    page.wait_for_function("!document.querySelector('#ph-curtain')", timeout=5000)
    context.close()


def test_two_visitors_at_once_get_their_own_pictures(serve, visit, tmp_path):
    digests, pages = [], []
    for color in ("red", "blue"):
        data = encoded(Image.new("RGB", (120, 90), color))
        page = visit(f"{serve('deepdream')}/?size=96&octaves=2&steps=20")
        upload(page, f"{color}.jpg", data)
        digests.append(hashlib.sha256(data).hexdigest())
        pages.append(page)
    for page in pages:
        button(page, "Run").click()
    for number, page in enumerate(pages):
        done(page)
        path = tmp_path / f"{number}.png"
        take(page, "Picture · PNG", path)
        assert made(path)[0]["arguments"]["image"]["sha256"] == digests[number]


def test_continue_takes_up_the_last_result_of_this_visitor_alone(serve, visit, tmp_path):
    address = f"{serve('style_transfer')}/{settings_of('style_transfer')}"
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
    page = visit(f"{serve('feature_inversion')}/{settings_of('feature_inversion', 'Walk')}")
    ready(page)
    run(page)
    done(page)
    caption = page.locator(".ph-caption").locator("visible=true").first
    assert caption.inner_text().startswith("your picture")
    posted = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    page.locator(".ph-depth input[type=range]").focus()
    shown = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        source = page.locator(".ph-stage img").locator("visible=true").first.get_attribute("src")
        shown.append((caption.inner_text(), source))
    assert len(set(shown)) == 4
    assert all(words for words, _ in shown)
    assert not posted
    photographed(page, "feature_inversion-depth", 1280, 390)


@pytest.mark.parametrize("width", [1280, 390])
def test_run_is_in_sight_at_once_and_the_picture_while_it_forms(serve, visit, width):
    page = visit(f"{serve('style_transfer')}/{settings_of('style_transfer')}", width)
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
    looks = page.get_by_role("group", name="Looks").locator("visible=true").first
    looks.get_by_role("button", name="Scales").click()
    layer = "document.querySelector('.ph-knobs input').value"
    page.wait_for_function(f"{layer} === 'blocks.3.2'")
    expect(looks.get_by_role("button", name="Scales")).to_have_attribute("aria-pressed", "true")
    line = page.locator(".ph-status-line").locator("visible=true").first
    expect(line).to_contain_text("Made beforehand: Scales")
    page.wait_for_timeout(1000)
    expect(line).to_contain_text("Made beforehand: Scales")
    shown = page.locator(".ph-stage img").locator("visible=true").first
    expect(shown).to_have_attribute("src", re.compile("look-scales"))
    picture = looks.get_by_role("button", name="Scales").locator("img")
    assert picture.evaluate("e => e.naturalWidth") > 0
    looks.get_by_role("button", name="Woodcut").focus()
    page.keyboard.press("Space")
    page.wait_for_function(f"{layer} === 'blocks.2'")


def test_a_painting_is_chosen_alone_and_both_pictures_are_in_sight(serve, visit):
    page = visit(f"{serve('style_transfer')}/{settings_of('style_transfer')}")
    ready(page)
    inputs = page.locator(".ph-input").locator("visible=true")
    for index in range(2):
        expect(inputs.nth(index)).to_be_in_viewport(ratio=1)
    photograph = inputs.nth(0).locator("img").get_attribute("src")
    painting = inputs.nth(1).locator("img").get_attribute("src")
    page.get_by_role("button", name="great wave").locator("visible=true").first.click()
    page.wait_for_function(
        "before => [...document.querySelectorAll('.ph-input img')][1].src !== before", arg=painting
    )
    assert inputs.nth(0).locator("img").get_attribute("src") == photograph


def test_a_reload_brings_back_picture_settings_and_result_until_reset(serve, visit):
    address = serve("deepdream")
    page = visit(f"{address}/{settings_of('deepdream', strength=1.7)}")
    upload(page, "mine.jpg", encoded(Image.new("RGB", (120, 90), "red")))
    run(page)
    done(page)
    page.wait_for_timeout(2000)
    page.goto(f"{address}/")
    page.get_by_text("Your last result").wait_for()
    strength = page.get_by_label("number input for Strength").locator("visible=true").first
    expect(strength).to_have_value("1.7")
    pixel = """() => { const image = document.querySelector('.ph-input img');
        const canvas = new OffscreenCanvas(1, 1).getContext('2d');
        canvas.drawImage(image, 0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; }"""
    assert page.evaluate(pixel)[0] > 200
    assert page.evaluate(pixel)[1] < 50
    button(page, "Reset").click()
    page.wait_for_timeout(1000)
    page.goto(f"{address}/")
    ready(page)
    assert not page.get_by_text("Your last result").count()


def test_a_png_of_ours_gives_its_settings_wherever_it_is_dropped(serve, visit, tmp_path):
    address = serve("deepdream")
    page = visit(f"{address}/{settings_of('deepdream', strength=1.7)}")
    ready(page)
    run(page)
    done(page)
    take(page, "Picture · PNG", tmp_path / "mine.png")
    other = visit(f"{address}/?tab=Zoom")
    ready(other)
    other.locator(".ph-recipe").locator("visible=true").first.wait_for()
    data = base64.b64encode((tmp_path / "mine.png").read_bytes()).decode()
    drop = """data => { const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
        const list = new DataTransfer();
        list.items.add(new File([bytes], 'mine.png', { type: 'image/png' }));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: list, bubbles: true }));
    }"""
    other.evaluate(drop, data)
    strength = other.get_by_label("number input for Strength").locator("visible=true").first
    expect(strength).to_have_value("1.7")


def test_on_a_phone_the_picture_forms_in_sight_and_progress_stands_by_run(serve, visit):
    page = visit(f"{serve('deepdream')}/{long_settings('deepdream')}", 390)
    ready(page)
    page.evaluate("scrollTo(0, 0)")
    run(page)
    expect(page.locator(".ph-stage").locator("visible=true").first).to_be_in_viewport(ratio=0.6)
    line = page.locator(".ph-status-line").locator("visible=true").first
    expect(line).to_be_in_viewport(ratio=1)
    gap = page.evaluate("""() => { const part = name => [...document.querySelectorAll(name)]
        .find(e => e.offsetParent || getComputedStyle(e).position === 'fixed')
        .getBoundingClientRect();
        return part('.ph-actions').top - part('.ph-status-line').bottom; }""")
    assert abs(gap) < 24
    button(page, "Stop").click()
    done(page)


def test_a_tile_of_all_looks_opens_with_its_settings_and_the_photograph(serve, visit):
    page = visit(f"{serve('deepdream')}/{settings_of('deepdream', 'Ten of you')}")
    upload(page, "mine.jpg", encoded(Image.new("RGB", (120, 90), "red")))
    run(page)
    done(page)
    page.get_by_role("tab", name="Each").locator("visible=true").first.click()
    page.locator(".ph-views button.thumbnail-item").locator("visible=true").nth(4).click()
    dream = page.get_by_role("tab", name="Dream", exact=True).locator("visible=true").first
    expect(dream).to_have_attribute("aria-selected", "true", timeout=15_000)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.ph-knobs input')]
            .some(e => e.offsetParent && e.value === 'blocks.3.2')"""
    )


def test_creatures_grow_under_the_brush_stroke_by_stroke(serve, visit):
    page = visit(f"{serve('deepdream')}/{settings_of('deepdream', 'Brush')}")
    ready(page)
    canvas = page.locator(".ph-brush canvas").locator("visible=true").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    box = canvas.bounding_box()
    stage = page.locator(".ph-stage").locator("visible=true").first
    sources = []
    for share in (0.35, 0.65):
        x, y = box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 12, y + 12, steps=3)
        page.mouse.up()
        page.wait_for_function(
            """old => [...document.querySelectorAll('.ph-stage img')]
                .some(e => e.offsetParent && e.src && e.src !== old)
                && [...document.querySelectorAll('.ph-done')].some(e => e.offsetParent)""",
            arg=sources[-1] if sources else "",
            timeout=90_000,  # the brush hands in its layers slowly where there is no GPU
        )
        page.wait_for_timeout(1500)
        sources.append(stage.locator("img").get_attribute("src"))
    assert len(set(sources)) == 2
    assert not page.get_by_test_id("toast-body").count()
