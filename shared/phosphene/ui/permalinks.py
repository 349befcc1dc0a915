"""Permalinks: the knobs that are not at their default, and the example, in the page's address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from phosphene.errors import InputError
from phosphene.knobs import Parameter, Picture
from phosphene.ui import uploads
from phosphene.ui.controls import MEDIA
from phosphene.ui.form import Form
from phosphene.ui.tab import example_name

QUERY = "() => [window.location.search]"
LONGEST = 16_000
"""Characters of a query that are read; a brush with last layers of its own has 12,200."""


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
    for name, text in parse_qsl(str(query).lstrip("?")[:LONGEST]):
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


def link_of(form: Form, values: Sequence[Any], tab: str) -> str:
    """The query string of a form's settings, with the example that one of its pictures is."""
    arguments = form.arguments(values)
    pictures = [p.name for p in form.tab.parameters if isinstance(p.knob, Picture)]
    given = {digest(arguments.get(name)) for name in pictures} - {""}
    names = [
        example_name(example)
        for example in form.tab.examples
        if given & {digest(example.get(name)) for name in pictures}
    ]
    return link(form.tab.parameters, arguments, tab=tab, example=(names or [""])[0])


def values_of(form: Form, query: str, tab: str, first: bool) -> tuple[dict[str, Any], list[str]]:
    """What a query string sets in a form, and one line per value that it cannot use.

    A link to another tab sets nothing here; a link that names none is for the `first`.
    """
    values, others, notices = restore(form.tab.parameters, query or "")
    if tab and others.get("tab", tab if first else "") != tab:
        return {}, []
    examples = {example_name(example): example for example in form.tab.examples}
    name = others.get("example", "")
    if name and name not in examples:
        notices.append(f"The link names an example that is not here: {name[:80]}")
    return dict(examples.get(name, {})) | values, notices


def chosen_tab(query: str, names: Sequence[str]) -> str:
    """The tab that a permalink names, or the first."""
    tab = restore((), query or "")[1].get("tab", "")
    return tab if tab in names else names[0]


def digest(value: Any) -> str:
    """The SHA-256 of a picture that was uploaded here or comes with the page, "" for anything else.

    A text that happens to be the path of some other file of this machine opens none.
    """
    if not isinstance(value, (str, Path)) or not Path(value).suffix:
        return ""
    known = uploads.uploaded(str(value)) or uploads.of_the_page(str(value))
    return hashlib.sha256(Path(known).read_bytes()).hexdigest() if known else ""
