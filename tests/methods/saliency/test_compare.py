"""Several attributions in a grid that fills."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phosphene import InputError, attribute, compare
from phosphene.knobs import parameters
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Attribution, Estimate
from tests.methods.adversarial.pictures import PANDA

SMALL = {"size": 96, "device": "cpu"}


def made(title, signed, passes, steps):
    """A method that paints more columns with each step."""

    def run(case, options):
        if title == "Refusing":
            raise InputError("this network has no attention; choose another")
        for done in range(1, steps + 1):
            values = torch.zeros_like(case.x[:, :1])
            values[..., : 8 * done] = 1.0
            yield Estimate(values, done, steps)

    return Attribution(run, title, signed, passes, f"{title} does.", f"{title} misleads.", "1")


@pytest.fixture
def catalog(monkeypatch):
    """Three methods in place of the first three of the catalogue, by their names."""
    names = list(ATTRIBUTIONS)[:3]
    kinds = [("Quick", False, 2, 1), ("Slow", True, 10, 4), ("Refusing", False, 5, 1)]
    for name, kind in zip(names, kinds, strict=True):
        monkeypatch.setitem(ATTRIBUTIONS, name, made(*kind))
    return names


def test_cells_fill_one_after_the_other_and_the_steps_count_passes(catalog):
    frames = list(compare(PANDA, methods=catalog[1::-1], **SMALL))
    assert [frame.step for frame in frames] == [2, 4, 7, 9, 12]
    assert {frame.steps for frame in frames} == {12}
    assert [frame.note for frame in frames][:2] == ["Quick", "Slow"]
    assert [frame.last for frame in frames] == [False] * 4 + [True]
    assert len({frame.image.size for frame in frames}) == 1
    first, last = (np.asarray(frame.image, float) for frame in (frames[0], frames[-1]))
    third = first.shape[1] // 3
    assert np.array_equal(first[:300, : 2 * third], last[:300, : 2 * third])
    assert not np.array_equal(first[:300, 2 * third :], last[:300, 2 * third :])


def test_a_panel_asks_its_method_the_same(catalog):
    asked = {"target": "koala", "versus": "brown bear"}
    *_, last = compare(PANDA, methods=catalog[:2], **asked, **SMALL)
    assert [panel.sets for panel in last.panels] == [
        {},
        {"method": catalog[0], **asked},
        {"method": catalog[1], **asked},
    ]
    knobs = {parameter.name for parameter in parameters(attribute)}
    assert set(last.panels[1].sets) <= knobs
    assert last.panels[0].caption == "Why koala rather than brown bear?"
    assert last.panels[2].caption == "Slow"
    assert last.panels[2].note == "-1 to 1. Slow misleads."


def test_a_method_that_refuses_leaves_the_others_their_place(catalog):
    *_, last = compare(PANDA, methods=catalog, **SMALL)
    assert last.panels[3].note.startswith("does not know this network")
    assert [row[0] for row in last.tables[0].rows] == ["Quick", "Slow", "Refusing"]
    assert last.tables[0].rows[0][2:] == ("0 to 1", "Quick does.", "Quick misleads.")
    assert "no attention" in last.tables[0].rows[2][3]
    with pytest.raises(InputError, match="no attention"):
        list(compare(PANDA, methods=catalog[2:], **SMALL))


def test_every_favorite_is_in_the_catalogue_and_the_quick_ones_come_first():
    default = next(p.default for p in parameters(compare) if p.name == "methods")
    assert "gradient" in default
    assert set(default) <= set(ATTRIBUTIONS)
    passes = [asked.passes for asked in ATTRIBUTIONS.values()]
    assert passes == sorted(passes)


def test_the_same_recipe_gives_the_same_grid():
    one, two = (list(compare(PANDA, methods=["gradient"], **SMALL))[-1] for _ in range(2))
    assert one.image.tobytes() == two.image.tobytes()
    assert one.recipe["arguments"]["methods"] == ("gradient",)


def test_maps_alone_leave_the_picture_out():
    over, alone = (
        list(compare(PANDA, methods=["gradient"], show=show, **SMALL))[-1].panels[1].image
        for show in ("over the picture", "alone")
    )
    assert over.size == alone.size
    assert over.tobytes() != alone.tobytes()
