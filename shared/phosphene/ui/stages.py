"""Views above the stage: the picture, a comparison, a film, panels, steps, a curve, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.ui import glimpses, html
from phosphene.ui.views import Outcome, Updates, View, saved

STEPS = 12
"""Steps of a run that are shown side by side."""
PREVIEW_SIDE = 1024
"""Pixels of a preview's longer side at most."""

# The browser gets the player and the galleries, with the libraries that they bring, when there is
# something in them: they are not seen at first.


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


class Chart(Picture):
    """A picture on which the pointer finds something at every place, before anybody clicks."""

    def build(self, opening: Path | None = None) -> None:
        """The stage, and what the browser finds on it: kept beside an opening picture."""
        super().build(opening)
        self.stage.elem_classes = [*self.stage.elem_classes, "ph-charted"]
        text = glimpses.beside(opening) if opening else ""
        self.found = gr.HTML(text, elem_classes=["ph-glimpses"], padding=False)

    @property
    def outputs(self) -> list[Any]:
        """The stage, and what is found on it."""
        return [self.stage, self.found]

    def premade(self, path: Path) -> Updates:
        """The picture, with what is kept beside it."""
        shown = super().premade(path)
        return {**shown, self.found: glimpses.beside(path)} if shown else {}

    def result(self, outcome: Outcome) -> Updates:
        """The result in full, with what is found on it."""
        found = glimpses.sheets(outcome.frame.glimpses)
        return {**super().result(outcome), self.found: found}

    def reset(self) -> Updates:
        """An empty stage, nothing to find."""
        return {**super().reset(), self.found: ""}


class Map(Picture):
    """A picture of numbers: a click reads one from the run's file `map.npy`, a drag a region."""

    def build(self, opening: Path | None = None) -> None:
        """The stage, and where the browser writes the region that was dragged."""
        super().build(opening)
        self.stage.elem_classes = [*self.stage.elem_classes, "ph-regions"]
        self.region = gr.Textbox(container=False, elem_classes=["ph-region"])


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

    def __init__(self, title: str = "Film") -> None:
        self.title = title

    def build(self, opening: Path | None = None) -> None:
        """A player; what is there at first has no sound."""
        film = str(opening) if self.opens(opening) else None
        self.video = gr.Video(
            film,
            visible=film is not None,
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
        return {self.video: gr.Video(str(path), visible=True)} if self.opens(path) else {}

    def result(self, outcome: Outcome) -> Updates:
        """The film, unless the run is only one picture that changes."""
        if not outcome.run.makes_film:
            return {}
        return {self.video: gr.Video(str(outcome.mp4), visible=True)}

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
            visible=False,
            show_label=False,
            columns=4,
            height="auto",
            interactive=False,
            buttons=["fullscreen"],
        )

    @property
    def outputs(self) -> list[Any]:
        """The gallery."""
        return [self.gallery]

    def result(self, outcome: Outcome) -> Updates:
        """Every panel with its caption."""
        pictures = saved(outcome.frame.panels, outcome.folder)
        return {self.gallery: gr.Gallery(pictures, visible=True)} if pictures else {}

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
            visible=False,
            show_label=False,
            format="jpeg",
            columns=4,
            height="auto",
            interactive=False,
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
        return {self.gallery: gr.Gallery(shown, visible=True)}

    def reset(self) -> Updates:
        """No steps."""
        return {self.gallery: None}


class Plot(View):
    """Every term of the loss, or what else a history holds, over the steps."""

    def __init__(self, title: str = "Loss") -> None:
        self.title = title

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


def standard(before: str | None) -> tuple[View, ...]:
    """The views of a tab that names none; those with nothing to show are not seen."""
    compare = (Compare(before),) if before else ()
    return (Picture(), *compare, Panels(), Tables(), Steps(), Plot())
