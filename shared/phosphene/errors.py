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


def unknown(kind: str, value: object, known: Iterable[str]) -> InputError:
    """An InputError for a name that does not exist, offering the nearest ones that do."""
    names = [str(name) for name in known]
    near = get_close_matches(str(value), names, n=3, cutoff=0.4) or names[:5]
    return InputError(f"unknown {kind} {str(value)!r}; did you mean {', '.join(near)}?")
