"""One declaration checks every argument, from page and API alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import pytest

from phosphene import InputError
from phosphene.knobs import (
    AutoencoderChoice,
    Choice,
    Choices,
    Flag,
    LayerChoice,
    NetworkChoice,
    Numbers,
    Pictures,
    Point,
    Range,
    Text,
    check,
    parameters,
)


def method(
    image: Annotated[object, Text(label="Your picture")],
    *,
    steps: Annotated[int, Range(1, 100, label="Steps")] = 10,
    rate: Annotated[float, Range(0.5, 2.0)] = 1.0,
    kind: Annotated[str, Choice(("adam", "lbfgs"))] = "adam",
    loud: Annotated[bool, Flag()] = False,
    taps: Annotated[tuple[str, ...], LayerChoice(several=True)] = ("a",),
    network: Annotated[str, NetworkChoice(("vgg19", "lite0"))] = "vgg19",
    place: Annotated[tuple[float, float], Point(of="image")] = (0.5, 0.5),
    latent: Annotated[tuple[float, ...], Numbers(3, -2, 2)] = (0.0, 0.0, 0.0),
    angles: Annotated[tuple[float, ...], Numbers(3, 0, 90, exact=False)] = (),
    more: Annotated[object, Pictures(most=2)] = None,
    ways: Annotated[tuple[str, ...], Choices(("red", "green", "blue"))] = ("red",),
    device: str | None = None,
) -> Iterator[int]:
    yield 1


def test_declaration_order_labels_and_defaults():
    found = parameters(method)
    names = ["image", "steps", "rate", "kind", "loud", "taps", "network"]
    assert [p.name for p in found] == [*names, "place", "latent", "angles", "more", "ways"]
    assert [p.name for p in found if p.required] == ["image"]
    assert found[0].label == "Your picture"
    assert found[2].label == "Rate"
    assert found[1].default == 10


def test_defaults_are_filled_in_and_numbers_coerced():
    checked = check(method, {"image": "x", "steps": 12.0, "rate": "1.5"})
    assert checked["steps"] == 12
    assert isinstance(checked["steps"], int)
    assert checked["rate"] == 1.5
    assert checked["kind"] == "adam"
    assert checked["device"] is None


@pytest.mark.parametrize(
    ("name", "value", "coerced"),
    [
        ("place", [0, 1], (0.0, 1.0)),
        ("place", "0.25, .5", (0.25, 0.5)),
        ("place", np.array([0.5, 1.0]), (0.5, 1.0)),
        ("latent", "-2, 1e-1,2", (-2.0, 0.1, 2.0)),
        ("latent", range(3), (0.0, 1.0, 2.0)),
        ("angles", "", ()),
        ("angles", [90], (90.0,)),
        ("taps", "conv1_1, relu2_1", ("conv1_1", "relu2_1")),
        ("taps", ["conv1_1"], ("conv1_1",)),
        ("more", ("a.png",), ["a.png"]),
        ("ways", "blue, red,blue", ("blue", "red")),
        ("ways", ["green"], ("green",)),
    ],
)
def test_what_stands_in_a_row_may_be_a_row_or_text(name, value, coerced):
    checked = check(method, {"image": "x", name: value})[name]
    assert checked == coerced
    assert [type(item) for item in checked] == [type(item) for item in coerced]


def test_what_was_checked_is_not_checked_again():
    checked = check(method, {"image": "x"})
    assert check(method, checked) is checked


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(InputError) as error:
        check(method, {"image": "x", "steps": "many " * 1000})
    assert "many many" in str(error.value)
    assert len(str(error.value)) < 130
    with pytest.raises(InputError) as error:
        check(method, {"image": "x", "kind": "adamm" * 1000})
    assert len(str(error.value)) < 130


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        (Range(1, 2**31 - 1), "a whole number from 1 to 2147483647"),
        (Range(0, 1, 0.05), "a number from 0 to 1"),
        (Choice(("red", "green")), "one of red, green"),
        (Choices(("red", "green")), "some of red, green, separated by commas"),
        (Numbers(2, 0, 90, exact=False), "up to 2 numbers from 0 to 90, separated by commas"),
        (NetworkChoice(("vgg19",)), "vgg19, or another by its name"),
        (AutoencoderChoice(("digits",)), "digits, or OWNER/REPOSITORY"),
        (Text(placeholder="1, 1, 0.8"), "such as 1, 1, 0.8"),
        (Text(), ""),
    ],
)
def test_a_knob_says_in_words_what_it_accepts(knob, words):
    assert knob.accepts == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Your picture is missing"),
        ({"image": None}, "Your picture is missing"),
        ({"image": "x", "steps": 0}, "steps is 0; choose a whole number from 1 to 100"),
        ({"image": "x", "steps": 1.5}, "whole number"),
        ({"image": "x", "steps": "many"}, "'many'"),
        ({"image": "x", "steps": float("nan")}, "nan"),
        ({"image": "x", "steps": None}, "missing"),
        ({"image": "x", "steps": [3]}, r"\[3\]"),
        ({"image": "x", "steps": True}, "True"),
        ({"image": "x", "rate": 2.1}, "rate is 2.1; choose a number from 0.5 to 2"),
        ({"image": "x", "rate": float("inf")}, "inf"),
        ({"image": "x", "kind": "adamm"}, "did you mean adam"),
        ({"image": "x", "kind": ["adam"]}, "kind"),
        ({"image": "x", "loud": "yes"}, "true or false"),
        ({"image": "x", "taps": 3}, "taps is 3"),
        ({"image": "x", "network": " "}, "name a network"),
        ({"image": "x" * 3000}, "3000 characters"),
        ({"image": "x", "steps": "१२"}, "whole number"),
        ({"image": "x", "steps": "1_0"}, "whole number"),
        ({"image": "x", "place": (0.5, 1.5)}, r"place is \(0.5, 1.5\); give x, y as shares"),
        ({"image": "x", "place": (0.5,)}, r"place is \(0.5,\)"),
        ({"image": "x", "place": "left"}, "place is 'left'"),
        ({"image": "x", "place": 3}, "place is 3"),
        ({"image": "x", "latent": (0, 0, 2.5)}, "number 3 of latent is 2.5; give 3 numbers from"),
        ({"image": "x", "latent": (0, 0)}, "latent has 2 numbers; give 3 numbers"),
        ({"image": "x", "latent": (0, 0, float("nan"))}, "nan"),
        ({"image": "x", "angles": "1,2,3,4"}, "angles has 4 numbers; give up to 3 numbers"),
        ({"image": "x", "ways": "grean"}, "did you mean green"),
        ({"image": "x", "ways": ()}, "ways is empty; choose some of red, green, blue"),
        ({"image": "x", "ways": [1]}, r"ways is \[1\]; choose some of red"),
        ({"image": "x", "more": "a.png"}, "more is one str; give up to 2 pictures as a list"),
        ({"image": "x", "more": ["a", "b", "c"]}, "more has 3 pictures"),
        ({"image": "x", "stepz": 3}, "did you mean steps"),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(arguments, words):
    with pytest.raises(InputError, match=words) as error:
        check(method, arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "knob", [LayerChoice(), LayerChoice(several=True), NetworkChoice(("vgg19",)), Text()]
)
def test_a_text_that_is_too_long_to_be_read_is_refused_unread(knob):
    for text in ("x" * 2001, "9" * 100_000):
        with pytest.raises(InputError, match=r"name has \d+ characters; at most 2000 fit"):
            knob.check("name", text)
    assert knob.check("name", "x" * 2000)
