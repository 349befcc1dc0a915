"""The values of a form: what its controls give back and what a permalink restores."""

from __future__ import annotations

import pytest
from PIL import Image

from phosphene.errors import InputError
from phosphene.knobs import Choices, Knob, LayerChoice, Numbers, Parameter, Point, parameters
from tests.tint import tint

pytest.importorskip("gradio")

from phosphene.ui import controls, permalinks, tab, uploads


def test_a_permalink_restores_what_it_was_made_from():
    chosen = {
        "steps": 40,
        "amount": 0.25,
        "rate": 0.001,
        "way": "blue",
        "soft": True,
        "words": "a&b",
    }
    defaults = {p.name: p.default for p in parameters(tint)}
    query = permalinks.link(parameters(tint), defaults | chosen, example="ramp")
    values, others, notices = permalinks.restore(parameters(tint), query)
    assert values == chosen
    assert others == {"example": "ramp"}
    assert not notices


def test_a_permalink_names_only_what_differs():
    defaults = {p.name: p.default for p in parameters(tint)}
    assert permalinks.link(parameters(tint), defaults) == "?"


def test_an_example_is_named_by_its_file_or_in_its_own_words_fit_for_a_file(picture):
    assert tab.example_name({"size": 64, "image": str(picture)}) == "ramp"
    assert tab.example_name({"target": "blocks.3.2:10"}) == "blocks.3.2-10"


def test_a_bad_permalink_is_one_line_per_value_and_the_rest_is_used():
    values, _, notices = permalinks.restore(parameters(tint), "?steps=9999&way=pink&amount=0.5&x=1")
    assert values == {"amount": 0.5}
    assert len(notices) == 2
    assert "9999" in notices[0]


@pytest.mark.parametrize(
    "parameter", [p for p in parameters(tint) if not isinstance(p.knob, controls.MEDIA)]
)
def test_every_control_gives_back_its_default(parameter):
    shown = controls.to_form(parameter, parameter.default)
    assert controls.from_form(parameter, shown) == parameter.default


def test_a_wide_range_offers_round_numbers_and_takes_any():
    parameter = next(p for p in parameters(tint) if p.name == "rate")
    control = controls.build(parameter)
    offered = [float(value) for _, value in control.choices]
    assert offered[:4] == [1e-4, 2e-4, 5e-4, 1e-3]
    assert offered[-1] == 10
    assert control.value == "0.1"
    assert "from 0.0001 to 10" in control.info
    assert controls.from_form(parameter, "0.032") == 0.032
    for wrong in ("11", "much"):
        with pytest.raises(InputError, match=r"choose a number from 0\.0001 to 10"):
            parameter.knob.check("rate", controls.from_form(parameter, wrong))


def test_an_unpainted_mask_is_everywhere_and_a_painted_one_is_white_inside():
    assert uploads.painted({"layers": [Image.new("RGBA", (4, 4))]}) is None
    layer = Image.new("RGBA", (4, 4))
    layer.putpixel((1, 2), (255, 255, 255, 255))
    mask = uploads.painted({"layers": [layer]})
    assert mask is not None
    assert mask.getpixel((1, 2)) == 255
    assert mask.getpixel((0, 0)) == 0


def test_a_point_and_a_row_of_numbers_come_back_as_they_went():
    point = Parameter("place", (0.25, 0.5), Point())
    assert controls.to_form(point, point.default) == "0.25, 0.5"
    assert point.knob.check("place", controls.from_form(point, "0.25, 0.5")) == (0.25, 0.5)
    row = Parameter("latent", (0.0, 1.5), Numbers(2, -3, 3))
    assert controls.to_form(row, row.default) == [0.0, 1.5]
    assert row.knob.check("latent", controls.from_form(row, [0.0, 1.5])) == (0.0, 1.5)
    assert controls.build(row).value == [0.0, 1.5]
    assert controls.schema(row.knob)["type"] == "array"


def test_layers_may_be_several():
    parameter = Parameter("layers", ("a", "b"), LayerChoice(several=True))
    assert controls.from_form(parameter, controls.to_form(parameter, ("a",))) == ["a"]


def test_several_choices_come_back_in_their_order_and_in_a_permalink():
    parameter = Parameter("ways", ("red",), Choices(("red", "green", "blue")))
    control = controls.build(parameter)
    assert control.multiselect
    assert control.value == ["red"]
    assert controls.from_form(parameter, ["blue", "red"]) == ("blue", "red")
    assert controls.schema(parameter.knob)["items"]["enum"] == ["red", "green", "blue"]
    query = permalinks.link([parameter], {"ways": ("blue", "red")})
    assert permalinks.restore([parameter], query)[0] == {"ways": ("blue", "red")}
    assert permalinks.link([parameter], {"ways": controls.from_form(parameter, ["red"])}) == "?"


def test_a_knob_without_a_control_is_an_error_at_once():
    with pytest.raises(TypeError, match="without a control"):
        controls.build(Parameter("odd", 1, Knob()))
