"""What takes a hand: a brush for the second style, example pictures of unlike kinds."""

from __future__ import annotations

import numpy as np
from PIL import Image
from steps import LITE, done, encoded, ready, run, take


def plain(color):
    """A picture of one color with some grain, so that there is a brush to take from it."""
    grain = np.random.default_rng(0).integers(-40, 40, (96, 128, 3))
    return encoded(Image.fromarray((np.array(color) + grain).clip(0, 255).astype(np.uint8)))


def uploads(pictures):
    """JPEGs as files to choose, named by their place."""
    return [
        {"name": f"{index}.jpg", "mimeType": "image/jpeg", "buffer": data}
        for index, data in enumerate(pictures)
    ]


def give(page, label, *pictures):
    """Put pictures into the control of this label."""
    control = page.locator(".ph-input").filter(has_text=label).locator("visible=true").first
    clear = control.get_by_label("Clear")
    if clear.count():
        clear.first.click()
    control.locator("input[type=file]").first.set_input_files(uploads(pictures))
    control.locator("img").first.wait_for()


def stroke(page, box, left, right):
    """Brush from top to bottom, column by column, between two shares of the picture's width."""
    for share in np.linspace(left, right, 4):
        x = box["x"] + share * box["width"]
        page.mouse.move(x, box["y"] + 0.3 * box["height"])
        page.mouse.down()
        page.mouse.move(x, box["y"] + 0.7 * box["height"], steps=6)
        page.mouse.up()


def test_the_second_style_paints_where_the_brush_was(serve, visit, tmp_path):
    query = f"tab=Transfer&{LITE}&size=128&steps=8&strength=10"
    page = visit(f"{serve('style_transfer')}/?{query}")
    ready(page)
    give(page, "Your picture", plain((128, 128, 128)))
    give(page, "Style", plain((60, 60, 200)))
    page.get_by_text("For experts").locator("visible=true").first.click()
    give(page, "Second style", plain((200, 60, 60)))
    editor = page.locator("canvas").first
    editor.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    stroke(page, editor.bounding_box(), 0.15, 0.4)
    run(page)
    assert "done" in done(page)
    take(page, "Picture · PNG", tmp_path / "painted.png")
    painted = np.asarray(Image.open(tmp_path / "painted.png").convert("RGB"), float)
    warmth = (painted[..., 0] - painted[..., 2]).mean(0)
    width = len(warmth)
    assert warmth[width // 6 : width // 3].mean() > warmth[-width // 3 :].mean() + 40


def test_pictures_grow_from_the_kinds_of_the_examples_given(serve, visit, tmp_path):
    page = visit(f"{serve('deepdream')}/?tab=Visualize&size=64&steps=1&octaves=1&count=2&jitter=0")
    ready(page)
    page.get_by_text("For experts").locator("visible=true").first.click()
    kinds = [plain(color) for color in ((220, 40, 40), (40, 40, 220)) for _ in range(2)]
    chooser = page.locator("input[type=file][multiple]").first
    chooser.set_input_files(uploads(kinds))
    page.get_by_label("3.jpg").wait_for()
    run(page)
    assert "done" in done(page)
    take(page, "Picture · PNG", tmp_path / "grown.png")
    grown = np.asarray(Image.open(tmp_path / "grown.png").convert("RGB"), float)
    halves = [half[..., 0].mean() - half[..., 2].mean() for half in np.array_split(grown, 2, 1)]
    assert abs(halves[0] - halves[1]) > 20
