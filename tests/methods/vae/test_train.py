"""An autoencoder of one's own: it learns, is kept at every frame, and goes on from its file."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load, load_file, save

import phosphene
from phosphene import InputError
from phosphene.methods.vae.case import known
from phosphene.networks.autoencoder_file import read_autoencoder, read_layers
from phosphene.networks.autoencoders.small import ColorAutoencoder, SmallAutoencoder

QUICK = {"steps": 10, "side": 32, "numbers": 4, "device": "cpu"}


def last(stream):
    *_, frame = stream
    return frame


def disk(number):
    """A bright disk somewhere on a dark ground, 40 by 30."""
    x, y = 8 + 3 * (number % 8), 8 + 3 * (number // 8 % 5)
    rows, columns = np.mgrid[:30, :40]
    inside = (rows - y) ** 2 + (columns - x) ** 2 < 49
    return Image.fromarray(
        np.where(inside[..., None], (230, 120, 40), (20, 30, 60)).astype("uint8")
    )


@pytest.fixture(scope="module")
def disks():
    return [disk(number) for number in range(40)]


@pytest.fixture(scope="module")
def trained(disks, tmp_path_factory):
    """The last frame of a training on disks, and its file."""
    frame = last(phosphene.train_autoencoder(pictures=disks, **QUICK | {"steps": 60}))
    path = tmp_path_factory.mktemp("own") / "autoencoder.safetensors"
    path.write_bytes(frame.files["autoencoder.safetensors"])
    return frame, path


def test_the_loss_falls_and_what_comes_back_gets_nearer(disks, trained, monkeypatch):
    monkeypatch.setattr("phosphene.methods.vae.train.PAUSE", 0.0)
    frames = [f for f in phosphene.train_autoencoder(pictures=disks, **QUICK) if f.step]
    assert [frame.step for frame in frames] == list(range(1, 11))
    assert all(frame.files for frame in frames)  # Stop keeps what there is
    losses = [terms["reconstruction"] for terms in frames[-1].history]
    assert losses[-1] < losses[0]
    assert trained[0].metrics["PSNR held out"] > frames[0].metrics["PSNR held out"]
    assert "learned by heart" in frames[-1].note


def test_the_file_loads_through_diffusers(trained, tmp_path):
    with zipfile.ZipFile(io.BytesIO(trained[0].files["for_diffusers.zip"])) as archive:
        archive.extractall(tmp_path)
    theirs = ColorAutoencoder.from_pretrained(tmp_path).float().eval()
    ours = read_autoencoder(trained[1], "cpu")
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(theirs.encode(x)[0], ours.encode(x).mean, atol=1e-4)
        z = ours.encode(x).mean
        assert torch.allclose(theirs.decode(z), ours.decode(z), atol=1e-4)


def test_every_page_takes_the_file(trained, disks):
    path = str(trained[1])
    one, two = disks[:2]
    own = {"file": path, "device": "cpu"}
    frame = last(phosphene.reconstruct(one, **own))
    assert any("a file of yours" in line for line in frame.recipe["weights"])
    assert len(list(phosphene.interpolate(one, two, count=3, **own))) == 6
    assert last(phosphene.interpolate_four(one, two, one, two, **own)).panels
    assert len(last(phosphene.traverse(one, **own)).tables[0].rows) == 4
    assert last(phosphene.sample(count=8, parts=2, source="where the codes lie", **own)).panels
    assert last(phosphene.repair(one, steps=5, **own)).metrics["around"] >= 0
    assert last(phosphene.anomaly(one, **own)).metrics["error"] >= 0
    assert len(known("", "cpu", path).means) == 36
    with pytest.raises(InputError, match="have 4 numbers; a map needs 2"):
        next(phosphene.latent_map(**own))


def test_it_goes_on_from_its_file_with_the_pictures_that_the_file_brings(trained):
    again = last(phosphene.train_autoencoder(file=str(trained[1]), **QUICK | {"steps": 40}))
    assert again.history[0]["reconstruction"] < 1.05 * trained[0].history[-1]["reconstruction"]
    assert again.metrics["PSNR held out"] > trained[0].metrics["PSNR held out"] - 1
    before, after = (load(f.files["autoencoder.safetensors"]) for f in (trained[0], again))
    assert torch.equal(before["data.others"], after["data.others"])


def test_a_seed_makes_the_same_file(disks):
    runs = (phosphene.train_autoencoder(pictures=disks, seed=n, **QUICK) for n in (0, 0, 1))
    one, two, other = (load(last(run).files["autoencoder.safetensors"]) for run in runs)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["encoder.0.weight"], other["encoder.0.weight"])


def test_a_zip_is_read_and_what_cannot_be_is_told(disks, tmp_path):
    path = tmp_path / "disks.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, picture in enumerate(disks[:20]):
            buffer = io.BytesIO()
            picture.save(buffer, "PNG")
            archive.writestr(f"disks/{number}.png", buffer.getvalue())
        archive.writestr("disks/broken.png", b"none")
    frame = last(phosphene.train_autoencoder(archive=str(path), **QUICK))
    assert "1 could not be read: disks/broken.png" in frame.note
    with pytest.raises(InputError, match="5 pictures could be read; give 50 or more"):
        next(phosphene.train_autoencoder(pictures=disks[:5], **QUICK))


def test_without_pictures_it_learns_digits_in_diffusers_format(tmp_path):
    frame = last(phosphene.train_autoencoder(**QUICK | {"steps": 20, "numbers": 2}))
    with zipfile.ZipFile(io.BytesIO(frame.files["for_diffusers.zip"])) as archive:
        archive.extractall(tmp_path)
    assert SmallAutoencoder.from_pretrained(tmp_path).config.latent_channels == 2
    path = tmp_path / "own.safetensors"
    path.write_bytes(frame.files["autoencoder.safetensors"])
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["config"])["data"] == "digits"
    page = last(phosphene.latent_map(file=str(path), manifold=5, device="cpu"))
    assert page.tables[0].title == "The hundred nearest digits"
    net = read_autoencoder(path, "cpu")
    assert set(net.own.data.labels.tolist()) == set(range(10))


def changed(path, tmp_path, tensors=None, **config):
    """The file with other tensors or another configuration."""
    with safe_open(path, "pt") as file:
        told = file.metadata()
    told["config"] = json.dumps(json.loads(told["config"]) | config)
    other = tmp_path / "other.safetensors"
    other.write_bytes(save(load_file(path) | (tensors or {}), told))
    return other


@pytest.mark.parametrize(
    "config",
    [
        {"_class_name": "UNet2DModel"},
        {"widths": [4000, 4000, 4000, 4000], "hidden": 4096},
        {"sample_size": 4096},
        {"latent_channels": 5},
        {"latent_channels": True},
        {"widths": "wide"},
        {"posterior": "other"},
        {"in_channels": 1},
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(trained, tmp_path, config):
    with pytest.raises(InputError, match=r"other\.safetensors is none of the files"):
        read_layers(changed(trained[1], tmp_path, **config))


@pytest.mark.parametrize(
    "tensors",
    [
        {"data.pictures": torch.zeros(3, 3, 16, 16, dtype=torch.uint8)},
        {"data.labels": torch.full((36,), 7)},
        {"encoder.0.weight": torch.full((16, 3, 4, 4), torch.nan)},
        {"more": torch.zeros(1)},
    ],
)
def test_tensors_that_do_not_fit_are_refused(trained, tmp_path, tensors):
    with pytest.raises(InputError, match="none of the files that training here leaves"):
        read_layers(changed(trained[1], tmp_path, tensors))


def test_files_that_are_no_safetensors_are_named(tmp_path):
    pickle, rotten = tmp_path / "model.pt", tmp_path / "rotten.safetensors"
    pickle.write_bytes(b"pickle")
    rotten.write_bytes(b"rotten")
    with pytest.raises(InputError, match=r"model\.pt is no safetensors"):
        next(phosphene.reconstruct(disk(0), file=str(pickle)))
    with pytest.raises(InputError, match=r"rotten\.safetensors is damaged"):
        next(phosphene.reconstruct(disk(0), file=str(rotten)))
    with pytest.raises(InputError, match="is no safetensors"):
        next(phosphene.train_autoencoder(file=str(tmp_path / "absent.safetensors"), **QUICK))
