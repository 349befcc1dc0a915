"""Autoencoders: one door to embedded ones and the Hub's, codes of the right shape and scale."""

from __future__ import annotations

import json
import sys

import diffusers
import pytest
import torch
from safetensors.torch import load_file

from phosphene import InputError, WeightsError, load_autoencoder
from phosphene.networks import autoencoder
from phosphene.networks.autoencoder import Posterior, kl_divergence
from phosphene.networks.autoencoders import EMBEDDED, FACES, WEIGHTS, learned
from phosphene.networks.autoencoders.datasets import HELD_OUT, dataset
from phosphene.networks.autoencoders.neighbors import accuracy, nearest
from phosphene.networks.autoencoders.small import ColorAutoencoder, SmallAutoencoder
from phosphene.networks.kept import Kept

KL = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "block_out_channels": (8, 8),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "latent_channels": 4,
    "scaling_factor": 0.18215,
}
TINY = {
    "encoder_block_out_channels": (8, 8),
    "decoder_block_out_channels": (8, 8),
    "num_encoder_blocks": (1, 1),
    "num_decoder_blocks": (1, 1),
    "latent_channels": 4,
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing loaded by another test."""
    monkeypatch.setattr(autoencoder, "_loaded", Kept(autoencoder.KEPT))


@pytest.fixture
def serve(hub, tmp_path):
    """Save a model of random weights and push it to the local Hub."""

    def push(repo, model, folder="", **changes):
        torch.manual_seed(0)
        model.save_pretrained(tmp_path / repo)
        files = {path.name: path.read_bytes() for path in (tmp_path / repo).iterdir()}
        config = json.loads(files["config.json"]) | changes
        files["config.json"] = json.dumps(config).encode()
        hub.push(repo, {f"{folder}{name}": data for name, data in files.items()})
        return model.eval()

    return push


def pictures(count=2, side=32, channels=3):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", learned("digits"))
def test_an_embedded_one_is_frozen_and_maps_digits_to_two_numbers_and_back(name):
    net = load_autoencoder(name, device="cpu")
    x = dataset("digits", "held out").pictures[:5]
    posterior = net.encode(x)
    assert posterior.mean.shape == posterior.log_variance.shape == (5, 2, 1, 1)
    rebuilt = net.decode(posterior.mean)
    assert rebuilt.shape == x.shape
    assert 0 <= rebuilt.min() <= rebuilt.max() <= 1
    assert not any(p.requires_grad for p in net._model.parameters())
    assert (net.side, net.channels, net.scaling_factor) == (28, 1, 1.0)
    of_colors = net.encode(x.expand(-1, 3, -1, -1)).mean
    assert torch.allclose(of_colors, posterior.mean, atol=1e-4)


def test_the_one_of_faces_maps_colors_to_48_numbers_and_back():
    net = load_autoencoder(FACES.name, device="cpu")
    x = dataset("faces", "held out").pictures[:5]
    posterior = net.encode(x)
    assert posterior.mean.shape == posterior.log_variance.shape == (5, 48, 1, 1)
    rebuilt = net.decode(posterior.mean)
    assert rebuilt.shape == x.shape == (5, 3, 64, 64)
    assert 0 <= rebuilt.min() <= rebuilt.max() <= 1
    assert (net.side, net.channels, net.noisy, net.data) == (64, 3, True, "faces")
    one = net.decode(posterior.mean[:1])
    assert torch.allclose(one, rebuilt[:1], atol=1e-4)  # whatever else is in the batch
    assert net.features(x).shape == (5, 256)


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_embedded_files_are_small_16_bit_and_load_through_diffusers(name):
    folder, data = EMBEDDED[name].folder, EMBEDDED[name].data
    assert (folder / WEIGHTS).stat().st_size < {"digits": 1e6, "faces": 5e6}[data]
    kept = load_file(folder / WEIGHTS).values()
    assert {t.dtype for t in kept if t.is_floating_point()} == {torch.float16}
    kind = {"digits": SmallAutoencoder, "faces": ColorAutoencoder}[data]
    theirs = kind.from_pretrained(folder)
    net, x = load_autoencoder(name, device="cpu"), dataset(data).pictures[:3]
    theirs = theirs.float().eval()
    assert torch.allclose(theirs.encode(x)[0], net.encode(x).mean, atol=1e-4)


def test_an_embedded_one_needs_no_diffusers_and_others_say_that_they_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    load_autoencoder("digits_vae", device="cpu")
    with pytest.raises(InputError, match="need diffusers; run: pip install"):
        autoencoder.small_autoencoder()


def test_one_that_is_loaded_is_shared():
    assert load_autoencoder("digits_vae", device="cpu") is load_autoencoder(
        "digits_vae", device="cpu"
    )


@pytest.mark.parametrize("folder", ["", "vae/"])
def test_a_kl_autoencoder_of_the_hub_is_scaled_as_diffusers_scales_it(serve, folder):
    model = serve("someone/kl", diffusers.AutoencoderKL(**KL), folder)
    net = load_autoencoder(f"someone/kl/{folder}".rstrip("/"), device="cpu")
    x = pictures()
    with torch.no_grad():
        theirs = model.encode(2 * x - 1).latent_dist
        decoded = (model.decode(theirs.mean).sample / 2 + 0.5).clamp(0, 1)
    posterior = net.encode(x)
    assert posterior.mean.shape == (2, 4, 16, 16)
    assert torch.allclose(posterior.mean, theirs.mean * 0.18215, atol=1e-5)
    spread = (0.5 * posterior.log_variance).exp()
    assert torch.allclose(spread, theirs.std * 0.18215, rtol=1e-3, atol=1e-6)
    assert torch.allclose(net.decode(posterior.mean), decoded, atol=1e-4)
    assert net.noisy
    assert net.weights.kind in ("hub", "cache")


def test_a_tiny_autoencoder_of_the_hub_has_codes_without_noise(serve):
    model = serve("someone/tiny", diffusers.AutoencoderTiny(**TINY))
    net = load_autoencoder("someone/tiny", device="cpu")
    x = pictures()
    with torch.no_grad():
        theirs = model.encode(2 * x - 1).latents
        decoded = (model.decode(theirs).sample / 2 + 0.5).clamp(0, 1)
    posterior = net.encode(x)
    assert posterior.mean.shape == (2, 4, 16, 16)
    assert torch.allclose(posterior.mean, theirs, atol=1e-5)
    assert torch.allclose(net.decode(posterior.mean), decoded, atol=1e-4)
    assert torch.allclose(posterior.sample(torch.Generator(), 1.0), posterior.mean, atol=1e-5)
    assert not net.noisy


def test_a_large_picture_is_decoded_in_tiles_much_like_the_whole(serve, monkeypatch):
    monkeypatch.setattr(autoencoder, "TILE", 48)
    model = serve("someone/kl", diffusers.AutoencoderKL(**KL))
    net = load_autoencoder("someone/kl", device="cpu")
    codes = torch.randn(1, 4, 40, 40, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole = (model.decode(codes / 0.18215).sample / 2 + 0.5).clamp(0, 1)
    tiled = net.decode(codes)
    assert tiled.shape == whole.shape == (1, 3, 80, 80)
    assert not torch.equal(tiled, whole)
    assert float((tiled - whole).abs().mean()) < 0.1


def test_other_classes_and_weights_that_do_not_fit_are_refused(serve):
    serve("someone/other", diffusers.AutoencoderTiny(**TINY), _class_name="UNet2DModel")
    with pytest.raises(InputError, match=r"UNet2DModel.*AutoencoderKL"):
        load_autoencoder("someone/other", device="cpu")
    serve("someone/wrong", diffusers.AutoencoderTiny(**TINY), latent_channels=8)
    with pytest.raises(WeightsError, match="do not fit someone/wrong"):
        load_autoencoder("someone/wrong", device="cpu")


def test_a_repository_that_is_not_there_is_one_sentence(hub):
    with pytest.raises(WeightsError, match=r"nobody/nothing/config\.json"):
        load_autoencoder("nobody/nothing", device="cpu")


@pytest.mark.parametrize("name", ["digits_vea", "", "a b/c"])
def test_an_unknown_name_is_told_with_its_neighbors(name):
    with pytest.raises(InputError, match="did you mean digits_"):
        load_autoencoder(name)


def test_pictures_and_codes_of_other_shapes_are_named(serve):
    net = load_autoencoder("digits_vae", device="cpu")
    with pytest.raises(InputError, match="32×32; digits_vae takes 28"):
        net.encode(pictures(1))
    with pytest.raises(InputError, match=r"\(1, 4, 2, 2\)"):
        net.decode(torch.zeros(1, 4, 2, 2))
    serve("someone/kl", diffusers.AutoencoderKL(**KL))
    with pytest.raises(InputError, match="33×33; someone/kl takes multiples of 2"):
        load_autoencoder("someone/kl", device="cpu").encode(pictures(1, 33))


def test_the_kl_divergence_agrees_with_monte_carlo():
    mean, log_variance = torch.tensor([[0.7, -1.2]]), torch.tensor([[-0.5, 0.3]])
    generator = torch.Generator().manual_seed(0)
    draws = Posterior(mean, log_variance).mean + (0.5 * log_variance).exp() * torch.randn(
        200_000, 2, generator=generator
    )
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    prior = torch.distributions.Normal(0.0, 1.0)
    estimated = (posterior.log_prob(draws) - prior.log_prob(draws)).sum(1).mean()
    assert float(kl_divergence(mean, log_variance)) == pytest.approx(float(estimated), rel=0.02)
    assert float(kl_divergence(torch.zeros(1, 2), torch.zeros(1, 2))) == 0


def test_draws_have_the_posteriors_spread_and_none_at_no_noise():
    posterior = Posterior(torch.full((4000, 1, 1, 1), 2.0), torch.full((4000, 1, 1, 1), -2.0))
    drawn = posterior.sample(torch.Generator().manual_seed(0))
    assert float(drawn.mean()) == pytest.approx(2, abs=0.05)
    assert float(drawn.std()) == pytest.approx(0.3679, rel=0.06)
    assert torch.equal(posterior.sample(torch.Generator(), 0.0), posterior.mean)


def test_the_digits_are_split_and_complete():
    known, held = dataset("digits"), dataset("digits", "held out")
    assert len(known.pictures) + len(held.pictures) == 10_000
    assert len(held.pictures) == HELD_OUT
    assert 0 == known.pictures.min() < known.pictures.max() == 1
    assert (held.labels.bincount() > 60).all()
    with pytest.raises(InputError, match="did you mean digits"):
        dataset("digit")


def test_neighbors_are_those_of_the_field():
    points = torch.tensor([[0.0, 0], [1, 0], [5, 0], [6, 0]])
    distances, places = nearest(torch.tensor([[0.9, 0.0]]), points, 2)
    assert places.tolist() == [[1, 0]]
    assert distances[0].tolist() == pytest.approx([0.1, 0.9], abs=1e-6)
    labels = torch.tensor([0, 0, 1, 1]).repeat(10)
    assert accuracy(points, torch.tensor([0, 0, 1, 1]), points.repeat(10, 1), labels) == 1.0
