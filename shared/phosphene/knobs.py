"""One declaration per parameter: it feeds the slider, the check, the docs and the permalink.

A method declares its parameters once, as annotations:

    def dream(image: Annotated[ImageLike, Picture("Your picture")], *,
              steps: Annotated[int, Range(1, 200, label="Steps")] = 10) -> Iterator[Frame]: ...
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, TypeAlias, get_args, get_type_hints

from phosphene.errors import InputError, quoted, unknown


@dataclass(frozen=True, kw_only=True)
class Knob:
    """What every parameter may say: a label, a line of help, and whether it is for experts.

    `quick` is a value that makes a run short, where the default makes a good one; the knobs of one
    `group` stand together.
    """

    label: str = ""
    help: str = ""
    advanced: bool = False
    quick: Any = None
    group: str = ""

    @property
    def accepts(self) -> str:
        """What values it takes, in words."""
        return ""

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

    @property
    def accepts(self) -> str:
        """The kind of number and its bounds."""
        low, high = (f"{end}" if self.whole else f"{end:g}" for end in (self.low, self.high))
        return f"a {'whole ' * self.whole}number from {low} to {high}"

    def check(self, name: str, value: Any) -> float:
        """A number within the bounds."""
        try:
            number = _number(value)
            if self.whole and number != int(number):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{name} is {quoted(value)}; choose {self.accepts}") from None
        if not self.low <= number <= self.high:
            raise InputError(f"{name} is {number:g}; choose {self.accepts}")
        return int(number) if self.whole else number


_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)


def _number(value: Any) -> float:
    """A finite number, or its decimal digits as text; ValueError or TypeError otherwise."""
    written = not isinstance(value, str) or _DECIMAL.fullmatch(value.strip())
    number = float(value)
    if isinstance(value, bool) or not written or not math.isfinite(number):
        raise ValueError
    return number


@dataclass(frozen=True)
class Numbers(Knob):
    """`count` numbers in a row, each from `low` to `high`; fewer too where `exact` is false."""

    count: int
    low: float
    high: float
    exact: bool = True

    @property
    def accepts(self) -> str:
        """How many numbers, and their bounds."""
        many = f"{'' if self.exact else 'up to '}{self.count} numbers"
        return f"{many} from {self.low:g} to {self.high:g}, separated by commas"

    def check(self, name: str, value: Any) -> tuple[float, ...]:
        """A tuple of numbers within the bounds, from any row of numbers."""
        try:
            numbers = _row(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{name} is {quoted(value)}; give {self.accepts}") from None
        if len(numbers) > self.count or (self.exact and len(numbers) < self.count):
            raise InputError(f"{name} has {len(numbers)} numbers; give {self.accepts}")
        for place, number in enumerate(numbers, 1):
            if not self.low <= number <= self.high:
                raise InputError(f"number {place} of {name} is {number:g}; give {self.accepts}")
        return numbers


def _row(value: Any) -> tuple[float, ...]:
    items = [text for text in value.split(",") if text.strip()] if isinstance(value, str) else value
    return tuple(_number(item) for item in items)


@dataclass(frozen=True)
class Point(Knob):
    """A place on the picture in the parameter named `of`: shares (x, y) from the top left."""

    of: str = "image"

    @property
    def accepts(self) -> str:
        """Two shares."""
        return "x, y as shares from 0 (left, top) to 1 (right, bottom)"

    def check(self, name: str, value: Any) -> tuple[float, float]:
        """Two numbers in [0, 1]."""
        try:
            x, y = _row(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{name} is {quoted(value)}; give {self.accepts}") from None
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise InputError(f"{name} is ({x:g}, {y:g}); give {self.accepts}")
        return x, y


@dataclass(frozen=True)
class Choice(Knob):
    """One of a fixed list of names."""

    options: tuple[str, ...]

    @property
    def accepts(self) -> str:
        """The options."""
        return f"one of {', '.join(self.options)}"

    def check(self, name: str, value: Any) -> str:
        """One of the options."""
        if not isinstance(value, str) or value not in self.options:
            raise unknown(name, value, self.options)
        return value


@dataclass(frozen=True)
class Choices(Knob):
    """One or more of a fixed list of names, in the order chosen."""

    options: tuple[str, ...]

    @property
    def accepts(self) -> str:
        """The options."""
        return f"some of {', '.join(self.options)}, separated by commas"

    def check(self, name: str, value: Any) -> tuple[str, ...]:
        """A tuple of options, each once, from names in a row or text by its commas."""
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise InputError(f"{name} is {quoted(value)}; choose {self.accepts}")
        chosen = tuple(dict.fromkeys(n.strip() for n in names if n.strip()))
        for item in chosen:
            if item not in self.options:
                raise unknown(name, item, self.options)
        if not chosen:
            raise InputError(f"{name} is empty; choose {self.accepts}")
        return chosen


@dataclass(frozen=True)
class Flag(Knob):
    """On or off."""

    @property
    def accepts(self) -> str:
        """The two values."""
        return "true or false"

    def check(self, name: str, value: Any) -> bool:
        """A boolean."""
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise InputError(f"{name} is {quoted(value)}; choose {self.accepts}")
        return bool(value)


LONGEST = 2000
"""Characters of a text at most."""


def _short(name: str, text: str, longest: int = LONGEST) -> str:
    """The text; InputError where it is too long to be read."""
    if len(text) > longest:
        raise InputError(f"{name} has {len(text)} characters; at most {longest} fit")
    return text


@dataclass(frozen=True)
class Text(Knob):
    """A short line of text, checked by the method itself.

    `other(name, value)` checks what a program may pass in its place.
    """

    placeholder: str = ""
    longest: int = LONGEST
    other: Callable[[str, Any], Any] | None = None

    @property
    def accepts(self) -> str:
        """An example, where there is one."""
        return f"such as {self.placeholder}" if self.placeholder else ""

    def check(self, name: str, value: Any) -> Any:
        """A string of at most `longest` characters, or what else may stand there."""
        if self.other and not isinstance(value, str):
            return self.other(name, value)
        if not isinstance(value, str):
            raise InputError(f"{name} is {quoted(value)}; write it as text")
        return _short(name, value, self.longest).strip()


@dataclass(frozen=True)
class ClassChoice(Text):
    """A class by name or number, or what else the method reads; the page offers `options`.

    It may also offer the classes of the network chosen by the parameter named `network`.
    """

    options: tuple[str, ...] = ()
    network: str = "network"


@dataclass(frozen=True)
class BrushChoice(Text):
    """A taught brush as its text; the page offers `options` (name, text), a shelf and files."""

    options: tuple[tuple[str, str], ...] = ()
    longest: int = 40_000

    @property
    def accepts(self) -> str:
        """The text of a file."""
        return "the text of a .brush file"


@dataclass(frozen=True)
class NameChoice(Knob):
    """One of `options` by name, or another that the page lets a person type."""

    options: tuple[str, ...]
    kind: ClassVar[str]
    others: ClassVar[str]

    @property
    def accepts(self) -> str:
        """Those offered, and what else there is."""
        return f"{', '.join(self.options)}, or {self.others}"

    def check(self, name: str, value: Any) -> str:
        """A non-empty name; whether it exists is found out on loading it."""
        if not isinstance(value, str) or not value.strip():
            raise InputError(
                f"{name} is {quoted(value)}; name {self.kind}, such as {self.options[0]}"
            )
        return _short(name, value).strip()


@dataclass(frozen=True)
class NetworkChoice(NameChoice):
    """A network by name: an embedded one, or any of timm's on the Hub as timm/NAME."""

    kind: ClassVar[str] = "a network"
    others: ClassVar[str] = "another by its name"


