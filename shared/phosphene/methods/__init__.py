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
from phosphene.networks.loading import recorded
from phosphene.networks.weights import Source

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
        sources: list[Source] = []
        frames: Any = untyped(**arguments)
        try:
            while True:
                with recorded(sources):
                    frame = next(frames, None)
                if frame is None:
                    return
                weights = [source.badge for source in sources]
                yield replace(frame, recipe={**recipe, "weights": weights, **frame.recipe})
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
