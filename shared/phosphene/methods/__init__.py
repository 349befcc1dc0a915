"""One file per family of papers; every public method is a generator of frames."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ParamSpec

from phosphene.errors import unknown
from phosphene.frame import Frame
from phosphene.knobs import check

P = ParamSpec("P")

METHODS: dict[str, Callable[..., Iterator[Frame]]] = {}


def method(function: Callable[P, Iterator[Frame]]) -> Callable[P, Iterator[Frame]]:
    """Make a generator function a public method: arguments checked, frames with a recipe."""
    signature = inspect.signature(function)
    untyped: Callable[..., Any] = function

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Iterator[Frame]:
        arguments = check(function, signature.bind_partial(*args, **kwargs).arguments)
        recipe = {"method": function.__name__, "arguments": arguments}
        frames: Any = untyped(**arguments)
        try:
            for frame in frames:
                yield replace(frame, recipe={**recipe, **frame.recipe})
        finally:
            frames.close()

    METHODS[function.__name__] = run
    return run


def repeat(recipe: Mapping[str, Any]) -> Iterator[Frame]:
    """Run a frame's recipe again: the same picture, on the same device bit for bit."""
    name = recipe.get("method")
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    return METHODS[name](**recipe["arguments"])
