"""One method on a page, as an app declares it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from phosphene.frame import Frame
from phosphene.knobs import Parameter, Picture, parameters
from phosphene.ui import stages
from phosphene.ui.views import View


@dataclass(frozen=True)
class Tab:
    """One method on a page: its name, presets {name: {knob: value}} and examples [{knob: value}].

    An example's file is served to everybody, and with it all of a folder called `examples` that it
    lies in.

    `explain` is markdown under the controls; `views` are what a result shows of itself, the most
    telling one first (none named: the standard ones, with the first picture to compare with);
    `looks` is a folder with a picture NAME.jpg for each preset; `results` one with what examples
    and presets make (`made`, `made_by`); `resume` names the parameter that takes the last result,
    to go on from it; a `live` tab runs on every change of a knob, and the newest one wins; tabs of
    one `group` stand together under its name, each as a `way` of it; `layers` is a folder with a
    picture NETWORK/LAYER.jpg of what a layer likes and their words in layers.json; `asks` names the
    parameter that a click on a class of the verdict sets, and then runs; `defaults` are
    what the form holds at first where that is not the method's own default; `teaches` names the
    tab that paints with the brush which this one makes; with `stream` the picture comes from a
    camera, again and again: what it makes for each visitor is called with the method's arguments
    for every picture, and answers with a frame at once.
    """

    name: str
    method: Callable[..., Iterator[Frame]]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    examples: Sequence[Mapping[str, Any]] = ()
    explain: str = ""
    views: Sequence[View] = ()
    looks: Path | None = None
    results: Path | None = None
    resume: str | None = None
    live: bool = False
    group: str = ""
    way: str = ""
    layers: Path | None = None
    asks: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    teaches: str = ""
    stream: Callable[[], Callable[..., Frame]] | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The method's parameters in the order of the form."""
        known = parameters(self.method)
        return tuple(replace(p, default=self.defaults.get(p.name, p.default)) for p in known)

    @property
    def stages(self) -> tuple[View, ...]:
        """The views above the stage."""
        if self.views:
            return tuple(self.views)
        pictures = [p.name for p in self.parameters if isinstance(p.knob, Picture)]
        needed = [name for name in pictures if name in self.starting_names] or pictures
        return stages.standard(needed[0] if needed else None)

    def starting(self, parameter: Parameter) -> Any:
        """What a picture control holds at first: the first example's."""
        return self.examples[0].get(parameter.name) if self.examples else None

    @property
    def starting_names(self) -> set[str]:
        """The parameters that the first example sets."""
        return set(self.examples[0]) if self.examples else set()

    @property
    def strips(self) -> dict[str, list[str]]:
        """The pictures that the examples offer for each parameter, each once."""
        names = [p.name for p in self.parameters if isinstance(p.knob, Picture)]
        offered = {
            name: list(dict.fromkeys(str(e[name]) for e in self.examples if e.get(name)))
            for name in names
        }
        return {name: paths for name, paths in offered.items() if paths}

    def made(self, example: Mapping[str, Any]) -> Path | None:
        """What an example makes, where it was made beforehand: a picture or a film."""
        return self._result(example_name(example))

    def made_by(self, preset: str) -> Path | None:
        """What a preset makes of the first example, where it was made beforehand.

        A preset that changes nothing makes what the page opens with.
        """
        if not self.presets[preset]:
            return self.opening
        return self._result(f"look-{slug(preset)}")

    def _result(self, name: str) -> Path | None:
        folder = self.results / self.method.__name__ if self.results else None
        paths = [folder / f"{name}{suffix}" for suffix in (".mp4", ".jpg")] if folder else []
        return next((path for path in paths if path.is_file()), None)

    @property
    def pictured_layers(self) -> dict[str, list[tuple[str, str, Path]]]:
        """For each network its layers that have a picture: (layer, word, picture)."""
        if self.layers is None:
            return {}
        listed = json.loads((self.layers / "layers.json").read_text(encoding="utf-8"))
        return {
            network: [
                (layer, word, self.layers / network / f"{layer}.jpg") for layer, word in pairs
            ]
            for network, pairs in listed.items()
        }

    @property
    def opening(self) -> Path | None:
        """What the page shows until there is a result: what the first example made."""
        return self.made(self.examples[0]) if self.examples else self._result("opening")

    @property
    def thumbnails(self) -> dict[str, Path]:
        """The presets that have a picture, with its path."""
        files = {p.stem: p for p in self.looks.glob("*.jpg")} if self.looks else {}
        return {name: files[slug(name)] for name in self.presets if slug(name) in files}


def slug(preset: str) -> str:
    """The name of a preset's picture, without its suffix."""
    return preset.lower().replace("%", "").strip().replace(" ", "_")


def example_name(example: Mapping[str, Any]) -> str:
    """An example's name in links and files: that of its first file, or its first value."""
    files = [path for value in example.values() if (path := Path(str(value))).is_file()]
    name = files[0].stem if files else str(next(iter(example.values()), ""))
    return re.sub(r"[^\w.\- ]", "-", name)  # a file's name on any system
