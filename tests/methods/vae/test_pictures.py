"""A picture through an autoencoder: there and back, along, between, cleaned, measured."""

from __future__ import annotations

import math

import diffusers
import pytest
import torch

import phosphene
from phosphene import InputError, load_autoencoder
from phosphene.methods.vae.case import known, prepare
from phosphene.methods.vae.few_labels import features, trial
from phosphene.methods.vae.paths import lerp, slerp
from phosphene.methods.vae.square import WIDTH as SQUARE
from phosphene.methods.vae.square import mix, within
from phosphene.networks.autoencoders.datasets import dataset
from tests.networks.test_autoencoder import KL, TINY, serve  # noqa: F401
from tests.pictures import PANDA


def last(stream):
    *_, frame = stream
    return frame


def digit(number=0):
    """A held-out digit (1, 3, 28, 28)."""
    return dataset("digits", "held out").pictures[number : number + 1].expand(-1, 3, -1, -1)


def test_slerp_keeps_the_norm_of_two_that_have_one_and_turns_evenly():
    one, two = torch.tensor([[3.0, 0, 0]]), torch.tensor([[0.0, 3, 0]])
    way = slerp(one, two, torch.linspace(0, 1, 5))
    assert torch.allclose(way.norm(dim=1), torch.full((5,), 3.0), atol=1e-5)
    assert torch.allclose(way[[0, -1]], torch.cat([one, two]), atol=1e-5)
    angles = torch.atan2(way[:, 1], way[:, 0])
    assert torch.allclose(angles.diff(), torch.full((4,), math.pi / 8), atol=1e-5)


def test_slerp_passes_evenly_from_norm_to_norm():
    way = slerp(torch.tensor([[1.0, 0]]), torch.tensor([[0.0, 5]]), torch.linspace(0, 1, 5))
    assert torch.allclose(way.norm(dim=1), torch.linspace(1, 5, 5), atol=1e-5)


@pytest.mark.parametrize("second", [[2.0, 2.0], [0.0, 0.0], [-1.0, -1.0]])
def test_slerp_is_the_straight_line_where_there_is_no_sphere(second):
    ends = torch.tensor([[1.0, 1.0]]), torch.tensor([second])
    shares = torch.linspace(0, 1, 3)
    assert torch.allclose(slerp(*ends, shares), lerp(*ends, shares), atol=1e-5)


def test_a_digit_comes_back_and_its_bits_are_counted():
    frame = last(phosphene.reconstruct(digit(), device="cpu"))
    assert frame.metrics["PSNR"] > 10
    assert 0 < frame.metrics["SSIM"] <= 1
    squeezed = {row[0]: row[1:] for row in frame.tables[0].rows}
    assert squeezed["the picture"] == (784, 6272)
    assert squeezed["its code"] == (2, 32)
    assert 1 < squeezed["what the code tells (KL)"][1] < 32
    assert frame.note == ""


def test_more_noise_on_the_code_loses_more():
    draws = [
        last(phosphene.reconstruct(digit(), noise=noise, device="cpu")).tables[1].rows
        for noise in (0, 1, 20)
    ]
    assert draws[0][0][1:] == draws[0][1][1:]
    assert draws[0][1][1] >= draws[1][1][1] > draws[2][1][1]


def test_a_picture_that_is_no_digit_is_said_to_be_none():
    frame = last(phosphene.reconstruct(PANDA, device="cpu"))
    assert "nothing like what digits_vae learned" in frame.note
    odd = last(phosphene.anomaly(PANDA, device="cpu"))
    assert odd.note.startswith("odd")
    assert odd.metrics["larger"] < 0.01
    usual = last(phosphene.anomaly(digit(), device="cpu"))
    assert usual.metrics["larger"] > odd.metrics["larger"]


def test_ink_on_paper_is_read_as_light_on_dark():
    net = load_autoencoder("digits_vae", device="cpu")
    assert torch.allclose(prepare(1 - digit(), net), prepare(digit(), net), atol=0.01)


@pytest.mark.parametrize(
    ("model", "settings", "noisy"),
    [(diffusers.AutoencoderKL, KL, True), (diffusers.AutoencoderTiny, TINY, False)],
)
def test_the_same_page_serves_autoencoders_of_the_hub(serve, model, settings, noisy):  # noqa: F811
    serve(f"someone/page-{model.__name__}", model(**settings))
    name = f"someone/page-{model.__name__}"
    frame = last(phosphene.reconstruct(PANDA, model=name, size=64, device="cpu"))
    channels = [panel for panel in frame.panels if panel.caption.startswith("channel")]
    assert len(channels) == 4
    assert len(frame.tables[0].rows) == 2 + noisy
    assert any(name in line for line in frame.recipe["weights"])
    film = list(phosphene.interpolate(PANDA, PANDA, model=name, size=64, count=3, device="cpu"))
    assert len(film) == 6


