"""Codes that have places: channels, principal directions, a patch of another picture."""

from __future__ import annotations

import diffusers
import numpy as np
import pytest
import torch

import phosphene
from phosphene import InputError
from phosphene.methods.vae.latents import edited, principal
from phosphene.methods.vae.patches import box, seam, swap
from tests.networks.test_autoencoder import KL, TINY, serve  # noqa: F401
from tests.pictures import PANDA

KINDS = [(diffusers.AutoencoderKL, KL, True), (diffusers.AutoencoderTiny, TINY, False)]


def last(stream):
    *_, frame = stream
    return frame


@pytest.mark.parametrize(("kind", "settings", "noisy"), KINDS)
def test_the_channels_of_both_kinds_of_the_hub_are_shown_and_edited(serve, kind, settings, noisy):  # noqa: F811
    name = f"someone/latents-{kind.__name__}"
    serve(name, kind(**settings))
    plain = last(phosphene.latents(PANDA, model=name, size=64, device="cpu"))
    assert [p.caption for p in plain.panels[:4]] == [f"channel {n}" for n in (1, 2, 3, 4)]
    assert plain.panels[-1].image.tobytes() == plain.panels[-2].image.tobytes()
    channels, directions = plain.tables
    assert len(channels.rows) == len(directions.rows) == 4
    assert (channels.rows[0][-1] > 1e-3) == noisy
    assert sum(int(row[1].rstrip("%")) for row in directions.rows) == pytest.approx(100, abs=2)
    for change in ({"along": 2.0}, {"scale": 0.0}, {"shift": 1.5}):
        changed = last(phosphene.latents(PANDA, model=name, size=64, device="cpu", **change))
        assert changed.panels[-1].image.tobytes() != plain.panels[-1].image.tobytes()
        assert changed.panels[-2].image.tobytes() == plain.panels[-2].image.tobytes()


def test_principal_directions_are_those_of_the_singular_values():
    code = torch.randn(1, 4, 9, 11, generator=torch.Generator().manual_seed(0))
    code[:, 1] += 3 * code[:, 2]
    axes = principal(code)
    away = code[0].flatten(1).T.numpy()
    away = away - away.mean(0)
    _, values, rows = np.linalg.svd(away, full_matrices=False)
    deviations = values / np.sqrt(len(away) - 1)
    assert axes.deviations.tolist() == pytest.approx(deviations.tolist(), rel=1e-4)
    same = np.abs((axes.directions.numpy() * rows).sum(1))
    assert same.tolist() == pytest.approx([1, 1, 1, 1], abs=1e-4)
    assert (axes.directions.abs().amax(1) == axes.directions.amax(1)).all()
    moved = axes.moved(code, 0, 2.0) - code
    assert float(moved.flatten(2).std(2).max()) == pytest.approx(0, abs=1e-5)
    assert float(moved[0, :, 0, 0].norm()) == pytest.approx(2 * deviations[0], rel=1e-4)


def test_a_channel_is_multiplied_and_moved_and_the_others_stay():
    code = torch.randn(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    changed = edited(code, 1, -1.0, 2.0)
    assert torch.equal(changed[:, [0, 2]], code[:, [0, 2]])
    assert torch.allclose(changed[:, 1], -code[:, 1] + 2 * code[:, 1].std())
    assert torch.equal(edited(code, 0, 1.0, 0.0), code)


def test_a_square_of_the_second_stands_where_it_was_put():
    pair = torch.stack([torch.zeros(3, 10, 10), torch.arange(100.0).view(10, 10).expand(3, 10, 10)])
    result = swap(pair, (0.2, 0.8), (0.5, 0.5), 0.4)
    assert torch.equal(result[0, :, 6:10, 0:4], pair[1, :, 3:7, 3:7])
    assert float((result != 0).float().mean()) == pytest.approx(0.16)
    assert box((0.0, 1.0), 0.4, 10) == (slice(6, 10), slice(0, 4))


def test_the_seam_is_the_jump_across_the_edges():
    picture = torch.zeros(1, 1, 10, 10)
    picture[..., 3:7, 3:7] = 0.5
    assert seam(picture, (0.5, 0.5), 0.4) == pytest.approx(0.5)
    picture[..., :, :] = torch.linspace(0, 0.9, 10)
    assert seam(picture, (0.5, 0.5), 0.4) == pytest.approx(0.05)


@pytest.mark.parametrize(("kind", "settings", "noisy"), KINDS)
def test_a_patch_is_swapped_in_the_code_of_both_kinds(serve, kind, settings, noisy):  # noqa: F811
    name = f"someone/patches-{kind.__name__}"
    serve(name, kind(**settings))
    wide = torch.rand(1, 3, 40, 64)
    given = {"model": name, "size": 64, "device": "cpu"}
    frame = last(phosphene.swap_patch(PANDA, wide, to=(0.3, 0.3), **given))
    assert [p.caption for p in frame.panels][1:] == ["swapped in the code", "swapped in the pixels"]
    moved = last(phosphene.swap_patch(PANDA, wide, to=(0.7, 0.3), **given))
    assert moved.panels[0].image.tobytes() == frame.panels[0].image.tobytes()
    assert moved.panels[1].image.tobytes() != frame.panels[1].image.tobytes()


def test_the_one_that_is_here_already_makes_a_softer_seam_in_the_code():
    given = {"model": "photos_tiny", "size": 96, "device": "cpu"}
    dark, bright = torch.full((1, 3, 96, 96), 0.2), torch.full((1, 3, 96, 96), 0.8)
    in_code, in_pixels = (
        row[1] for row in last(phosphene.swap_patch(dark, bright, **given)).tables[0].rows
    )
    assert in_pixels == pytest.approx(0.6, abs=0.01)
    assert in_code < in_pixels
    frame = last(phosphene.latents(PANDA, **given))
    assert frame.metrics["PSNR"] > 20


def test_codes_without_places_and_channels_that_are_not_there_are_named(serve):  # noqa: F811
    with pytest.raises(InputError, match="digits_vae has no places; choose"):
        next(phosphene.latents(PANDA, model="digits_vae", device="cpu"))
    serve("someone/few", diffusers.AutoencoderTiny(**TINY))
    for name in ("channel", "direction"):
        with pytest.raises(InputError, match=f"{name} is 9; this code has 4 channels"):
            next(phosphene.latents(PANDA, model="someone/few", size=64, device="cpu", **{name: 9}))
