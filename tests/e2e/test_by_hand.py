"""What takes a hand: brushes for two styles, example pictures of unlike kinds."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from steps import LITE, done, encoded, file, give, ready, run, take

expect = pytest.importorskip("playwright.sync_api").expect


def plain(color, name="plain.jpg"):
    """A picture of one color with some grain, so that there is a brush to take from it."""
    grain = np.random.default_rng(0).integers(-40, 40, (96, 128, 3))
    picture = Image.fromarray((np.array(color) + grain).clip(0, 255).astype(np.uint8))
    return file(name, encoded(picture))


def stroke(page, box, left, right):
    """Brush from top to bottom, column by column, between two shares of the picture's width."""
    for share in (left, right):
        x = box["x"] + share * box["width"]
        page.mouse.move(x, box["y"] + 0.3 * box["height"])
        page.mouse.down()
        page.mouse.move(x, box["y"] + 0.7 * box["height"], steps=2)
        page.mouse.up()


def test_each_style_paints_where_its_brush_was(serve, visit, tmp_path):
    query = f"tab=Transfer&{LITE}&size=128&steps=8&strength=10"
    page = visit(f"{serve('style_transfer')}/?{query}")
    ready(page)
    give(page, plain((128, 128, 128)), "Your picture")
    give(page, plain((60, 200, 60)), "Style")
    experts = page.get_by_text("For experts").locator("visible=true").first
    experts.click()
    give(page, plain((200, 60, 60)), "Second style")
    give(page, plain((60, 60, 200)), "Third style")
    for label, place in (("Second style only", (0.15, 0.35)), ("Third style only", (0.65, 0.85))):
        editor = page.locator(".block").filter(has_text=label).last.locator("canvas").first
        editor.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        stroke(page, editor.bounding_box(), *place)
    experts.click()  # canvases are slow to draw where there is no GPU
    run(page)
    assert "done" in done(page)
    take(page, "Picture · PNG", tmp_path / "painted.png")
    painted = np.asarray(Image.open(tmp_path / "painted.png").convert("RGB"), float)
    left, middle, right = (part.mean((0, 1)) for part in np.array_split(painted[32:64], 3, 1))
    assert left[0] - right[0] > 40
    assert right[2] - left[2] > 40
    assert middle[1] > max(left[1], right[1])


def test_pictures_grow_from_the_kinds_of_the_examples_given(serve, visit, tmp_path):
    page = visit(f"{serve('deepdream')}/?tab=Visualize&size=64&steps=1&octaves=1&count=2&jitter=0")
    ready(page)
    page.get_by_text("For experts").locator("visible=true").first.click()
    colors = [color for color in ((220, 40, 40), (40, 40, 220)) for _ in range(2)]
    chooser = page.locator("input[type=file][multiple]").first
    chooser.set_input_files([plain(color, f"{i}.jpg") for i, color in enumerate(colors)])
    page.get_by_label("3.jpg").wait_for()
    run(page)
    assert "done" in done(page)
    take(page, "Picture · PNG", tmp_path / "grown.png")
    grown = np.asarray(Image.open(tmp_path / "grown.png").convert("RGB"), float)
    halves = [half[..., 0].mean() - half[..., 2].mean() for half in np.array_split(grown, 2, 1)]
    assert abs(halves[0] - halves[1]) > 20


def drag(page, image, start, end):
    """With the mouse from one share of a picture to another, in small steps."""
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    page.mouse.move(*(box[side] + at * box[size] for side, at, size in sides(start)))
    page.mouse.down()
    page.mouse.move(*(box[side] + at * box[size] for side, at, size in sides(end)), steps=8)
    page.mouse.up()


def sides(place):
    return (("x", place[0], "width"), ("y", place[1], "height"))


def test_a_patch_is_dragged_over_the_picture(serve, visit):
    page = visit(f"{serve('adversarial')}/?tab=Stick it on&size=128&place=0.5, 0.5")
    ready(page)
    done(page)
    image = page.locator(".ph-places img").locator("visible=true").last
    drag(page, image, (0.5, 0.5), (0.25, 0.75))
    place = page.get_by_label("Where it lies").locator("visible=true").first
    expect(place).to_have_value(re.compile(r"0\.2[45]\d*, 0\.7[456]"), timeout=30_000)


def test_a_region_of_a_map_is_read_by_dragging(serve, visit):
    page = visit(f"{serve('saliency')}/?tab=One method&size=128")
    ready(page)
    run(page)
    assert "done" in done(page)
    page.get_by_role("tab", name="Map", exact=True).locator("visible=true").first.click()
    image = page.locator(".ph-regions img").locator("visible=true").first
    drag(page, image, (0.25, 0.25), (0.75, 0.75))
    words = page.get_by_text("of the whole map on").locator("visible=true").first
    words.wait_for(timeout=30_000)
    assert re.search(r"columns 3[12] to 9[56]: sum", words.inner_text())
    image.click()
    page.get_by_text(re.compile(r"column 6[345]: ")).locator("visible=true").first.wait_for()


def test_the_pointer_finds_a_digit_on_the_map_before_anybody_clicks(serve, visit):
    page = visit(f"{serve('vae_explorer')}/?tab=Map")
    ready(page)
    image = page.locator(".ph-charted img").locator("visible=true").first
    box = image.bounding_box()
    seen = []
    for share in (0.45, 0.55):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.3 * box["height"])
        glimpse = page.locator(".ph-glimpse")
        expect(glimpse).to_have_css("background-image", re.compile(r"\.webp"))
        seen.append(glimpse.evaluate("element => element.style.backgroundPosition"))
    assert seen[0] != seen[1]
    page.mouse.move(5, 5)
    expect(page.locator(".ph-glimpse")).to_have_count(0)
