"""Knobs to controls and back: one control per parameter, its value as the method wants it."""

from __future__ import annotations

import inspect
import math
from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from gradio import utils as gradio_utils
from gradio.components.api_component import Api
from PIL import Image

from phosphene.knobs import (
    Choice,
    ClassChoice,
    File,
    Flag,
    Knob,
    Mask,
    NetworkChoice,
    Parameter,
    Picture,
    Pictures,
    Range,
    TapChoice,
    Text,
)

MEDIA = (Picture, Pictures, Mask, File)
IMAGE_FORMATS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"]


def safe_path(payload: Any) -> str:
    """The path of an upload or an example; a data URL or any other file is refused.

    Data URLs would slip past the upload limit, and a bare path past Gradio's own check.
    """
    path, url = getattr(payload, "path", None), getattr(payload, "url", None) or ""
    folder = gradio_utils.get_upload_folder()
    if not path or url.startswith("data:"):
        raise gr.Error("Upload the picture as a file.", print_exception=False)
    if not (gradio_utils.is_in_or_equal(path, folder) or gradio_utils.is_static_file(str(path))):
        raise gr.Error("Upload the picture as a file.", print_exception=False)
    return str(path)


def _as_uploaded(control: gr.Image, payload: Any) -> str | None:
    return None if payload is None else safe_path(payload)


# Gradio's metaclass writes a .pyi file beside every subclass; made this way, it does not.
PictureInput: Any = ABCMeta.__new__(
    type(gr.Image),
    "PictureInput",
    (gr.Image,),
    {"__module__": __name__, "is_template": True, "preprocess": _as_uploaded},
)
"""An image control that hands over the file as it came: `images.load` opens it once."""


def picture_input(**options: Any) -> gr.components.Component:
    """A `PictureInput` that keeps the file's own format."""
    control: gr.components.Component = PictureInput(type="filepath", image_mode=None, **options)
    return control


def build(parameter: Parameter, picture: Any = None) -> gr.components.Component:
    """The control of one parameter, holding its default (a picture control: `picture`)."""
    if isinstance(parameter.knob, Picture):
        return _picture(parameter, picture)
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
        shared = _shared(parameter)
        shared["info"] = f"{knob.help}; power of ten".lstrip("; ")
        return gr.Slider(math.log10(knob.low), math.log10(knob.high), value, step=0.05, **shared)
    return gr.Slider(knob.low, knob.high, value, step=step, **_shared(parameter))


def _choice(parameter: Parameter, knob: Choice) -> gr.components.Component:
    choices: list[Any] = list(knob.options)
    if parameter.default is None:
        choices = [("automatic", ""), *choices]
    value = to_form(parameter, parameter.default)
    if len(choices) <= 4:
        return gr.Radio(choices, value=value, **_shared(parameter))
    return gr.Dropdown(choices, value=value, filterable=len(choices) > 10, **_shared(parameter))


def _names(parameter: Parameter, knob: Any) -> gr.components.Component:
    known = knob.options if isinstance(knob, NetworkChoice) else _listed(parameter.default)
    several = isinstance(knob, TapChoice) and knob.several
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
        sources=["upload", "clipboard"],
        height=260,
        elem_classes=["ph-input"],
    )


def _pictures(parameter: Parameter, knob: Pictures) -> gr.components.Component:
    label = f"{parameter.label} (at most {knob.most})"
    return gr.File(label=label, file_count="multiple", file_types=IMAGE_FORMATS, height=140)


def _mask(parameter: Parameter, knob: Mask) -> gr.components.Component:
    brush = gr.Brush(default_size="auto", colors=["#ffffff"], color_mode="fixed")
    return gr.ImageEditor(
        label=parameter.label,
        type="pil",
        image_mode="RGBA",
        sources=[],
        transforms=[],
        brush=brush,
        layers=False,
        height=320,
    )


def _file(parameter: Parameter, knob: File) -> gr.components.Component:
    return gr.File(label=parameter.label, file_types=list(knob.suffixes) or None, height=140)


MAKERS: dict[type[Knob], Callable[..., gr.components.Component]] = {
    Range: _range,
    Choice: _choice,
    NetworkChoice: _names,
    TapChoice: _names,
    Flag: _flag,
    ClassChoice: _class,
    Text: _text,
    Pictures: _pictures,
    Mask: _mask,
    File: _file,
}


def to_form(parameter: Parameter, value: Any) -> Any:
    """A parameter's value as its control shows it."""
    knob = parameter.knob
    if isinstance(knob, Range):
        if parameter.default is None:
            return "" if value is None else str(value)
        return round(math.log10(value), 2) if knob.log and value > 0 else value
    if isinstance(knob, (Choice, Text, NetworkChoice)) and value is None:
        return ""
    if isinstance(knob, TapChoice) and knob.several:
        return list(_listed(value))
    return value


def from_form(parameter: Parameter, value: Any) -> Any:
    """A control's value as the method wants it; blank is None where the default is None."""
    knob = parameter.knob
    if isinstance(knob, Mask):
        return painted(value)
    if isinstance(knob, Range) and knob.log and parameter.default is not None:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(f"{10.0**value:.3g}")
            return min(max(number, knob.low), knob.high)
        return value
    if parameter.default is None and (value is None or value in ("", [])):
        return None
    if isinstance(knob, Pictures):
        return [str(path) for path in value or []] or parameter.default
    return str(value) if isinstance(knob, File) and value else value


def painted(value: Any) -> Image.Image | None:
    """What the brush painted, white inside (L); None where nothing is painted."""
    layers = value.get("layers", []) if isinstance(value, dict) else []
    alphas = [np.asarray(layer.convert("RGBA"))[..., 3] for layer in layers if layer]
    if not alphas or not any(alpha.any() for alpha in alphas):
        return None
    return Image.fromarray(np.maximum.reduce(alphas))


def api_input(parameter: Parameter) -> gr.components.Component:
    """The same parameter for programs: files as files, everything else raw for `knobs.check`."""
    knob, label = parameter.knob, parameter.label
    if isinstance(knob, (Picture, Mask)):
        return picture_input(label=label, visible=False)
    if isinstance(knob, (Pictures, File)):
        several = isinstance(knob, Pictures)
        return gr.File(label=label, file_count="multiple" if several else "single", visible=False)
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    return Api(list(default) if isinstance(default, tuple) else default, schema(knob), label)


def schema(knob: Knob) -> dict[str, Any]:
    """A knob as JSON schema, for API pages and agents."""
    if isinstance(knob, Range):
        kind = "integer" if knob.whole else "number"
        return {"type": kind, "minimum": knob.low, "maximum": knob.high, "description": knob.help}
    if isinstance(knob, Choice):
        return {"type": "string", "enum": list(knob.options), "description": knob.help}
    if isinstance(knob, Flag):
        return {"type": "boolean", "description": knob.help}
    if isinstance(knob, TapChoice) and knob.several:
        return {"type": "array", "items": {"type": "string"}, "description": knob.help}
    return {"type": "string", "description": knob.help}
