"""What a result shows of itself: one class per part of a frame, and none where there is nothing.

A view makes its components once (`build`), then says what they are to hold: while a run goes on
(`preview`), when it is over (`result`, and `later` for what takes a while), and after Reset.
A view that answers with nothing is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import gradio as gr
from PIL import Image

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.images.sheets import card
from phosphene.methods.recipes import save_png
from phosphene.ui import export, html
from phosphene.ui.runs import Run

Updates: TypeAlias = dict[Any, Any]

STEPS = 12
"""Steps of a run that are shown side by side."""
PREVIEW_SIDE = 1024
"""Pixels of a preview's longer side at most."""
ALIKE = 0.02
"""The share by which the aspects of two pictures may differ that are laid over each other."""
FILES = {
    "png": "Picture · PNG",
    "card": "Before and after · JPEG",
    "mp4": "Film · MP4",
    "webp": "Film · WebP",
}


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
        reel = [data for _, data in self.film]
        return path if path.exists() else export.mp4(reel, path, self.run.rate or export.RATE)

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
        alike = abs(before.width / before.height / (after.width / after.height) - 1) <= ALIKE
        return before.resize(after.size) if alike else None

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


class Picture(View):
    """The picture as it forms, and the result."""

    running = True

    def __init__(self, title: str = "Picture") -> None:
        self.title = title

    def build(self, opening: Path | None = None) -> None:
        """The stage, with an opening picture if there is one."""
        self.stage = gr.Image(
            str(opening) if self.opens(opening) else None,
            show_label=False,
            format="jpeg",
            interactive=False,
            buttons=["fullscreen"],
            elem_classes=["ph-stage"],
        )

    @property
    def outputs(self) -> list[Any]:
        """The stage."""
        return [self.stage]

    def opens(self, opening: Path | None) -> bool:
        """Pictures."""
        return opening is not None and opening.suffix != ".mp4"

    def premade(self, path: Path) -> Updates:
        """The picture."""
        return {self.stage: str(path)} if self.opens(path) else {}

    def preview(self, frame: Frame) -> Updates:
        """The picture so far, small enough to be there at once."""
        small = frame.image
        if max(small.size) > PREVIEW_SIDE:
            small = small.copy()
            small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        return {self.stage: small}

    def result(self, outcome: Outcome) -> Updates:
        """The result in full."""
        return {self.stage: str(outcome.png)}

    def reset(self) -> Updates:
        """An empty stage."""
        return {self.stage: None}


class Compare(View):
    """The result over the picture in one of the parameters, with a slider between them."""

    title = "Compare"

    def __init__(self, before: str = "image") -> None:
        self.before = before

    def build(self, opening: Path | None = None) -> None:
        """The slider."""
        self.slider = gr.ImageSlider(
            show_label=False,
            format="jpeg",
            type="filepath",
            interactive=False,
            buttons=["fullscreen"],
            elem_classes=["ph-slider"],
        )

    @property
    def outputs(self) -> list[Any]:
        """The slider."""
        return [self.slider]

    def result(self, outcome: Outcome) -> Updates:
        """Both pictures, where they have the same shape."""
        before = outcome.before(self.before)
        return {self.slider: (before, outcome.frame.image)} if before else {}

    def reset(self) -> Updates:
        """No pictures."""
        return {self.slider: None}


class Film(View):
    """The film of a method that makes one, playing over and over."""

    title = "Film"

    def build(self, opening: Path | None = None) -> None:
        """A player without a sound."""
        self.video = gr.Video(
            str(opening) if self.opens(opening) else None,
            show_label=False,
            interactive=False,
            autoplay=True,
            loop=True,
            buttons=[],
            elem_classes=["ph-film"],
        )

    @property
    def outputs(self) -> list[Any]:
        """The player."""
        return [self.video]

    def opens(self, opening: Path | None) -> bool:
        """Films."""
        return opening is not None and opening.suffix == ".mp4"

    def premade(self, path: Path) -> Updates:
        """The film."""
        return {self.video: str(path)} if self.opens(path) else {}

    def result(self, outcome: Outcome) -> Updates:
        """The film, unless the run is only one picture that changes."""
        return {self.video: str(outcome.mp4)} if outcome.run.rate else {}

    def reset(self) -> Updates:
        """No film."""
        return {self.video: None}


