"""One thing varied: a sheet, and a panel for each value."""

from __future__ import annotations

from phosphene import images, vary_style
from tests.pictures import PALACE, PANDA

QUICK = {"size": 96, "steps": 3, "network": "efficientnet_lite0", "device": "cpu"}


def test_varying_one_thing_gives_a_captioned_sheet():
    frames = list(vary_style(PANDA, PALACE, thing="start", **QUICK))
    panels = frames[-1].panels
    assert [panel.caption for panel in panels] == ["start content", "start noise", "start style"]
    assert [panel.sets["start"] for panel in panels] == ["content", "noise", "style"]
    assert frames[-1].recipe["method"] == "vary_style"
    assert frames[-1].step == frames[-1].steps
    assert frames[-1].image.width > 3 * 96


def test_a_row_of_strengths_begins_with_the_photograph_and_counts_its_steps():
    frames = list(vary_style(PANDA, PALACE, thing="style strength", **QUICK))
    assert [frame.last for frame in frames].count(True) == 1
    assert frames[-1].panels[0].image.tobytes() == images.load(PANDA, 96).tobytes()
    assert len(frames[-1].panels) == 6
