"""Contact sheets: every picture in its place, captions inside their cells."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from phosphene.frame import Panel
from phosphene.images.sheets import CARD_FOOT, SIZE, card, contact_sheet, cut, font


def test_pictures_stand_in_rows_with_room_for_those_to_come():
    panels = [Panel(Image.new("RGB", (40, 30), name), name) for name in ("red", "lime", "blue")]
    sheet = contact_sheet(panels, columns=2, count=6)
    assert sheet.width < 3 * 40
    row = (sheet.height + 6) // 3
    assert sheet.getpixel((20, 15)) == (255, 0, 0)
    assert sheet.getpixel((20 + 46, 15)) == (0, 255, 0)
    assert sheet.getpixel((20, row + 15)) == (0, 0, 255)
    assert sheet.getpixel((20, 2 * row + 15)) == (255, 255, 255)


def test_a_long_caption_stays_in_its_cell():
    letters = font(SIZE)
    assert cut("goose", 100, letters) == "goose"
    short = cut("small pixels clipped away", 60, letters)
    assert short.endswith("…")
    assert letters.getlength(short) <= 60
    sheet = contact_sheet(
        [Panel(Image.new("RGB", (40, 30)), "x" * 99), Panel(Image.new("RGB", (40, 30)), "")], 2
    )
    assert all(sheet.getpixel((46 + x, 38)) == (255, 255, 255) for x in range(40))


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (3000, 2000)])
def test_a_card_holds_both_pictures_and_fits(size):
    before, after = (Image.new("RGB", size, color) for color in ("red", "blue"))
    page = card(before, after, "a dream")
    assert max(page.size) <= 1600 + CARD_FOOT
    pixels = np.asarray(page).astype(int)
    red, blue = ((pixels - np.array(c)).__abs__().sum(-1) < 9 for c in ((255, 0, 0), (0, 0, 255)))
    assert red.sum() == blue.sum() > 0