class Panels(View):
    """All panels of a result side by side; choosing one fills in the knobs that it sets."""

    def __init__(self, title: str = "Panels") -> None:
        self.title = title

    def build(self, opening: Path | None = None) -> None:
        """A gallery."""
        self.gallery = gr.Gallery(
            show_label=False, columns=4, height="auto", interactive=False, buttons=["fullscreen"]
        )

    @property
    def outputs(self) -> list[Any]:
        """The gallery."""
        return [self.gallery]

    def result(self, outcome: Outcome) -> Updates:
        """Every panel with its caption."""
        pictures = saved(outcome.frame.panels, outcome.folder)
        return {self.gallery: pictures} if pictures else {}

    def reset(self) -> Updates:
        """No panels."""
        return {self.gallery: None}


class PanelSlider(Panels):
    """The panels one at a time, with their notes and a slider through them."""

    def __init__(self, title: str = "Panels") -> None:
        self.title = title

    def build(self, opening: Path | None = None) -> None:
        """Words of a fixed height, the slider, the picture; the pictures wait in the browser."""
        self.caption = gr.HTML(elem_classes=["ph-line", "ph-panel-words"], padding=False)
        self.slider = gr.Slider(
            1, 2, 1, step=1, show_label=False, interactive=True, elem_classes=["ph-depth"]
        )
        self.picture = gr.Image(
            show_label=False,
            interactive=False,
            buttons=["fullscreen"],
            elem_classes=["ph-stage"],
        )
        self.gallery = gr.Gallery(visible=False)

    @property
    def outputs(self) -> list[Any]:
        """Words, slider, picture, and what the slider moves through."""
        return [self.caption, self.slider, self.picture, self.gallery]

    def result(self, outcome: Outcome) -> Updates:
        """The first panel; moving through the others asks nobody."""
        panels = outcome.frame.panels
        pictures = saved(panels, outcome.folder)
        if not pictures:
            return {}
        return {
            self.gallery: pictures,
            self.slider: gr.Slider(maximum=max(2, len(panels)), value=1),
            self.picture: pictures[0][0],
            self.caption: html.captions(panels),
        }

    def reset(self) -> Updates:
        """No panels, the slider at its start."""
        empty = dict.fromkeys((self.caption, self.picture, self.gallery))
        return {**empty, self.slider: gr.Slider(value=1)}


