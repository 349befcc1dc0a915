"""One method on a page, as an app declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phosphene.frame import Frame
from phosphene.knobs import Parameter, Picture, parameters
from phosphene.ui import views
from phosphene.ui.views import View


@dataclass(frozen=True)
class Tab:
    """One method on a page: its name, presets {name: {knob: value}} and examples [{knob: value}].

    `explain` is markdown under the controls; `views` are what a result shows of itself, the most
    telling one first (none named: the standard ones, with the first picture to compare with);
    `looks` is a folder with a picture NAME.jpg for each preset and METHOD.jpg or METHOD.mp4 for
    what the first example makes; `resume` names the parameter that takes the last result, to go
    on from it; a `live` tab runs on every change of a knob, and the newest one wins.
    """

    name: str
    method: Callable[..., Iterator[Frame]]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    examples: Sequence[Mapping[str, Any]] = ()
    explain: str = ""
    views: Sequence[View] = ()
    looks: Path | None = None
    resume: str | None = None
    live: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The method's parameters in the order of the form."""
        return parameters(self.method)

    @property
    def stages(self) -> tuple[View, ...]:
        """The views above the stage."""
        if self.views:
            return tuple(self.views)
        pictures = [p.name for p in self.parameters if isinstance(p.knob, Picture)]
        needed = [name for name in pictures if name in self.starting_names] or pictures
        return views.standard(needed[0] if needed else None)

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
        names = [f"{self.method.__name__}{suffix}" for suffix in (".mp4", ".jpg")]
        paths = [self.looks / name for name in names] if self.looks else []
        return next((path for path in paths if path.is_file()), None)

    @property
    def thumbnails(self) -> dict[str, Path]:
        """The presets that have a picture, with its path."""
        files = {p.stem: p for p in self.looks.glob("*.jpg")} if self.looks else {}
        return {name: files[slug(name)] for name in self.presets if slug(name) in files}


def slug(preset: str) -> str:
    """The name of a preset's picture, without its suffix."""
    return preset.lower().replace("%", "").strip().replace(" ", "_")
