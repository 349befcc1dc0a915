"""Two errors, written for the person who reads them: the value, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PhospheneError(Exception):
    """Anything a person can mend; its text is one sentence fit for a page."""


class InputError(PhospheneError, ValueError):
    """A picture or a parameter that cannot be used; names the value and the remedy."""


class WeightsError(PhospheneError, RuntimeError):
    """Weights that cannot be had or trusted; names the file and the remedy."""


LONGEST = 60
"""Characters of somebody's value that a message repeats."""


def quoted(value: object) -> str:
    """A value as a message repeats it: as Python writes it, cut where it is long."""
    text = repr(value[: 2 * LONGEST] if isinstance(value, (str, bytes, list, tuple)) else value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def unknown(kind: str, value: object, known: Iterable[str]) -> InputError:
    """An InputError for a name that does not exist, offering the nearest ones that do."""
    names = [str(name) for name in known]
    near = nearest(str(value)[: 2 * LONGEST], names) or names[:5]
    return InputError(f"unknown {kind} {quoted(str(value))}; did you mean {', '.join(near)}?")


def nearest(value: str, names: list[str], count: int = 3) -> list[str]:
    """The names most like `value`: as wholes first, then by one of their words."""
    wholes = {name.lower(): name for name in names}
    words = {word: name for name in names for word in name.lower().split()}
    matches = [
        lookup[match]
        for lookup, cutoff in ((wholes, 0.7), (words, 0.8), (wholes, 0.4))
        for match in get_close_matches(value.lower(), lookup, n=count, cutoff=cutoff)
    ]
    return list(dict.fromkeys(matches))[:count]
