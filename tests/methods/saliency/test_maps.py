"""Maps as pictures: scale, colors, overlays."""

from __future__ import annotations

import pytest
import torch

from phosphene.methods.saliency import maps


def test_a_signed_map_sums_over_channels_and_an_unsigned_one_takes_the_largest() -> None:
    values = torch.tensor([1.0, -3.0, 0.5]).view(1, 3, 1, 1).expand(1, 3, 2, 4)
    assert maps.reduced(values, signed=True).shape == (2, 4)
    assert maps.reduced(values, signed=True)[0, 0] == -1.5
    assert maps.reduced(values, signed=False)[0, 0] == 3


def test_zero_stays_zero_and_one_bright_pixel_does_not_darken_the_others() -> None:
    heat = torch.zeros(20, 50)
    heat[:10] = 2.0
    heat[0, 0] = 1000.0
    shown = maps.normalized(heat)
    assert maps.scale(heat) == 2
    assert (shown[10:] == 0).all()
    assert (shown[:10] == 1).all()


def test_a_map_of_a_few_pixels_has_a_scale_and_one_of_zeros_is_zero() -> None:
    heat = torch.zeros(20, 50)
    assert maps.scale(heat) == 0
    assert not maps.normalized(heat).any()
    heat[3, 3] = -4.0
    assert maps.normalized(heat)[3, 3] == -1
    assert maps.normalized(heat, signed=False)[3, 3] == 0


def test_an_unsigned_map_begins_at_zero_unless_all_of_it_is_high() -> None:
    ramp = torch.linspace(0, 1, 1000).view(20, 50)
    assert maps.ground(ramp) == 0
    high = 3 + ramp
    assert 3 <= maps.ground(high) < 3.05
    assert maps.normalized(high, signed=False).min() == 0
    assert maps.normalized(high, signed=True).min() > 0.7
    assert not maps.normalized(torch.full((20, 50), 3.0), signed=False).any()


@pytest.mark.parametrize("name", ["inferno", "viridis"])
def test_sequential_colors_are_those_of_matplotlib_and_grow_lighter(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    ramp = torch.linspace(0, 1, 65)
    ours = maps.colored(ramp[None], name)[0, :, 0].T
    theirs = torch.tensor(matplotlib.colormaps[name](ramp.numpy()))[:, :3]
    assert (ours - theirs).abs().max() < 0.08
    light = ours @ torch.tensor([0.299, 0.587, 0.114])
    assert (light.diff() > 0).all()


def test_diverging_colors_are_matplotlibs_red_for_and_blue_against() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    ramp = torch.linspace(-1, 1, 65)
    ours = maps.colored(ramp[None], "blue_red")[0, :, 0].T
    theirs = torch.tensor(matplotlib.colormaps["RdBu_r"](((ramp + 1) / 2).numpy()))[:, :3]
    assert (ours - theirs).abs().max() < 0.08
    assert ours[-1, 0] > ours[-1, 2]
    assert ours[0, 2] > ours[0, 0]


def test_an_overlay_shows_the_picture_where_the_map_is_zero_and_the_color_where_it_is_not() -> None:
    picture = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    heat = torch.zeros(4, 6)
    heat[:, 3:] = 1.0
    over = maps.overlay(picture, heat, 1.0, "inferno")
    gray = over[0, :, :, :3]
    assert torch.allclose(gray[0], gray[1])
    assert torch.allclose(over[0, :, :, 3:], maps.colored(heat, "inferno")[0, :, :, 3:])
    own = maps.overlay(picture, heat, 1.0, "inferno", gray=False)
    assert torch.equal(own[0, :, :, :3], picture[0, :, :, :3])


def test_the_ground_is_dark_below_dark_colors_and_light_below_light_ones() -> None:
    picture = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    assert maps.faint(picture, "inferno").mean() < 0.5 < maps.faint(picture, "blue_red").mean()


def test_smoothing_spreads_a_pixel_and_keeps_the_sum() -> None:
    heat = torch.zeros(21, 21)
    heat[10, 10] = 1.0
    assert maps.smoothed(heat, 0) is heat
    soft = maps.smoothed(heat, 2)
    assert torch.isclose(soft.sum(), heat.sum(), atol=1e-5)
    assert 0 < soft[10, 12] < soft[10, 10] < 0.1


def test_enlarging_keeps_a_maps_range() -> None:
    heat = torch.zeros(7, 7)
    heat[3, 3] = 1.0
    fine = maps.enlarged(heat, 70, 49)
    assert fine.shape == (70, 49)
    assert fine.min() >= 0
    assert fine.max() <= 1
    assert fine[35, 24] > 0.8


def test_the_strongest_share_goes_by_sign_where_there_is_one() -> None:
    heat = torch.arange(-10.0, 10.0).view(4, 5)
    assert maps.strongest(heat, 0.2, signed=True).flatten().nonzero().min() == 16
    assert maps.strongest(heat, 0.05, signed=False)[0, 0]
    assert maps.strongest(torch.zeros(4, 5), 0.2, signed=True).sum() == 4


def test_a_legend_is_as_wide_as_asked_and_runs_from_blue_over_white_to_red() -> None:
    strip = maps.legend(-0.5, 0.5, "blue_red", 200)
    assert strip.width == 200
    left, middle, right = (strip.getpixel((x, 5)) for x in (0, 100, 199))
    assert left[2] > left[0]
    assert min(middle) > 230
    assert right[0] > right[2]
