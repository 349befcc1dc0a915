"""Knobs to controls and back: one control per parameter, its value as the method wants it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from phosphene.knobs import (
    AutoencoderChoice,
    BrushChoice,
    Choice,
    Choices,
    ClassChoice,
    File,
    Flag,
    Knob,
    LayerChoice,
    Mask,
    NameChoice,
    NetworkChoice,
    Numbers,
    Parameter,
    Picture,
    Pictures,
    Point,
    Range,
    Text,
)
from phosphene.ui.scripts import script
from phosphene.ui.uploads import (
    OPACITY,
    BrushInput,
    BrushShelf,
    FileInput,
    NumberRow,
    painted,
    picture_input,
)

MEDIA = (Picture, Pictures, Mask, File)
IMAGE_FORMATS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"]


def build(parameter: Parameter, picture: Any = None) -> gr.components.Component:
    """The control of one parameter, holding its default (of a picture or file: `picture`)."""
    if isinstance(parameter.knob, Picture):
        return _picture(parameter, picture)
    if isinstance(parameter.knob, File):
        return _file(parameter, parameter.knob, picture)
    for kind, make in MAKERS.items():
        if isinstance(parameter.knob, kind):
            return make(parameter, parameter.knob)
    raise TypeError(f"{parameter.name} has a knob without a control: {parameter.knob!r}")


def _shared(parameter: Parameter) -> dict[str, Any]:
    return {"label": parameter.label, "info": parameter.knob.help or None, "interactive": True}


def _range(parameter: Parameter, knob: Range) -> gr.components.Component:
    if parameter.default is None:  # Gradio's number control turns empty into 0
        return gr.Textbox("", placeholder="automatic", max_lines=1, **_shared(parameter))
    value: float = to_form(parameter, parameter.default)
    step = knob.step or (1 if knob.whole else None)
    if knob.whole and knob.high - knob.low > 10_000:
        bounds: dict[str, Any] = {"minimum": knob.low, "maximum": knob.high}
        return gr.Number(value, precision=0, step=step or 1, **bounds, **_shared(parameter))
    if knob.log:
        return _wide(parameter, knob)
    return gr.Slider(knob.low, knob.high, value, step=step, **_shared(parameter))


def _wide(parameter: Parameter, knob: Range) -> gr.components.Component:
    """A number over several powers of ten: round ones to choose, any other to type."""
    powers = range(math.floor(math.log10(knob.low)), math.ceil(math.log10(knob.high)) + 1)
    numbers = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    within = [number for number in numbers if knob.low < number < knob.high]
    shared = _shared(parameter)
    shared["info"] = f"{knob.help}; from {knob.low:g} to {knob.high:g}".lstrip("; ")
    return gr.Dropdown(
        [f"{number:g}" for number in (knob.low, *within, knob.high)],
        value=to_form(parameter, parameter.default),
        allow_custom_value=True,
        **shared,
    )


def _choice(parameter: Parameter, knob: Choice) -> gr.components.Component:
    choices: list[Any] = list(knob.options)
    if parameter.default is None:
        choices = [("automatic", ""), *choices]
    value = to_form(parameter, parameter.default)
    if len(choices) <= 4:
        return gr.Radio(choices, value=value, **_shared(parameter))
    return gr.Dropdown(choices, value=value, filterable=len(choices) > 10, **_shared(parameter))


def _choices(parameter: Parameter, knob: Choices) -> gr.components.Component:
    value = to_form(parameter, parameter.default)
    return gr.Dropdown(list(knob.options), value=value, multiselect=True, **_shared(parameter))


def _names(parameter: Parameter, knob: Any) -> gr.components.Component:
    known = knob.options if isinstance(knob, NameChoice) else _listed(parameter.default)
    several = isinstance(knob, LayerChoice) and knob.several
    return gr.Dropdown(
        list(known),
        value=to_form(parameter, parameter.default),
        allow_custom_value=True,
        multiselect=several,
        **_shared(parameter),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _class(parameter: Parameter, knob: ClassChoice) -> gr.components.Component:
    value = to_form(parameter, parameter.default)
    return gr.Dropdown(
        list(knob.options),
        value=value,
        allow_custom_value=True,
        filterable=True,
        **_shared(parameter),
    )


def _text(parameter: Parameter, knob: Text) -> gr.components.Component:
    value = to_form(parameter, parameter.default)
    return gr.Textbox(value, placeholder=knob.placeholder, **_shared(parameter))


def _flag(parameter: Parameter, knob: Flag) -> gr.components.Component:
    return gr.Checkbox(bool(parameter.default), **_shared(parameter))


def _picture(parameter: Parameter, value: Any) -> gr.components.Component:
    return picture_input(
        value=None if value is None else str(value),
        label=parameter.label,
        sources=["upload", "webcam", "clipboard"],
        height=260,
        elem_classes=["ph-input"],
    )


def _pictures(parameter: Parameter, knob: Pictures) -> gr.components.Component:
    label = f"{parameter.label} (at most {knob.most})"
    return _files(label=label, file_count="multiple", file_types=IMAGE_FORMATS, height=140)


def _mask(parameter: Parameter, knob: Mask) -> gr.components.Component:
    paint: list[str | tuple[str, float]] = [("#ff9d5c", OPACITY)]
    brush = gr.Brush(default_size="auto", colors=paint, color_mode="fixed")
    control: gr.components.Component = BrushInput(
        label=parameter.label,
        type="pil",
        image_mode="RGBA",
        sources=[],
        transforms=[],
        brush=brush,
        layers=False,
        height=320,
    )
    return control


def _files(**options: Any) -> gr.components.Component:
    control: gr.components.Component = FileInput(**options)
    return control


def _file(parameter: Parameter, knob: File, path: Any = None) -> gr.components.Component:
    value = None if path is None else str(path)
    types = list(knob.suffixes) or None
    return _files(value=value, label=parameter.label, file_types=types, height=140)


def _point(parameter: Parameter, knob: Point) -> gr.components.Component:
    shared = _shared(parameter)
    shared["info"] = "; ".join(part for part in (knob.help, "click on the picture") if part)
    value = to_form(parameter, parameter.default)
    return gr.Textbox(value, placeholder="0.5, 0.5", max_lines=1, **shared)


def _numbers(parameter: Parameter, knob: Numbers) -> gr.components.Component:
    control: gr.components.Component = NumberRow(
        to_form(parameter, parameter.default),
        label=parameter.label,
        show_label=True,
        container=True,
        html_template='<div class="ph-number-row"></div>',
        js_on_load=script("number_row"),
        low=knob.low,
        high=knob.high,
        step=(knob.high - knob.low) / 200,
    )
    return control


def _brush(parameter: Parameter, knob: BrushChoice) -> gr.components.Component:
    control: gr.components.Component = BrushShelf(
        to_form(parameter, parameter.default),
        label=parameter.label,
        show_label=True,
        container=True,
        html_template='<div class="ph-shelf"></div>',
        js_on_load=script("shelf"),
        offered=[list(pair) for pair in knob.options],
        about=knob.help,
    )
    return control


MAKERS: dict[type[Knob], Callable[..., gr.components.Component]] = {
    Range: _range,
    Choice: _choice,
    Choices: _choices,
    NetworkChoice: _names,
    AutoencoderChoice: _names,
    LayerChoice: _names,
    Flag: _flag,
    ClassChoice: _class,
    BrushChoice: _brush,
    Text: _text,
    Point: _point,
    Numbers: _numbers,
    Pictures: _pictures,
    Mask: _mask,
}


def to_form(parameter: Parameter, value: Any) -> Any:
    """A parameter's value as its control shows it."""
    knob = parameter.knob
    if isinstance(knob, Range):
        return _number_to_form(parameter, knob, value)
    if isinstance(knob, Numbers):
        return list(value or (0.0,) * knob.count)
    if isinstance(knob, Point):
        return ", ".join(f"{share:g}" for share in value or ())
    if isinstance(knob, (Choice, Text, NameChoice)) and value is None:
        return ""
    if isinstance(knob, Choices) or (isinstance(knob, LayerChoice) and knob.several):
        return list(_listed(value))
    return value