def test_pictures_of_other_shapes_are_named(serve):  # noqa: F811
    serve("someone/shapes", diffusers.AutoencoderTiny(**TINY))
    tall, wide = torch.rand(1, 3, 64, 32), torch.rand(1, 3, 32, 64)
    with pytest.raises(InputError, match="32×64 and 64×32; crop"):
        next(phosphene.interpolate(tall, wide, model="someone/shapes", size=64, device="cpu"))


def test_a_way_begins_and_ends_at_its_digits_and_comes_back():
    frames = list(phosphene.interpolate(digit(0), digit(1), count=5, device="cpu"))
    assert len(frames) == 10
    assert {frame.rate for frame in frames} == {18}
    assert frames[0].image.tobytes() == frames[-1].image.tobytes()
    assert frames[0].image.tobytes() != frames[4].image.tobytes()
    assert [p.caption for p in frames[-1].panels] == [
        "straight line",
        "along the sphere",
        "pixels cross-faded",
    ]


def test_a_dimension_that_is_moved_changes_the_digit_and_none_leaves_it():
    still = last(phosphene.traverse(digit(), device="cpu"))
    moved = last(phosphene.traverse(digit(), first=1.5, device="cpu"))
    assert still.panels[1].image.tobytes() == still.panels[2].image.tobytes()
    assert moved.panels[1].image.tobytes() != moved.panels[2].image.tobytes()
    told = [row[2] for row in still.tables[0].rows]
    assert told == sorted(told, reverse=True)
    assert last(phosphene.traverse(device="cpu")).image.size == still.image.size


def test_the_one_trained_on_noise_cleans_best():
    held = dataset("digits", "held out").pictures
    noise = torch.randn(held.shape, generator=torch.Generator().manual_seed(0))
    given = (held + 0.5 * noise).clamp(0, 1)
    errors = {}
    for name in ("digits_vae", "digits_ae", "digits_dae"):
        net = load_autoencoder(name, device="cpu")
        errors[name] = float((net.decode(net.encode(given).mean) - held).square().mean())
    assert min(errors, key=errors.__getitem__) == "digits_dae"
    frame = last(phosphene.denoise(digit(), device="cpu"))
    assert len(frame.panels) == 5


def test_features_of_an_encoder_beat_pixels_where_labels_are_few():
    models = [known("digits_vae", "cpu")]
    given = features(models)
    right = {
        name: sum(trial(*views, models[0], 1, seed) for seed in range(8)) / 8
        for name, views in given.items()
    }
    assert right["digits vae"] > right["pixels"]


def test_the_curve_of_labels_rises_and_holds_every_model():
    frames = list(phosphene.few_labels(draws=2, device="cpu"))
    assert len(frames) == 6
    rows = {
        row[0]: [float(str(v).split()[0]) for v in row[1:]] for row in frames[-1].tables[0].rows
    }
    assert set(rows) == {"pixels", "digits vae", "digits ae", "digits dae"}
    assert all(values[-1] > values[0] + 15 for values in rows.values())


def test_four_pictures_are_mixed_by_a_place_and_are_themselves_at_the_corners():
    corners = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    places = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    for way in (lerp, slerp):
        assert torch.allclose(mix(corners, places, way), corners, atol=1e-5)
    middle = mix(corners, torch.tensor([[0.5, 0.5]]), lerp)
    assert torch.allclose(middle, corners.mean(0, keepdim=True), atol=1e-6)
    on_sphere = corners / corners.flatten(1).norm(dim=1).view(4, 1, 1, 1)
    halfway = mix(on_sphere, torch.tensor([[0.3, 0.6]]), slerp)
    assert float(halfway.norm()) == pytest.approx(1, abs=1e-5)


def test_a_place_in_the_square_is_decoded_at_once():
    four = [digit(number) for number in range(4)]
    here = last(phosphene.interpolate_four(*four, at=(0.0, 0.0), device="cpu"))
    there = last(phosphene.interpolate_four(*four, at=(0.6, 0.3), device="cpu"))
    rebuilt = last(phosphene.reconstruct(digit(0), noise=0, device="cpu")).panels[1].image
    corner = here.panels[0].image
    assert corner.tobytes() == rebuilt.resize(corner.size).tobytes()
    assert here.image.size == there.image.size
    assert here.image.tobytes() != there.image.tobytes()
    assert within((0.3, SQUARE / here.image.height)) == (0.3, pytest.approx(1.0))


def test_pictures_of_any_shapes_stand_at_the_corners(serve):  # noqa: F811
    serve("someone/corners", diffusers.AutoencoderTiny(**TINY))
    tall, wide = torch.rand(1, 3, 64, 32), torch.rand(1, 3, 32, 64)
    settings = {"model": "someone/corners", "size": 64, "device": "cpu"}
    frame = last(phosphene.interpolate_four(tall, wide, PANDA, tall, **settings))
    assert len(frame.panels) == 4
