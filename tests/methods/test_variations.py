"""A sheet of one method in several settings."""

from __future__ import annotations

from PIL import Image

import phosphene
from phosphene.images.sheets import contact_sheet
from phosphene.methods.deepdream.looks import LOOKS
from phosphene.methods.variations import variations
from tests.tint import tint


def test_every_variant_is_a_panel_that_sets_its_arguments(picture):
    variants = {
        "pale": {"amount": 0.1},
        "deep": {"amount": 1.0, "steps": 2},
        "blue": {"way": "blue"},
    }
    *_, sheet = variations(tint, variants, 2, image=str(picture), steps=3)
    assert [panel.caption for panel in sheet.panels] == list(variants)
    assert [panel.sets for panel in sheet.panels] == list(variants.values())
    alone = [list(tint(str(picture), **{"steps": 3, **v}))[-1].image for v in variants.values()]
    assert [p.image.tobytes() for p in sheet.panels] == [image.tobytes() for image in alone]
    assert sheet.image.tobytes() == contact_sheet(sheet.panels, 2).tobytes()


def test_the_count_ends_at_its_total_though_variants_take_unlike_numbers_of_steps(picture):
    variants = {"one": {"steps": 1}, "four": {"steps": 4}, "two": {"steps": 2}}
    frames = list(variations(tint, variants, 3, image=str(picture)))
    steps = [frame.step for frame in frames]
    assert steps == sorted(steps)
    assert frames[-1].last
    assert not any(frame.last for frame in frames[:-1])


def test_all_looks_of_a_dream_stand_on_one_sheet_and_repeat():
    photo = Image.linear_gradient("L").convert("RGB").resize((96, 72))
    *_, sheet = phosphene.dream_looks(photo, size=96)
    assert [panel.caption for panel in sheet.panels] == list(LOOKS)
    assert sheet.recipe["method"] == "dream_looks"
    plain, eyes = sheet.panels[0], sheet.panels[2]
    assert set(plain.sets) == set(eyes.sets), "choosing one look leaves nothing of another"
    *_, alone = phosphene.dream(photo, size=96, **eyes.sets)
    assert alone.image.tobytes() == eyes.image.tobytes()