class Steps(View):
    """Pictures of the run on its way."""

    title = "Steps"

    def build(self, opening: Path | None = None) -> None:
        """A gallery."""
        self.gallery = gr.Gallery(
            show_label=False, format="jpeg", columns=4, height="auto", interactive=False
        )

    @property
    def outputs(self) -> list[Any]:
        """The gallery."""
        return [self.gallery]

    def result(self, outcome: Outcome) -> Updates:
        """Some steps, the last one among them; a single one is the result itself."""
        if len(outcome.film) < 2:
            return {}
        every = max(1, -(-len(outcome.film) // STEPS))
        shown = []
        for step, data in outcome.film[::-1][::every][::-1]:
            path = outcome.folder / f"step-{step}.jpg"
            path.write_bytes(data)
            shown.append((str(path), f"step {step}"))
        return {self.gallery: shown}

    def reset(self) -> Updates:
        """No steps."""
        return {self.gallery: None}


class Plot(View):
    """Every term of the loss over the steps."""

    title = "Loss"

    def build(self, opening: Path | None = None) -> None:
        """An empty drawing."""
        self.drawing = gr.HTML()

    @property
    def outputs(self) -> list[Any]:
        """The drawing."""
        return [self.drawing]

    def preview(self, frame: Frame) -> Updates:
        """The curve so far."""
        return {self.drawing: html.plot(frame.history)} if len(frame.history) > 1 else {}

    def result(self, outcome: Outcome) -> Updates:
        """The whole curve."""
        return self.preview(outcome.frame)

    def reset(self) -> Updates:
        """No curve."""
        return {self.drawing: ""}


class Tables(View):
    """The tables of a frame, one below the other."""

    def __init__(self, title: str = "Table") -> None:
        self.title = title

    def build(self, opening: Path | None = None) -> None:
        """A place for them."""
        self.page = gr.HTML()

    @property
    def outputs(self) -> list[Any]:
        """The place."""
        return [self.page]

    def preview(self, frame: Frame) -> Updates:
        """The tables so far."""
        text = "".join(html.table(table) for table in frame.tables)
        return {self.page: text} if text else {}

    def result(self, outcome: Outcome) -> Updates:
        """The tables."""
        return self.preview(outcome.frame)

    def reset(self) -> Updates:
        """No tables."""
        return {self.page: ""}


class Measures(View):
    """The frame's figures in a row below the stage."""

    def build(self, opening: Path | None = None) -> None:
        """A hidden row."""
        self.row = gr.HTML(padding=False, visible=False, elem_classes=["ph-line"])

    @property
    def outputs(self) -> list[Any]:
        """The row."""
        return [self.row]

    def preview(self, frame: Frame) -> Updates:
        """The figures so far."""
        if not frame.metrics:
            return {}
        return {self.row: gr.HTML(html.measures(frame.metrics), visible=True)}

    def result(self, outcome: Outcome) -> Updates:
        """The figures, or nothing of an earlier run."""
        return self.preview(outcome.frame) or self.reset()

    def reset(self) -> Updates:
        """No figures."""
        return {self.row: gr.HTML("", visible=False)}


class Verdict(View):
    """What the network takes the picture for, most probable first."""

    def build(self, opening: Path | None = None) -> None:
        """Hidden bars."""
        self.bars = gr.Label(label="What the network sees", num_top_classes=5, visible=False)

    @property
    def outputs(self) -> list[Any]:
        """The bars."""
        return [self.bars]

    def preview(self, frame: Frame) -> Updates:
        """The verdict so far."""
        return {self.bars: gr.Label(dict(frame.verdict), visible=True)} if frame.verdict else {}

    def result(self, outcome: Outcome) -> Updates:
        """The verdict, or nothing of an earlier run."""
        return self.preview(outcome.frame) or self.reset()

    def reset(self) -> Updates:
        """No verdict."""
        return {self.bars: gr.Label(None, visible=False)}


class Downloads(View):
    """What to take home: the result with its recipe, the run as a film, the method's own files.

    `before` names the parameter whose picture stands beside the result on a card, "" for none.
    """

    def __init__(self, before: str = "") -> None:
        self.before = before

    def build(self, opening: Path | None = None) -> None:
        """A button each, and a hidden list."""
        with gr.Row(elem_classes=["ph-downloads"]):
            self.buttons = {
                name: gr.DownloadButton(label, size="sm", interactive=False)
                for name, label in FILES.items()
                if name != "card" or self.before
            }
        self.files = gr.File(
            label="Files", file_count="multiple", interactive=False, visible=False, height=120
        )

    @property
    def outputs(self) -> list[Any]:
        """The buttons and the list."""
        return [*self.buttons.values(), self.files]

    def result(self, outcome: Outcome) -> Updates:
        """The picture and the files; the films are being made."""
        files = outcome.files()
        return {
            self.buttons["png"]: _offered(outcome.png),
            self.files: gr.File(files or None, visible=bool(files)),
        }

    def later(self, outcome: Outcome) -> Updates:
        """The films of a run that took more than one step."""
        made: dict[str, Path] = {}
        if len(outcome.film) > 1:
            made = {"mp4": outcome.mp4, "webp": outcome.webp}
        if self.before and (before := outcome.before(self.before)):
            made["card"] = outcome.card(before)
        return {
            button: _offered(made[name]) if name in made else _withdrawn()
            for name, button in self.buttons.items()
            if name != "png"
        }

    def reset(self) -> Updates:
        """Nothing to take home."""
        empty = {button: _withdrawn() for button in self.buttons.values()}
        return {**empty, self.files: gr.File(None, visible=False)}


def saved(panels: Sequence[Panel], folder: Path) -> list[tuple[str, str]]:
    """Panels as files with their captions, each written once."""
    shown = []
    for number, panel in enumerate(panels):
        path = folder / f"panel-{number}.png"
        if not path.exists():
            panel.image.save(path)
        shown.append((str(path), panel.caption))
    return shown


def _offered(path: Path) -> gr.DownloadButton:
    return gr.DownloadButton(value=str(path), interactive=True)


def _withdrawn() -> gr.DownloadButton:
    return gr.DownloadButton(value=None, interactive=False)


def standard(before: str | None) -> tuple[View, ...]:
    """The views of a tab that names none; those with nothing to show are not seen."""
    compare = (Compare(before),) if before else ()
    return (Picture(), *compare, Panels(), Tables(), Steps(), Plot())


def below(stages: Sequence[View]) -> tuple[View, ...]:
    """What stands below the stage of every tab; a result that is compared has a card."""
    compared = next((view.before for view in stages if isinstance(view, Compare)), "")
    return (Downloads(compared), Measures(), Verdict())


__all__ = [
    "Compare",
    "Downloads",
    "Film",
    "Measures",
    "Outcome",
    "PanelSlider",
    "Panels",
    "Picture",
    "Plot",
    "Steps",
    "Tables",
    "Verdict",
    "View",
]
