"""One declaration checks every argument, from page and API alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest

from phosphene import InputError
from phosphene.knobs import Choice, Flag, LayerChoice, NetworkChoice, Range, Text, check, parameters


def method(
    image: Annotated[object, Text(label="Your picture")],
    *,
    steps: Annotated[int, Range(1, 100, label="Steps")] = 10,
    rate: Annotated[float, Range(0.5, 2.0)] = 1.0,
    kind: Annotated[str, Choice(("adam", "lbfgs"))] = "adam",
    loud: Annotated[bool, Flag()] = False,
    taps: Annotated[tuple[str, ...], LayerChoice(several=True)] = ("a",),
    network: Annotated[str, NetworkChoice(("vgg19", "lite0"))] = "vgg19",
    device: str | None = None,
) -> Iterator[int]:
    yield 1


def test_declaration_order_labels_and_defaults():
    found = parameters(method)
    assert [p.name for p in found] == ["image", "steps", "rate", "kind", "loud", "taps", "network"]
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
        ({"image": "x", "stepz": 3}, "did you mean steps"),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(arguments, words):
    with pytest.raises(InputError, match=words) as error:
        check(method, arguments)
    assert "\n" not in str(error.value)
