"""Networks by name: loaded once, bounded, refused in a sentence."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pytest

from phosphene import InputError, images, load_network
from phosphene.networks import loading
from tests.pictures import PANDA


def test_a_second_user_never_loads_twice(monkeypatch):
    calls = []
    real = loading._load
    monkeypatch.setattr(loading, "_loaded", OrderedDict())
    monkeypatch.setattr(loading, "_load", lambda *a: calls.append(a) or real(*a))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load_network(device="cpu"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert found[0] is found[1] is found[2]


def test_the_cache_has_a_bound(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", OrderedDict())
    monkeypatch.setattr(loading, "CACHE_BYTES", 1)
    load_network("efficientnet_lite0", device="cpu")
    load_network("vgg19", device="cpu")
    assert [key[0] for key in loading._loaded] == ["vgg19"]


def test_average_pooling_is_a_network_of_its_own():
    vgg, panda = load_network("vgg19", device="cpu"), images.to_tensor(images.load(PANDA, 224))
    soft = load_network("vgg19", device="cpu", pooling="average")
    hard = vgg.acts(panda, ["pool1"])["pool1"].float()
    assert (soft.acts(panda, ["pool1"])["pool1"].float() <= hard + 1e-3).all()
    assert soft is not vgg


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("efficientnet_lite9", r"did you mean efficientnet_lite\d"),
        ("timm/resnet5000", "unknown network.*timm/resnet"),
        ("", "unknown network"),
    ],
)
def test_an_unknown_network_is_named_with_its_neighbours(name, words):
    with pytest.raises(InputError, match=words):
        load_network(name)
