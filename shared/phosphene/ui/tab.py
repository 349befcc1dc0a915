"""One method on a page, as an app declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phosphene.frame import Frame
from phosphene.knobs import Parameter, parameters


@dataclass(frozen=True)
class Tab:
    """One method on a page: its name, presets {name: {knob: value}} and examples [{knob: value}].

    `explain` is markdown under the controls; `before` names the picture that the result is
    compared with, None for none; `looks` is a folder with a picture NAME.jpg for each preset and
    METHOD.jpg for what the first example makes; `resume` names the parameter that takes the last
    result, to go on from it; `scrub` is the title of a view with a slider over the result's panels.
    """

    name: str
    method: Callable[..., Iterator[Frame]]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    examples: Sequence[Mapping[str, Any]] = ()
    explain: str = ""
    before: str | None = "image"
    looks: Path | None = None
    resume: str | None = None
    scrub: str = ""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The method's parameters in the order of the form."""
        return parameters(self.method)

    def starting(self, parameter: Parameter) -> Any:
        """What a picture control holds at first: the first example's."""
        return self.examples[0].get(parameter.name) if self.examples else None

    @property
    def starting_names(self) -> set[str]:
        """The parameters that the first example sets."""
        return set(self.examples[0]) if self.examples else set()

    @property
    def opening(self) -> Path | None:
        """What the first example makes, shown until there is a result."""
        path = self.looks / f"{self.method.__name__}.jpg" if self.looks else None
        return path if path and path.is_file() else None

    @property
    def thumbnails(self) -> dict[str, Path]:
        """The presets that have a picture, with its path."""
        files = {p.stem: p for p in self.looks.glob("*.jpg")} if self.looks else {}
        return {name: files[slug(name)] for name in self.presets if slug(name) in files}


def slug(preset: str) -> str:
    """The name of a preset's picture, without its suffix."""
    return preset.lower().replace("%", "").strip().replace(" ", "_")
