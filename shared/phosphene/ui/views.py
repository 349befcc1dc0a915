"""What a result shows of itself: one class per part of a frame, and none where there is nothing.

A view makes its components once (`build`), then says what they are to hold: while a run goes on
(`preview`), when it is over (`result`, and `later` for what takes a while), and after Reset.
A view that answers with nothing is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any, ClassVar, TypeAlias

import gradio as gr
from PIL import Image

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.images.reels import finished
from phosphene.images.sheets import card
from phosphene.methods.recipes import save_png
from phosphene.ui import export
from phosphene.ui.runs import Run

Updates: TypeAlias = dict[Any, Any]

ALIKE = 0.02
"""The share by which the aspects of two pictures may differ that are laid over each other."""
LINGERS = 10.0
"""Seconds for which the files of a result stay whose visitor left."""


def alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes can be laid over each other."""
    return abs(one[0] / one[1] / (other[0] / other[1]) - 1) <= ALIKE


@dataclass(frozen=True)
class Outcome:
    """A run that is over: its last frame, its film, and a folder for the files that it leaves."""

    frame: Frame
    run: Run
    film: Sequence[tuple[int, bytes]]
    folder: Path

    def path(self, suffix: str) -> Path:
        """Where a file named after the method stands."""
        return self.folder / f"phosphene-{self.run.name}{suffix}"

    @property
    def png(self) -> Path:
        """The result as it is taken home, with its recipe; written once."""
        path = self.path(".png")
        return path if path.exists() else save_png(self.frame, path)

    @property
    def mp4(self) -> Path:
        """The film as H.264; written once."""
        path = self.path(".mp4")
        if path.exists() or (self.run.reel and finished(self.run.reel, path)):
            return path
        return export.mp4([data for _, data in self.film], path, self.run.rate or export.RATE)

    def card(self, before: Image.Image) -> Path:
        """Before and after as one file to post."""
        path = self.path("-card.jpg")
        title = f"{self.run.name.replace('_', ' ')} · Phosphene"
        card(before, self.frame.image, title).save(path, quality=90)
        return path

    def before(self, name: str) -> Image.Image | None:
        """The picture in a parameter, where the result has its shape and can be laid over it."""
        source = self.run.arguments.get(name)
        if source is None:
            return None
        before, after = images.load(source), self.frame.image
        return before.resize(after.size) if alike(before.size, after.size) else None

    def files(self) -> list[str]:
        """The method's own files, written under their own names in a folder of their own."""
        own = self.folder / "files"
        own.mkdir(exist_ok=True)
        for name, data in self.frame.files.items():
            (own / Path(name).name).write_bytes(data)
        return [str(own / Path(name).name) for name in self.frame.files]

    @property
    def webp(self) -> Path:
        """The film as an animated picture."""
        return export.webp([data for _, data in self.film], self.path(".webp"))


@contextmanager
def outcome(frame: Frame, run: Run, film: Sequence[tuple[int, bytes]]) -> Iterator[Outcome]:
    """What a run leaves; its files are gone in the end, when Gradio has its own copies."""
    folder = TemporaryDirectory(prefix="phosphene-")
    clean = folder.cleanup
    try:
        yield Outcome(frame, run, film, Path(folder.name))
    except GeneratorExit:  # whoever looked has left, while Gradio may still be copying
        later = Timer(LINGERS, folder.cleanup)
        later.daemon, clean = True, later.start
        raise
    finally:
        clean()


class View:
    """A part of a frame on the page; one with a `title` has a place of its own above the stage."""

    title: str = ""
    running: ClassVar[bool] = False
    """Whether it shows the picture while it forms, and comes to the front at Run."""
    place: gr.Tab | None = None
    """Where a view with a title stands, as the layout made it."""

    def build(self, opening: Path | None = None) -> None:
        """Make the components; `opening` is what the page shows before the first run."""

    @property
    def outputs(self) -> list[Any]:
        """The components."""
        raise NotImplementedError

    def opens(self, opening: Path | None) -> bool:
        """Whether it has something to show before the first run."""
        return False

    def premade(self, path: Path) -> Updates:
        """What to show of a result that was made beforehand."""
        return {}

    def preview(self, frame: Frame) -> Updates:
        """What to show of a frame while the run goes on."""
        return {}

    def result(self, outcome: Outcome) -> Updates:
        """What to show of a run that is over; nothing hides the view."""
        return {}

    def later(self, outcome: Outcome) -> Updates:
        """The same for what takes too long to wait for."""
        return {}

    def reset(self) -> Updates:
        """Nothing to show any more."""
        return {}


def saved(panels: Sequence[Panel], folder: Path) -> list[tuple[str, str]]:
    """Panels as files with their captions, each written once."""
    shown = []
    for number, panel in enumerate(panels):
        path = folder / f"panel-{number}.png"
        if not path.exists():
            panel.image.save(path)
        shown.append((str(path), panel.caption))
    return shown
