"""Features as files: out of an inversion, back into one, and refused where they do not fit."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import phosphene
from phosphene import InputError, load_network
from phosphene.methods.feature_inversion.search import FEATURE_ERROR
from phosphene.networks.features import packed
from tests.pictures import PALACE

SMALL = {"size": 64, "device": "cpu"}


def last(frames):
    *_, frame = frames
    return frame


@pytest.mark.parametrize(
    ("network", "layer", "size"),
    [("vgg19", "relu2_1", 64), ("efficientnet_lite0", "blocks.2.1", 90)],
)
def test_the_features_of_an_inversion_give_the_same_inversion(tmp_path, network, layer, size):
    options = {"layer": layer, "network": network, "steps": 16, "size": size, "device": "cpu"}
    frame = last(phosphene.invert(PALACE, **options))
    [(name, content)] = frame.files.items()
    assert name == f"{layer}.safetensors"
    path = tmp_path / name
    path.write_bytes(content)
    again = last(phosphene.invert(features=str(path), **options))
    assert np.array_equal(np.asarray(frame.image), np.asarray(again.image))
    assert not again.files


def test_a_file_without_words_is_read_by_its_shape(tmp_path):
    path = tmp_path / "palace.npy"
    np.save(path, phosphene.features(PALACE, "relu2_1", **SMALL).numpy()[0])
    frame = last(phosphene.invert(features=str(path), layer="relu2_1", steps=48, **SMALL))
    assert frame.metrics[FEATURE_ERROR] < 0.02
    assert frame.image.size == (64, 42)


def test_a_vector_gives_a_square_picture(tmp_path):
    path = tmp_path / "logits.npy"
    lite = {"network": "efficientnet_lite0", "size": 96, "device": "cpu"}
    np.save(path, phosphene.features(PALACE, "logits", **lite).numpy()[0])
    frame = last(phosphene.invert(features=str(path), layer="logits", steps=8, **lite))
    assert frame.image.size == (96, 96)


def refusal(path, layer):
    with pytest.raises(InputError) as error:
        next(phosphene.invert(features=str(path), layer=layer, **SMALL))
    return str(error.value)


def test_features_of_another_layer_say_where_they_are_from(tmp_path):
    net = load_network("vgg19", device="cpu")
    found = phosphene.features(PALACE, "relu3_1", **SMALL)
    path = tmp_path / "f.safetensors"
    path.write_bytes(packed(found, net, "relu3_1", (43, 64)))
    for layer in ("relu3_2", "relu4_1"):
        assert "saved from relu3_1 of vgg19: choose that" in refusal(path, layer)


def test_bad_features_say_what_is_wrong(tmp_path):
    def refused(array, layer="relu3_1", name="f.npy", words=None):
        path = tmp_path / name
        np.save(path, array) if name.endswith("npy") else save_file(array, path, words)
        return refusal(path, layer)

    ones = np.ones((512, 8, 8), np.float32)
    assert "conv4_1, relu4_1, conv4_2 of vgg19" in refused(ones)
    assert "efficientnet_lite0" in refused(np.ones(1000, np.float32))
    assert "conv3_1" in refused(-np.ones((256, 8, 8), np.float32))
    assert "NaN" in refused(np.full((256, 8, 8), np.nan, np.float32))
    assert "shape" in refused(np.ones((2, 3), np.float32))
    assert "zeros" in refused(np.zeros((256, 8, 8), np.float32))
    assert "at most" in refused(np.ones((256, 300, 300), np.float32))
    assert "2 tensors" in refused({"a": torch.ones(1), "b": torch.ones(1)}, name="f.safetensors")
    huge = {"height": "9999", "width": "9999"}
    map_of_ones = {"a": torch.ones(256, 8, 8)}
    assert "at most" in refused(map_of_ones, name="f.safetensors", words=huge)
    assert "cannot be read" in refused(np.array([{}], dtype=object))


class Trap:
    """A pickle that leaves a file behind when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def header(shape):
    """A .npy file that claims a shape and holds four numbers."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return file.getvalue() + bytes(16)


def test_a_poisoned_file_of_features_is_refused_and_runs_nothing(tmp_path):
    mark = tmp_path / "mark"
    archive = io.BytesIO()
    np.savez(archive, a=np.ones(3, np.float32))
    boxed = io.BytesIO()
    np.save(boxed, np.array([Trap(mark)], dtype=object), allow_pickle=True)
    long = (2**40).to_bytes(8, "little")
    files = {
        "pickle.npy": pickle.dumps(Trap(mark)),
        "boxed.npy": boxed.getvalue(),
        "archive.npy": archive.getvalue(),
        "claims.npy": header((2**40,)),
        "huge.npy": header((2**62, 2**62)),
        "negative.npy": header((-1,)),
        "code.npy": header((1,)).replace(b"'<f4'", b"'O'  "),
        "text.npy": np.lib.format.magic(1, 0) + b"\x10\x00__import__('os')",
        "pickle.safetensors": pickle.dumps(Trap(mark)),
        "long.safetensors": long + b"{",
        "nested.safetensors": (9000).to_bytes(8, "little") + b"[" * 9000,
        "outside.safetensors": _safetensors(
            {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}
        ),
        "odd.safetensors": _safetensors({"dtype": "X9", "shape": [1], "data_offsets": [0, 4]}),
        "less.safetensors": _safetensors(
            {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 4]}
        ),
        "features.pt": pickle.dumps(Trap(mark)),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        words = refusal(tmp_path / name, "relu3_1")
        assert "cannot be read as features" in words or "not a feature file" in words, name
        assert str(tmp_path) not in words
    assert not mark.exists()


def _safetensors(entry):
    text = json.dumps({"a": entry}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(4)
