"""One declaration per parameter: it feeds the slider, the check, the docs and the permalink.

A method declares its parameters once, as annotations:

    def dream(image: Annotated[ImageLike, Picture("Your picture")], *,
              steps: Annotated[int, Range(1, 200, label="Steps")] = 10) -> Iterator[Frame]: ...
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from phosphene.errors import InputError, unknown


@dataclass(frozen=True, kw_only=True)
class Knob:
    """What every parameter may say: a label, a line of help, and whether it is for experts.

    `quick` is a value that makes a run short, where the default makes a good one.
    """

    label: str = ""
    help: str = ""
    advanced: bool = False
    quick: Any = None

    def check(self, name: str, value: Any) -> Any:
        """The value, coerced to its type; InputError where it does not fit."""
        return value


@dataclass(frozen=True)
class Range(Knob):
    """A number from `low` to `high`; whole where both ends and the step are whole numbers."""

    low: float
    high: float
    step: float = 0
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether the parameter counts something."""
        return all(isinstance(value, int) for value in (self.low, self.high, self.step))

    def check(self, name: str, value: Any) -> float:
        """A number within the bounds."""
        kind = "a whole number" if self.whole else "a number"
        remedy = f"choose {kind} from {self.low:g} to {self.high:g}"
        try:
            if isinstance(value, (bool, str)) and not str(value).strip("-+.e0123456789") == "":
                raise ValueError
            number = float(value)
            if not math.isfinite(number) or (self.whole and number != int(number)):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{name} is {value!r}; {remedy}") from None
        if not self.low <= number <= self.high:
            raise InputError(f"{name} is {number:g}; {remedy}")
        return int(number) if self.whole else number


@dataclass(frozen=True)
class Choice(Knob):
    """One of a fixed list of names."""

    options: tuple[str, ...]

    def check(self, name: str, value: Any) -> str:
        """One of the options."""
        if value not in self.options:
            raise unknown(name, value, self.options)
        return str(value)


@dataclass(frozen=True)
class Flag(Knob):
    """On or off."""

    def check(self, name: str, value: Any) -> bool:
        """A boolean."""
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise InputError(f"{name} is {value!r}; choose true or false")
        return bool(value)


@dataclass(frozen=True)
class Text(Knob):
    """A short line of text, checked by the method itself."""

    placeholder: str = ""
    longest: int = 2000

    def check(self, name: str, value: Any) -> str:
        """A string of at most `longest` characters."""
        if not isinstance(value, str):
            raise InputError(f"{name} is {value!r}; write it as text")
        if len(value) > self.longest:
            raise InputError(f"{name} has {len(value)} characters; at most {self.longest} fit")
        return value.strip()


@dataclass(frozen=True)
class ClassChoice(Text):
    """A class by name or number, or what else the method reads; the page offers `options`."""

    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkChoice(Knob):
    """A network by name: an embedded one, or any of timm's on the Hub as timm/NAME.

    The page offers `options` and lets a person type another name.
    """

    options: tuple[str, ...]

    def check(self, name: str, value: Any) -> str:
        """A non-empty name; whether it exists is found out on loading it."""
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{name} is {value!r}; name a network, such as {self.options[0]}")
        return value.strip()


@dataclass(frozen=True)
class LayerChoice(Knob):
    """A layer of the network chosen by the parameter named `network`; the page lists them."""

    network: str = "network"
    several: bool = False

    def check(self, name: str, value: Any) -> str | tuple[str, ...]:
        """A layer's name (a tuple of names where several are allowed)."""
        if not self.several:
            if not isinstance(value, str):
                raise InputError(f"{name} is {value!r}; name one layer of the network")
            return value.strip()
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise InputError(f"{name} is {value!r}; name layers of the network")
        return tuple(names)


@dataclass(frozen=True)
class Picture(Knob):
    """A picture; optional where its default is None. Read by `images.load` in the method."""


@dataclass(frozen=True)
class Mask(Knob):
    """A painted region of the picture in the parameter named `of`; None means everywhere.

    A mask is any ImageLike; white (or painted) is inside. The page offers a brush on `of`.
    """

    of: str = "image"


@dataclass(frozen=True)
class Pictures(Knob):
    """Several pictures, as a list of ImageLike of at most `most` items."""

    most: int = 4


@dataclass(frozen=True)
class File(Knob):
    """A path to an uploaded file that is not a picture, of one of the suffixes named."""

    suffixes: tuple[str, ...] = ()


Seed: TypeAlias = Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True)]
"""What every method that draws at random takes."""


@dataclass(frozen=True)
class Parameter:
    """A method's parameter: its name, default (`inspect.Parameter.empty` if required), knob."""

    name: str
    default: Any
    knob: Knob

    @property
    def label(self) -> str:
        """The knob's label, or the name made readable."""
        return self.knob.label or self.name.replace("_", " ").capitalize()


def _knob(hint: Any) -> Knob | None:
    """The knob in an annotation; Python 3.10 hides it in an Optional where the default is None."""
    for part in (hint, *get_args(hint)):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, Knob):
                return extra
    return None


@cache
def parameters(method: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a method that carry a knob, in order of declaration."""
    hints = get_type_hints(inspect.unwrap(method), include_extras=True)
    declared = inspect.signature(method).parameters
    return tuple(
        Parameter(name, declared[name].default, knob)
        for name, hint in hints.items()
        if name in declared and (knob := _knob(hint))
    )


def check(method: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Every argument checked and every default filled in; InputError for the first that fails."""
    known = inspect.signature(method).parameters
    for name in arguments:
        if name not in known:
            raise unknown("parameter", name, known)
    return dict(_checked(method, arguments))


def _checked(method: Callable[..., Any], arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    knobs = {parameter.name: parameter.knob for parameter in parameters(method)}
    for name, declared in inspect.signature(method).parameters.items():
        value = arguments.get(name, declared.default)
        if value is inspect.Parameter.empty or (value is None and declared.default is not None):
            label = knobs[name].label if name in knobs else ""
            raise InputError(f"{label or name} is missing; choose one first")
        if value is not None and name in knobs:
            value = knobs[name].check(name, value)
        yield name, value
