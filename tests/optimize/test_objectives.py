"""Objectives: the texts, the same in Python, and functions of one's own."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
import torch

import phosphene
from phosphene import InputError, channel, class_, custom, layer, load_network, neuron
from phosphene.optimize.objectives import Objective, parse, parse_channels, resolve
from tests.pictures import PALACE

SMALL = {"size": 96, "steps": 2, "octaves": 1, "device": "cpu"}


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


FORMS = {
    "0.7 * blocks.4:57 + class:kit fox - 0.5 * blocks.0": (
        0.7 * channel("blocks.4", 57) + class_("kit fox") - 0.5 * layer("blocks.0")
    ),
    "-blocks.4": -layer("blocks.4"),
    "0.25 * blocks.4:3,17,40,41,42": channel("blocks.4", "3,17,40-42") / 4,
    "blocks.4:3,17": channel("blocks.4", [3, 17]),
    "blocks.4:5@center": neuron("blocks.4", 5),
    "2 * class:99": 2 * class_(99),
    "1e-07 * blocks.4 - 3 * blocks.0": layer("blocks.4") * 1e-7 - 3 * layer("blocks.0"),
    "blocks.0 + blocks.4": sum([layer("blocks.0"), layer("blocks.4")]),
}


@pytest.mark.parametrize("text", FORMS)
def test_an_objective_in_python_reads_like_its_text_and_is_equal_to_it(net, text):
    assert repr(FORMS[text]) == str(FORMS[text]) == text
    assert parse(text) == FORMS[text]
    assert isinstance(parse(text), Objective)
    assert resolve(FORMS[text], net) == resolve(text, net) == parse(text, net)


def test_what_is_no_number_and_no_objective_is_not_added():
    for wrong in (lambda: layer("blocks.4") + 1, lambda: layer("blocks.4") * layer("blocks.0")):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong()


def last(method, *arguments, **options):
    *_, frame = method(*arguments, **options)
    return frame


def same(one, other):
    return np.array_equal(np.asarray(one.image), np.asarray(other.image))


def test_methods_take_an_objective_wherever_they_take_its_text():
    text = "0.7 * blocks.4:57 + class:kit fox - 0.5 * blocks.0"
    for method, first, name, options in (
        (phosphene.dream, (PALACE,), "objective", {}),
        (phosphene.zoom, (PALACE,), "objective", {"pictures": 1}),
        (phosphene.visualize, (), "target", {"toward": class_("goose")}),
    ):
        written, composed = (
            last(method, *first, **{name: objective}, **SMALL, **options)
            for objective in (text, FORMS[text])
        )
        assert same(written, composed)
        assert written.losses == composed.losses
        assert str(composed.recipe["arguments"][name]) == text
        assert same(last(phosphene.repeat, composed.recipe), composed)


def quiet(activations):
    """What is to fall: how much everything fires."""
    return activations["blocks.2"].square().mean()


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_function_of_ones_own_falls(wrapped, monkeypatch):
    if wrapped:
        objective = custom(quiet, layers=["blocks.2"])
    else:
        monkeypatch.setattr(quiet, "layers", ("blocks.2",), raising=False)
        objective = quiet
    options = {**SMALL, "steps": 8, "momentum": 0}
    first, *_, frame = phosphene.dream(PALACE, objective=objective, **options)
    assert list(frame.losses) == ["custom:quiet"]
    assert frame.losses["custom:quiet"] < 0.8 * first.losses["custom:quiet"]
    assert str(frame.recipe["arguments"]["objective"]) == "custom:quiet"
    assert same(last(phosphene.repeat, frame.recipe), frame)


def test_a_function_is_one_term_among_others_and_shown_as_a_score():
    objective = class_("goose") + 0.5 * custom(quiet, "blocks.2", name="calm")
    still = {"tv": 0, "jitter": 0, "zoom": 0, "turn": 0, "center": 0}
    alone = {"network": "efficientnet_lite0", "steps": 12}
    first, *_, frame = phosphene.visualize(objective, **SMALL | alone | still)
    assert {"class:goose", "custom:calm"} <= set(frame.losses)
    assert {"goose: score", "custom:calm"} <= set(frame.metrics)
    assert frame.loss < first.loss


def test_functions_of_one_name_have_terms_of_their_own(net):
    both = custom(quiet, "blocks.2") + custom(
        lambda acts: acts["blocks.0"].mean(), "blocks.0", "quiet"
    )
    assert [term.name for term in both.resolved(net).terms] == ["custom:quiet", "custom:quiet 2"]
    (term,) = (custom(quiet, "blocks.2") + 2 * custom(quiet, "blocks.2")).resolved(net).terms
    assert term.weight == 3


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (layer("bloks.4"), "did you mean blocks.4"),
        (channel("blocks.4", 9999), "choose from 0 to"),
        (channel("blocks.4", -1), "has no channel -1"),
        (class_("gose"), "did you mean goose"),
        (custom(quiet, "bloks.2"), "did you mean blocks.2"),
        (custom(lambda acts: acts["blocks.2"], "blocks.2"), "return one number"),
        (custom(lambda acts: 1.0, "blocks.2"), "return one number"),
        (custom(lambda acts: quiet(acts).detach(), "blocks.2"), "does not depend"),
        (quiet, "function without layers"),
        (3, "pass an Objective"),
        ([layer("blocks.4")], "pass an Objective"),
        (layer("blocks.4") * math.nan, "not finite"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_objective_that_cannot_be_followed_is_said_in_a_sentence(objective, words):
    with pytest.raises(InputError, match=words):
        list(phosphene.dream(PALACE, objective=objective, **SMALL))


@pytest.mark.parametrize("channels", [True, 1.5, [], [1, "2"]])
def test_channels_are_whole_numbers(channels):
    with pytest.raises(InputError, match="whole numbers"):
        channel("blocks.4", channels)


def test_a_function_must_name_its_layers():
    with pytest.raises(InputError, match="name the layers"):
        custom(quiet, layers=[])


def test_channel_ranges_are_read():
    assert parse_channels("3, 17,40 - 42, 17", "blocks.4", 192) == (3, 17, 40, 41, 42)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3²", "numbers and ranges"),
        ("²", "numbers and ranges"),
        ("٣", "numbers and ranges"),
        ("a-b", "numbers and ranges"),
        ("-3", "numbers and ranges"),
        ("1-2-3", "numbers and ranges"),
        (",", "names none"),
        ("192", "blocks.4 has no channel 192; choose from 0 to 191"),
        ("3-192", "has no channel 3-192"),
        ("5,2-1", "has no channel 2-1"),
        ("9" * 1000, "choose from 0 to 191"),
    ],
)
def test_channel_ranges_that_cannot_be_read_are_said_in_a_sentence(text, words):
    with pytest.raises(InputError, match=words) as error:
        parse_channels(text, "blocks.4", 192)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("text", ["blocks.4:²", "blocks.4:3²", "٣ * blocks.4"])
def test_only_plain_digits_are_numbers_in_an_objective(net, text):
    with pytest.raises(InputError, match="cannot be read"):
        parse(text, net)


PIECES = (
    *(
        "blocks.4",
        "blocks.4:57",
        "class:kit fox",
        "logits",
        "+",
        "-",
        "*",
        "0.7",
        "1e309",
        ":",
        "@",
    ),
    *(
        "@center",
        ",",
        "..",
        "(",
        ")",
        "²",
        "٣",
        "nan",
        "inf",
        "<img src=x>",
        "class:",
        "\x00",
        "-9",
    ),
    *(
        "blocks.4:1-99999999999",
        "blocks.4:" + "1," * 300,
        "__import__('os')",
        "{0.__class__}",
        "%s",
    ),
)


def test_hostile_texts_are_read_or_refused_in_a_short_sentence_and_soon(net):
    draw = random.Random(0)
    read, refused = 0, []
    texts = [" ".join(draw.choices(PIECES, k=draw.randint(1, 5))) for _ in range(400)]
    texts += ["blocks.4 + " * 180 + "blocks.4", "(" * 1900, "-" * 1999, "1*" * 999, "a" * 2000]
    began = time.monotonic()
    for text in texts:
        try:
            parse(text, net)
            read += 1
        except InputError as error:
            refused.append(str(error))
    assert time.monotonic() - began < 20
    assert min(read, len(refused)) > 3
    assert not [words for words in refused if len(words) > 400 or "\n" in words]
