"""Pictures in parts: they cover it once, and give the gradient of the whole."""

from __future__ import annotations

import pytest
import torch

from phosphene import load_network
from phosphene.images import load, to_tensor
from phosphene.optimize.tiling import added, cut, parts_of, tiled
from tests.pictures import PALACE


@pytest.mark.parametrize("grid", [1, 32])
@pytest.mark.parametrize(("height", "width"), [(512, 512), (700, 1500), (1100, 333)])
def test_parts_cover_every_pixel_once_and_see_their_margin(height, width, grid):
    times = torch.zeros(height, width)
    for part in cut(height, width, 512, 64, grid):
        times[part.rows.start : part.rows.stop, part.columns.start : part.columns.stop] += 1
        assert part.rows.start % grid == part.columns.start % grid == 0
        for span in (part.rows, part.columns):
            assert span.clipped.start == (max(0, span.start - 64) if not span.whole else 0)
            assert span.clipped.stop == min(span.length, span.stop + 64)
    assert (times == 1).all()


def test_a_wrapped_part_sees_the_other_side_of_the_picture():
    part, *_ = cut(100, 100, 50, 10)
    rows, columns = part.wrapped(0, 95, torch.device("cpu"))
    assert rows[:, 0].tolist() == [*range(90, 100), *range(60)]
    assert columns.tolist() == [*range(85, 100), *range(55)]
    assert rows[part.core[0]][:, 0].tolist() == list(range(50))


def test_sums_over_parts_are_those_of_the_whole():
    picture = torch.rand(1, 3, 1100, 64, generator=torch.Generator().manual_seed(0))
    parts = parts_of(1100, 64)
    assert len(parts) == 2

    def read(seen, part):
        return {"sum": part.own(torch.nn.functional.avg_pool2d(seen, 4)).double().sum()}

    whole = torch.nn.functional.avg_pool2d(picture, 4).double().sum()
    assert float(added(picture, parts, read)["sum"]) == pytest.approx(float(whole))


def gradient_of(loss, x):
    x = x.clone().requires_grad_()
    sum(loss(x).values()).backward()
    return x.grad


def layer(tap):
    net = load_network("efficientnet_lite0", device="cpu")
    return lambda x: {"layer": -net.acts(x, [tap])[tap].square().mean()}


def in_tiles(loss, overlap=64):
    """Tiles of 128 whose corners lie on the strides of every layer."""
    return tiled(loss, tile=128, overlap=overlap, place=lambda: (0, 32))


@pytest.fixture(scope="module")
def square():
    return to_tensor(load(PALACE).resize((256, 256)))


def test_one_tile_is_no_tiling(square):
    whole = tiled(layer("blocks.4"), tile=256, overlap=64, place=lambda: (5, 9))
    plain = gradient_of(layer("blocks.4"), square)
    assert torch.equal(gradient_of(whole, square), plain)


@pytest.mark.parametrize("tap", ["blocks.0", "blocks.1"])
def test_tiles_give_the_gradient_of_the_whole_where_they_overlap_enough(square, tap):
    """The gradient of a square takes part in places that each see a receptive field."""
    plain, many = (gradient_of(f(layer(tap)), square) for f in (lambda f: f, in_tiles))
    # At the picture's border the whole sees zeros and a tile the other side.
    inside = (..., slice(32, -32), slice(32, -32))
    assert (many - plain)[inside].abs().max() < 1e-4 * plain.abs().max()
    value, found = (float(f(square)["layer"]) for f in (layer(tap), in_tiles(layer(tap))))
    assert found == pytest.approx(value, rel=0.05)


def test_a_loss_of_pixels_is_the_same_in_tiles(square):
    def light(x):
        return {"light": x.square().mean()}

    plain, many = (gradient_of(f(light), square) for f in (lambda f: f, in_tiles))
    assert (many - plain).abs().max() < 1e-4 * plain.abs().max()


@pytest.mark.parametrize("tap", ["blocks.2", "blocks.4"])
def test_a_gradient_has_no_seam_between_tiles_that_overlap(square, tap):
    """A border is no step, as one tile's light and the next one's; and no fading, as without."""

    def seam(gradient):
        steps = gradient.diff(dim=-2).abs().mean((0, 1, 3))
        return float(steps[127] / steps[64:192].mean())

    plain = seam(gradient_of(layer(tap), square))
    assert seam(gradient_of(in_tiles(layer(tap)), square)) <= 1
    assert seam(gradient_of(in_tiles(layer(tap)), square)) > 0.9 * plain
    assert seam(gradient_of(in_tiles(layer(tap), overlap=0), square)) < 0.85 * plain