@dataclass(frozen=True)
class AutoencoderChoice(NameChoice):
    """An autoencoder by name: an embedded one, or one of the Hub as OWNER/REPOSITORY."""

    kind: ClassVar[str] = "an autoencoder"
    others: ClassVar[str] = "OWNER/REPOSITORY"


@dataclass(frozen=True)
class LayerChoice(Knob):
    """A layer of the network chosen by the parameter named `network`; the page lists them."""

    network: str = "network"
    several: bool = False

    @property
    def accepts(self) -> str:
        """One name or more."""
        return f"{'layers' if self.several else 'a layer'} of the network"

    def check(self, name: str, value: Any) -> str | tuple[str, ...]:
        """A layer's name (a tuple of names where several are allowed, from text by its commas)."""
        if not self.several:
            if not isinstance(value, str):
                raise InputError(f"{name} is {quoted(value)}; name one layer of the network")
            return _short(name, value).strip()
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise InputError(f"{name} is {quoted(value)}; name layers of the network")
        _short(name, ",".join(names))
        return tuple(n.strip() for n in names if n.strip())


@dataclass(frozen=True)
class Picture(Knob):
    """A picture; optional where its default is None. Read by `images.load` in the method."""

    @property
    def accepts(self) -> str:
        """What `images.load` reads."""
        return "a picture"


@dataclass(frozen=True)
class Mask(Knob):
    """A painted region of the picture in the parameter named `of`; None means everywhere.

    A mask is any ImageLike; white (or painted) is inside. The page offers a brush on `of`.
    """

    of: str = "image"

    @property
    def accepts(self) -> str:
        """A picture in black and white."""
        return "a picture, white where it counts"


@dataclass(frozen=True)
class Pictures(Knob):
    """Several pictures, as a list of ImageLike of at most `most` items."""

    most: int = 4

    @property
    def accepts(self) -> str:
        """How many."""
        return f"up to {self.most} pictures"

    def check(self, name: str, value: Any) -> list[Any]:
        """A list of at most `most` items."""
        if not isinstance(value, (list, tuple)):
            raise InputError(f"{name} is one {type(value).__name__}; give {self.accepts} as a list")
        if len(value) > self.most:
            raise InputError(f"{name} has {len(value)} pictures; give {self.accepts}")
        return list(value)


@dataclass(frozen=True)
class File(Knob):
    """A path to an uploaded file that is not a picture, of one of the suffixes named."""

    suffixes: tuple[str, ...] = ()

    @property
    def accepts(self) -> str:
        """The suffixes."""
        return f"a file {', '.join(self.suffixes)}".strip()


Seed: TypeAlias = Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True, group="Search")]
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

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty


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


class Checked(dict[str, Any]):
    """Arguments of a method that were checked, every default filled in."""


def check(method: Callable[..., Any], arguments: Mapping[str, Any]) -> Checked:
    """Every argument checked and every default filled in; InputError for the first that fails.

    What was checked already is returned as it is.
    """
    if isinstance(arguments, Checked):
        return arguments
    known = inspect.signature(method).parameters
    for name in arguments:
        if name not in known:
            raise unknown("parameter", name, known)
    return Checked(_checked(method, arguments))


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
