import pytest
import torch

from phosphene import InputError, load_network
from phosphene.optimize.objectives import parse


@pytest.fixture(scope="module")
def net():
    return load_network("efficientnet_lite0", device="cpu")


def test_a_sum_of_weighted_layers_channels_and_classes_is_read(net):
    objective = parse("0.7 * blocks.4 + 0.3*blocks.3:57 - 2 * class:kit fox", net)
    assert [(t.name, t.weight) for t in objective.terms] == [
        ("blocks.4", 0.7),
        ("blocks.3:57", 0.3),
        ("class:kit fox", -2.0),
    ]


def test_channel_sets_and_neurons_are_read(net):
    (several,) = parse("blocks.4:3, 17,40-42", net).terms
    assert several.channels == (3, 17, 40, 41, 42)
    (neuron,) = parse("blocks.4:5@center", net).terms
    assert neuron.center


def test_terms_of_one_name_add_up(net):
    (term,) = parse("blocks.4 + 0.5 * blocks.4", net).terms
    assert term.weight == 1.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("blocks.4 +", "at its end"),
        ("0.7 * + blocks.4", "'+ blocks.4' (character 7)"),
        ("blocks.4 blocks.2", "'blocks.2' (character 10); write + or -"),
        ("blocks.4:", "channel numbers"),
        ("blocks.4@center", "LAYER:CHANNEL@center"),
        ("bloks.4", "did you mean blocks.4"),
        ("blocks.4:9999", "choose from 0 to"),
        ("blocks.4:2-1", "has no channel"),
        ("class:gose", "did you mean goose"),
    ],
)
def test_text_that_cannot_be_read_is_pointed_at(net, text, words):
    with pytest.raises(InputError) as error:
        parse(text, net)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text", ["blocks.2", "blocks.4:57", "blocks.4:57@center", "class:goose", "blocks.3:1,2,3"]
)
def test_following_an_objective_raises_what_it_names(net, text):
    """Twelve normalized steps from one start raise each activation by half and more."""
    objective = parse(text, net)
    x = 0.5 + 0.1 * torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))

    def strength(picture):
        return -sum(objective.loss(net.acts(picture, objective.layers)).values())

    before = float(strength(x))
    for _ in range(12):
        x = x.detach().requires_grad_()
        strength(x).backward()
        x = (x + 0.02 * x.grad / x.grad.abs().mean()).clamp(0, 1)
    after = float(strength(x.detach()))
    assert after > before + 0.5 * abs(before)


def test_scaling_makes_unlike_terms_comparable(net):
    x = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    objective = parse("blocks.0 + blocks.4", net)
    with torch.no_grad():
        acts = net.acts(x, objective.layers)
        sizes = [float(v) for v in objective.scaled_to(acts).loss(acts).values()]
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-3)