def _number_to_form(parameter: Parameter, knob: Range, value: Any) -> Any:
    if parameter.default is None:
        return "" if value is None else str(value)
    return f"{value:.10g}" if knob.log else value


def from_form(parameter: Parameter, value: Any) -> Any:
    """A control's value as the method wants it; blank is None where the default is None."""
    knob = parameter.knob
    if isinstance(knob, Mask):
        return painted(value)
    if isinstance(knob, Range) and knob.log and parameter.default is not None:
        with suppress(TypeError, ValueError):
            return float(value)
        return value
    if parameter.default is None and (value is None or value in ("", [])):
        return None
    if isinstance(knob, (Choices, Pictures)):
        rows = [str(item) for item in value or []]
        return tuple(rows) if isinstance(knob, Choices) else rows or parameter.default
    return str(value) if isinstance(knob, File) and value else value


def api_input(parameter: Parameter) -> gr.components.Component:
    """The same parameter for programs: files as files, everything else raw for `knobs.check`."""
    knob, label = parameter.knob, parameter.label
    if isinstance(knob, (Picture, Mask)):
        return picture_input(label=label, visible=False)
    if isinstance(knob, (Pictures, File)):
        several = isinstance(knob, Pictures)
        return _files(label=label, file_count="multiple" if several else "single", visible=False)
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    return Api(list(default) if isinstance(default, tuple) else default, schema(knob), label)


def schema(knob: Knob) -> dict[str, Any]:
    """A knob as JSON schema, for API pages and agents."""
    shape: dict[str, Any] = {"type": "string"}
    if isinstance(knob, Range):
        kind = "integer" if knob.whole else "number"
        shape = {"type": kind, "minimum": knob.low, "maximum": knob.high}
    elif isinstance(knob, Choice):
        shape = {"type": "string", "enum": list(knob.options)}
    elif isinstance(knob, Choices):
        shape = {"type": "array", "items": {"type": "string", "enum": list(knob.options)}}
    elif isinstance(knob, Flag):
        shape = {"type": "boolean"}
    elif isinstance(knob, (Numbers, Point)):
        shape = {"type": "array", "items": {"type": "number"}}
    elif isinstance(knob, LayerChoice) and knob.several:
        shape = {"type": "array", "items": {"type": "string"}}
    return {**shape, "description": knob.help}
