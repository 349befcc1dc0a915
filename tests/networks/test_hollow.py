"""Networks filled with the tensors of a file as they are: no second copy, the same bits."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save
from torch import nn

from phosphene import WeightsError, load_network
from phosphene.networks import hollow, loading, zoo
from tests.networks.random_weights import noise, randomized


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", OrderedDict())


def body(made):
    return made


def test_what_was_read_is_what_is_used():
    state = {"weight": torch.rand(3, 5), "bias": torch.rand(3)}
    made = hollow.filled(lambda: nn.Linear(5, 3), body, lambda _: state)
    assert made.weight.data_ptr() == state["weight"].data_ptr()
    assert made.bias.data_ptr() == state["bias"].data_ptr()


def test_weights_have_no_memory_while_a_network_is_built_and_tables_do():
    with hollow.Hollow():
        layer = nn.Conv2d(64, 64, 3)
        norm = nn.BatchNorm2d(8)
        table = torch.arange(4) * 2
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(nn.Linear(2, 2)))
        thread.start()
        thread.join()
    assert layer.weight.is_meta
    assert not norm.running_mean.is_meta
    assert table.tolist() == [0, 2, 4, 6]
    assert not elsewhere[0].weight.is_meta, "others build as ever meanwhile"
    assert not nn.Linear(2, 2).weight.is_meta


class Left(nn.Linear):
    """A buffer that no file holds, filled by hand."""

    def __init__(self):
        super().__init__(2, 2)
        table = torch.empty(3)
        table.fill_(7.0)
        self.register_buffer("table", table, persistent=False)


class Reads(nn.Linear):
    """A layer that looks at its weights while it is built."""

    def __init__(self):
        super().__init__(2, 2)
        self.scale = float(self.weight.detach().abs().max())


@pytest.mark.parametrize("kind", [Left, Reads])
def test_a_network_that_cannot_be_built_without_memory_is_built_with_it(kind):
    state = {"weight": torch.rand(2, 2), "bias": torch.rand(2)}
    made = hollow.filled(kind, body, lambda _: state)
    assert torch.equal(made.weight, state["weight"])
    assert not any(t.is_meta for t in (*made.parameters(), *made.buffers()))
    if kind is Left:
        assert made.table.tolist() == [7.0] * 3


@pytest.mark.parametrize("wrong", [{"weight": torch.rand(9, 9)}, {"w": torch.rand(1)}, {}])
def test_tensors_that_do_not_fit_are_an_error(wrong):
    with pytest.raises(RuntimeError):
        hollow.filled(lambda: nn.Linear(5, 3), body, lambda _: wrong)


# Convolutions; tables of positions in no file; rotations of positions.
@pytest.mark.parametrize("name", ["timm/resnet10t.c3_in1k", "timm/levit_128s.fb_dist_in1k"])
def test_a_network_of_the_hub_computes_what_timms_own_does(hub, name):
    torch.manual_seed(0)
    architecture = zoo.architecture(name)
    randomized(architecture.body)
    model = architecture.body.eval()
    hub.push(name, {"model.safetensors": save(model.state_dict())})
    network = load_network(name, device="cpu")
    assert not any(t.is_meta for t in (*network.parameters(), *network.buffers()))
    x = noise(224, 224)
    with torch.no_grad():
        expected = model((x - network.mean) / network.std)
    error = (network.logits(x) - expected).abs().max() / expected.abs().max()
    assert error < 1e-4


def test_half_precision_in_a_file_becomes_single_before_anything_is_computed(hub):
    name = "timm/resnet10t.c3_in1k"
    model = zoo.architecture(name).body.half()
    hub.push(name, {"model.safetensors": save(model.state_dict())})
    network = load_network(name, device="cpu", pooling="average")
    assert {t.dtype for t in network.body.parameters()} == {torch.float32}


def test_weights_of_another_network_are_one_sentence(hub):
    hub.push("timm/resnet10t.c3_in1k", {"model.safetensors": save({"w": torch.zeros(3)})})
    with pytest.raises(WeightsError, match="do not fit"):
        load_network("timm/resnet10t.c3_in1k", device="cpu")
