"""What @method adds to a generator function: checks at the call, a recipe, the documentation."""

from __future__ import annotations

import inspect
import pydoc
from collections.abc import Iterator
from typing import Annotated

import pytest
from PIL import Image

import phosphene
from phosphene import InputError, knobs
from phosphene.frame import Frame
from phosphene.knobs import Choice, Flag, LayerChoice, Picture, Range
from phosphene.methods import METHODS, describe, method, start


@pytest.fixture
def wash(monkeypatch):
    """A method with a knob of some kinds, forgotten after the test."""
    monkeypatch.setattr(phosphene.methods, "METHODS", dict(METHODS))

    def wash(
        image: Annotated[object, Picture(label="Your picture")],
        *,
        rounds: Annotated[int, Range(1, 9, label="Rounds", help="how often")] = 3,
        way: Annotated[str, Choice(("warm", "cold"))] = "warm",
        layers: Annotated[tuple[str, ...], LayerChoice(several=True)] = ("a", "b"),
        dry: Annotated[bool, Flag(label="Dry")] = True,
        device: str | None = None,
    ) -> Iterator[Frame]:
        """Wash a picture (arXiv 0000.0000)."""
        yield Frame(Image.new("RGB", (8, 8)))

    # Annotations inside a function are text; here they are what the text means.
    wash.__annotations__ = inspect.get_annotations(wash, eval_str=True)
    return method(wash)


def test_the_docstring_says_what_each_parameter_means(wash):
    lines = wash.__doc__.splitlines()
    assert lines[:3] == ["Wash a picture (arXiv 0000.0000).", "", "Args:"]
    assert lines[3:] == [
        "    image: Your picture: a picture.",
        "    rounds: Rounds (how often): a whole number from 1 to 9; default: 3.",
        "    way: Way: one of warm, cold; default: warm.",
        "    layers: Layers: layers of the network; default: a, b.",
        "    dry: Dry: true or false; default: True.",
        "    device: Where to compute, such as cpu or cuda; default: the fastest there is.",
    ]


@pytest.mark.parametrize("name", METHODS)
def test_help_describes_every_parameter_of_every_method(name):
    shown = pydoc.render_doc(METHODS[name], renderer=pydoc.plaintext)
    own = inspect.getdoc(inspect.unwrap(METHODS[name]))
    assert own.splitlines()[0] in shown
    for parameter in inspect.signature(METHODS[name]).parameters:
        (line,) = (x for x in shown.splitlines() if x.strip().startswith(f"{parameter}: "))
        assert len(line.split(": ", 1)[1]) > len("Seed.")


def test_a_description_is_the_same_for_function_and_method(wash):
    assert describe(wash) == wash.__doc__ == describe(inspect.unwrap(wash))


def test_what_does_not_fit_is_said_at_the_call_before_any_frame(wash):
    with pytest.raises(InputError, match="rounds is 0"):
        wash("a.png", rounds=0)
    with pytest.raises(InputError, match="Your picture is missing"):
        wash()
    with pytest.raises(TypeError, match="unexpected keyword argument 'round'"):
        wash("a.png", round=1)


def test_what_the_page_has_checked_is_not_checked_again(wash, monkeypatch):
    checked = knobs.check(wash, {"image": "a.png"})
    monkeypatch.setattr(Range, "check", lambda *_: pytest.fail("checked twice"))
    (frame,) = start(wash, checked)
    assert frame.recipe["arguments"] == dict(checked)
    assert type(frame.recipe["arguments"]) is dict


def test_a_run_that_is_closed_early_closes_the_method():
    closed = []

    def endless() -> Iterator[Frame]:
        """Never end."""
        try:
            while True:
                yield Frame(Image.new("RGB", (8, 8)), steps=2)
        finally:
            closed.append(True)

    frames = method(endless)()
    METHODS.pop("endless")
    next(frames)
    frames.close()
    assert closed
