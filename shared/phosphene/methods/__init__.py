"""One folder per family of papers; every public method is a generator of frames."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ParamSpec

from phosphene.errors import unknown
from phosphene.frame import Frame
from phosphene.knobs import Checked, Parameter, check, parameters
from phosphene.networks.loading import recorded
from phosphene.networks.weights import Source

P = ParamSpec("P")

METHODS: dict[str, Callable[..., Iterator[Frame]]] = {}
DEVICE = "Where to compute, such as cpu or cuda; default: the fastest there is."


def method(function: Callable[P, Iterator[Frame]]) -> Callable[P, Iterator[Frame]]:
    """Make a generator function a public method: checked arguments, frames with a recipe.

    Its docstring says what each parameter means, from the same declarations.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Iterator[Frame]:
        return start(run, signature.bind_partial(*args, **kwargs).arguments)

    run.__doc__ = describe(function)
    METHODS[function.__name__] = run
    return run


def start(method: Callable[..., Iterator[Frame]], arguments: Mapping[str, Any]) -> Iterator[Frame]:
    """The frames of a public method; what `knobs.check` returned is not checked again."""
    return _frames(inspect.unwrap(method), check(method, arguments))


def _frames(function: Callable[..., Any], arguments: Checked) -> Iterator[Frame]:
    recipe = {"method": function.__name__, "arguments": dict(arguments)}
    sources: list[Source] = []
    frames = function(**arguments)
    try:
        while True:
            with recorded(sources):
                frame = next(frames, None)
            if frame is None:
                return
            weights = [source.credit for source in sources]
            yield replace(frame, recipe={**recipe, "weights": weights, **frame.recipe})
    finally:
        frames.close()


def repeat(recipe: Mapping[str, Any]) -> Iterator[Frame]:
    """Run a frame's recipe again: the same picture, on the same device bit for bit."""
    name = recipe.get("method")
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    return METHODS[name](**recipe["arguments"])


def describe(method: Callable[..., Any]) -> str:
    """A method's docstring with a line for each parameter: meaning, range, default."""
    declared = {parameter.name: parameter for parameter in parameters(method)}
    lines = (
        f"    {name}: {meaning(declared[name]) if name in declared else DEVICE}"
        for name in inspect.signature(method).parameters
    )
    about = inspect.getdoc(inspect.unwrap(method)) or method.__name__
    return "\n".join([about, "", "Args:", *lines])


def meaning(parameter: Parameter) -> str:
    """What a parameter means, what it accepts and its default, in one line."""
    knob = parameter.knob
    about = f"{parameter.label} ({knob.help})" if knob.help else parameter.label
    default = "" if parameter.required or parameter.default is None else str(parameter.default)
    if isinstance(parameter.default, tuple):
        default = ", ".join(map(str, parameter.default))
    parts = [knob.accepts, f"default: {default}" if default else ""]
    told = "; ".join(part for part in parts if part)
    return f"{about}: {told}." if told else f"{about}."
