"""The map, the holes in it, and what random draws from it are."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

import phosphene
from phosphene import InputError, load_autoencoder
from phosphene.methods.vae import case, mixture, plane
from phosphene.methods.vae.case import known
from phosphene.methods.vae.holes import empty, gap, hit, widest
from phosphene.methods.vae.latent_map import GAP, HEAD, clicked, manifold_codes
from phosphene.methods.vae.plane import SIDE, Plane
from phosphene.networks.autoencoders import EMBEDDED, neighbors, stored
from phosphene.networks.autoencoders.datasets import dataset


def last(stream):
    *_, frame = stream
    return frame


def unreal(codes, places):
    """How far what is decoded at places is from the nearest real picture, on average: RMS."""
    pictures = codes.decode(places).flatten(1)
    real = codes.data.pictures.flatten(1)
    return float(neighbors.nearest(pictures, real, 1)[0].mean()) / real.shape[1] ** 0.5


@pytest.fixture(scope="module")
def vae():
    return known("digits_vae", "cpu")


@pytest.fixture(scope="module")
def plain():
    return known("digits_ae", "cpu")


def test_the_classes_are_visible_in_the_map(vae):
    right = neighbors.accuracy(vae.held_codes, vae.held.labels, vae.means, vae.data.labels)
    assert right > 0.65  # 0.73 when it was made; a guess is right in 0.11


def test_random_draws_hit_all_digits_of_the_vae_and_few_of_the_plain_one(vae, plain):
    assert hit(vae, 0) == 10
    assert hit(plain, 0) <= 6  # 3 when it was made


def test_the_plain_ones_plane_is_emptier(vae, plain):
    assert empty(plain) > 1.5 * empty(vae)  # 0.17 and 0.06 when they were made


def test_draws_of_the_vae_are_nearer_to_real_digits(vae, plain):
    draws = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    assert unreal(vae, draws) < unreal(plain, draws) - 0.01


def test_a_mixture_makes_the_plain_one_fit_for_sampling(plain):
    generator = torch.Generator().manual_seed(0)
    fitted = mixture.fit(plain.means[::2], 10, generator)
    drawn = fitted.sample(500, generator)
    classes = neighbors.vote(drawn, plain.means, plain.data.labels)
    assert len(classes.unique()) == 10
    assert unreal(plain, drawn[:300]) < 0.175


def test_the_walk_crosses_the_widest_hole_between_two_classes(vae):
    walk = widest(vae, 0)
    labels = vae.data.labels[neighbors.nearest(walk, vae.means, 1)[1][:, 0]]
    assert labels[0] != labels[1]
    others = vae.means[torch.randint(9000, (20, 2), generator=torch.Generator().manual_seed(3))]
    assert gap(vae, walk) > sorted(gap(vae, other) for other in others)[10]


def test_a_place_is_where_its_code_is_drawn():
    window = Plane((-2.0, -1.0), (2.0, 3.0))
    assert window.code(0, 0).tolist() == [[-2, 3]]
    code = window.code(0.3, 0.8)
    assert torch.allclose(window.place(code), torch.tensor([[0.3, 0.8]]), atol=1e-6)


def test_a_click_goes_to_the_map_that_it_is_on():
    page = last(phosphene.latent_map(shown="both", manifold=5, device="cpu")).image
    down = (HEAD + SIDE / 2) / page.height
    left, right = (SIDE / 2) / page.width, (SIDE + GAP + SIDE / 2) / page.width
    assert clicked((left, down), 2) == (0, pytest.approx((0.5, 0.5)))
    assert clicked((right, down), 2) == (1, pytest.approx((0.5, 0.5)))
    assert clicked((0.5, down), 1) == (0, pytest.approx((0.5, 0.5)))
    assert clicked((1.0, 1.0), 2) == (1, (1.0, 1.0))


@pytest.mark.parametrize("shown", ["VAE", "plain autoencoder", "both"])
def test_the_map_decodes_the_place_that_was_clicked(shown):
    one, two = (
        last(phosphene.latent_map(at=at, shown=shown, manifold=5, device="cpu"))
        for at in ((0.2, 0.3), (0.75, 0.3))
    )
    assert one.image.size == two.image.size
    assert one.image.tobytes() != two.image.tobytes()
    assert len(one.panels) == 1 + (shown == "both")
    assert sum(count for _, count in one.tables[0].rows) == 100


def test_the_pointer_finds_what_a_click_there_would_decode(vae):
    found = last(phosphene.latent_map(shown="both", manifold=5, device="cpu")).glimpses
    assert len(found) == 2
    sheet, side = Image.open(io.BytesIO(found[0].sheet)).convert("L"), vae.model.side
    assert sheet.size == (found[0].count * side,) * 2
    row, column = 7, 15
    place = ((column + 0.5) / found[0].count, (row + 0.5) / found[0].count)
    tile = sheet.crop((column * side, row * side, (column + 1) * side, (row + 1) * side))
    decoded = vae.decode(plane.drawn(vae)[0].code(*place))[0, 0]
    difference = torch.from_numpy(np.asarray(tile, np.float32) / 255) - decoded
    assert float(difference.abs().mean()) < 0.03  # a lossy sheet
    left, top, right, bottom = found[1].box
    page = last(phosphene.latent_map(shown="both", manifold=5, device="cpu")).image
    assert clicked(((left + right) / 2, (top + bottom) / 2), 2) == (1, pytest.approx((0.5, 0.5)))
    assert right * page.width == page.width


def test_one_map_stands_upright_and_is_read_on_a_narrow_screen():
    page = last(phosphene.latent_map(manifold=5, device="cpu")).image
    assert page.width < page.height
    assert SIDE / page.width > 0.9  # of 390 pixels


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_codes_kept_beside_a_model_are_those_that_it_gives(name):
    net = load_autoencoder(name, device="cpu")
    kept = stored.read(EMBEDDED[name].folder, net.weights.sha256)
    assert kept is not None, "run python -m phosphene.training MODEL --codes"
    data, held = dataset(net.data), dataset(net.data, "held out")
    assert len(kept.mean) == len(data.pictures)
    posterior = net.encode(data.pictures[:50])
    assert torch.allclose(kept.mean[:50], posterior.mean, atol=1e-3)
    assert torch.allclose(kept.log_variance[:50], posterior.log_variance, atol=1e-2)
    assert torch.allclose(kept.held[:50], net.encode(held.pictures[:50]).mean, atol=1e-3)
    assert torch.equal(kept.errors, kept.errors.sort().values)
    assert len(kept.errors) == len(held.pictures)


def test_codes_of_other_weights_are_not_believed(tmp_path):
    some = stored.Stored(*(torch.zeros(2, 2, 1, 1) for _ in range(3)), torch.zeros(2))
    stored.write(some, tmp_path, "these weights")
    assert stored.read(tmp_path, "these weights") is not None
    assert stored.read(tmp_path, "others") is None
    (tmp_path / stored.FILE).write_bytes(b"rotten")
    assert stored.read(tmp_path, "these weights") is None
    assert stored.read(tmp_path / "nowhere", "these weights") is None


def test_the_manifold_goes_over_even_shares_of_the_normal(vae):
    codes = manifold_codes(vae, 5, "normal").reshape(5, 5, 2)
    assert torch.allclose(codes[2, 2], torch.zeros(2), atol=1e-5)
    assert codes[0, 0].tolist() == pytest.approx([-2.5758, 2.5758], abs=1e-3)
    own = manifold_codes(vae, 5, "as the codes").reshape(5, 5, 2)
    assert torch.allclose(own[2, 2], vae.means.quantile(0.5, dim=0), atol=0.02)


def test_holes_say_how_wide_they_are():
    frame = last(phosphene.holes(along=0.3, device="cpu"))
    assert [row[0] for row in frame.tables[0].rows] == ["VAE", "plain autoencoder"]
    assert frame.image.tobytes() != last(phosphene.holes(along=0.9, device="cpu")).image.tobytes()


def test_a_mixture_finds_two_clouds_and_its_density_is_one():
    generator = torch.Generator().manual_seed(0)
    clouds = torch.cat(
        [
            torch.randn(300, 2, generator=generator) * 0.3 + 2,
            torch.randn(300, 2, generator=generator),
        ]
    )
    fitted = mixture.fit(clouds, 2, generator)
    means = sorted(fitted.means[:, 0].tolist())
    assert means == pytest.approx([0, 2], abs=0.35)
    side = torch.linspace(-6, 6, 121)
    grid = torch.cartesian_prod(side, side)
    assert float(fitted.log_prob(grid).exp().sum() * 0.01) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("source", ["prior", "where the codes lie"])
def test_samples_are_repeatable_and_compared_with_real_ones(source):
    settings = {"source": source, "count": 8, "parts": 3, "device": "cpu"}
    one = last(phosphene.sample(seed=1, **settings))
    assert one.image.tobytes() == last(phosphene.sample(seed=1, **settings)).image.tobytes()
    assert one.image.tobytes() != last(phosphene.sample(seed=2, **settings)).image.tobytes()
    assert all(row[1] > 0 for row in one.tables[0].rows)


def test_models_without_data_of_their_own_have_no_map():
    with pytest.raises(InputError, match="does not say what it learned from"):
        next(phosphene.sample(model="someone/kl"))


def test_a_map_needs_codes_of_two_numbers(vae):
    three = type(vae)(
        **{**vars(vae), "posterior": type(vae.posterior)(*[torch.zeros(4, 3, 1, 1)] * 2)}
    )
    with pytest.raises(InputError, match="have 3 numbers"):
        plane.drawn(three)


def test_the_first_click_encodes_no_data(monkeypatch):
    def refused(*_):
        raise AssertionError("the codes are kept beside the model")

    monkeypatch.setattr(stored, "compute", refused)
    case._codes.cache_clear()
    assert last(phosphene.latent_map(shown="both", manifold=5, device="cpu")).panels
