"""Permalinks: the knobs that are not at their default, and the example, in the page's address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from phosphene.errors import InputError
from phosphene.knobs import Parameter
from phosphene.ui.controls import MEDIA


def link(
    parameters: Sequence[Parameter],
    arguments: Mapping[str, Any],
    *,
    tab: str = "",
    example: str = "",
) -> str:
    """The query string that `restore` reads back: only what differs from the defaults."""
    pairs = [("tab", tab)] * bool(tab) + [("example", example)] * bool(example)
    for parameter in parameters:
        value = arguments.get(parameter.name)
        if isinstance(parameter.knob, MEDIA) or value == parameter.default:
            continue
        pairs.append((parameter.name, value if isinstance(value, str) else json.dumps(value)))
    return "?" + urlencode(pairs) if pairs else "?"


def restore(
    parameters: Sequence[Parameter], query: str, check: Callable[[str, Any], Any] | None = None
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """A query string -> (values by name, tab and example, one line per value it cannot use)."""
    known = {p.name: p for p in parameters if not isinstance(p.knob, MEDIA)}
    values: dict[str, Any] = {}
    others: dict[str, str] = {}
    notices: list[str] = []
    for name, text in parse_qsl(str(query).lstrip("?")[:8000]):
        if name not in known:
            others[name] = text
            continue
        parameter = known[name]
        try:
            values[name] = parameter.knob.check(name, _parsed(parameter, text))
        except InputError as error:
            notices.append(f"The link could not be used in full: {error}")
    return values, others, notices


def _parsed(parameter: Parameter, text: str) -> Any:
    """Text stays text where the knob takes text; numbers, flags and lists are JSON."""
    if isinstance(parameter.default, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
