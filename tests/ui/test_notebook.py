"""A page and the methods over a model of one's own."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn

from phosphene import InputError, attribute, images, load_network
from phosphene.networks import zoo
from phosphene.networks.own import adopt, release
from phosphene.networks.structure import structure
from tests.methods.adversarial.pictures import PANDA

pytest.importorskip("gradio")

from phosphene import ui

CLASSES = ("apple", "pear", "plum")
GRAY = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "size": 64}


@pytest.fixture
def model():
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, 8, 3, 2, 1), nn.Tanh(), nn.Conv2d(8, 16, 3, 2, 1), nn.Tanh()]
    yield nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3))
    for name in list(zoo.OWN):
        release(name)


def test_the_map_of_a_model_of_ones_own_is_its_own_gradient(model):
    name = adopt(model, CLASSES, **GRAY)
    *_, last = attribute(PANDA, network=name, target="plum", size=64, device="cpu")
    x = images.to_tensor(images.load(PANDA, 64)).requires_grad_()
    logits = model((x - 0.5) / 0.25)[0]
    (slope,) = torch.autograd.grad(logits[2], x)
    heat = np.load(io.BytesIO(last.files["map.npy"]))
    assert np.allclose(heat, slope[0].abs().amax(0).numpy(), rtol=1e-2, atol=1e-6)
    assert last.verdict == pytest.approx(
        dict(zip(CLASSES, logits.softmax(-1).tolist(), strict=True)), abs=1e-4
    )
    assert "given by this program" in last.recipe["weights"][0]


def test_the_model_is_copied_and_a_second_one_takes_its_name(model):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first = load_network(adopt(model, CLASSES, **GRAY), device="cpu")
    assert load_network("yours", device="cpu") is first
    assert all(parameter.requires_grad for parameter in model.parameters())
    with torch.no_grad():
        model[-1].bias += torch.tensor([9.0, 0.0, 0.0])
    second = load_network(adopt(model, CLASSES, **GRAY), device="cpu")
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    moved = second.logits(x) - first.logits(x)
    assert torch.allclose(moved[0], torch.tensor([9.0, 0.0, 0.0]), atol=1e-4)
    assert before.keys() == model.state_dict().keys()


def test_the_page_opens_on_the_model(model):
    demo = ui.open(model, CLASSES, launch=False, name="fruits", **GRAY)
    assert [tab.name for tab in demo.tabs][:2] == ["Compare", "One method"]
    for tab in demo.tabs:
        assert {p.name: p.default for p in tab.parameters}["network"] == "fruits"
    assert list(structure("fruits").classes) == list(CLASSES)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"model": "resnet"}, "give a torch.nn.Module"),
        ({"classes": "apple"}, "a list of texts"),
        ({"classes": ("apple", "pear")}, "the model gives 3 scores; there are 2 classes"),
        ({"std": (0, 1, 1)}, "three numbers each"),
        ({"name": "vgg19"}, "choose another"),
        ({"name": "a b"}, "choose another"),
    ],
)
def test_what_cannot_be_adopted_is_one_sentence(model, wrong, words):
    with pytest.raises(InputError, match=words):
        adopt(**{"model": model, "classes": CLASSES, **GRAY, **wrong})
    assert not zoo.OWN
