"""Colors: a palette carried from one picture to another."""

from __future__ import annotations

import torch

from phosphene import images
from phosphene.images import colors
from tests.pictures import PALACE, PANDA


def test_matched_colors_have_the_palette_of_the_picture():
    style, mine = (images.to_tensor(images.load(p, 96)) for p in (PALACE, PANDA))
    matched = colors.match_colors(style * 0.2 + 0.4, mine * 0.5 + 0.25)
    goal = mine * 0.5 + 0.25
    means = [t[0].flatten(1).mean(1) for t in (matched, goal)]
    assert (means[0] - means[1]).abs().max() < 0.02
    spreads = [torch.cov(t[0].flatten(1)) for t in (matched, goal)]
    assert (spreads[0] - spreads[1]).norm() < 0.15 * spreads[1].norm()
