"""DeepDream and feature visualization: everything a network likes to see."""

from __future__ import annotations

from pathlib import Path

from phosphene import (
    dream,
    dream_brush,
    dream_looks,
    dream_video,
    ui,
    visualize,
    visualize_differences,
    visualize_layer,
    zoom,
)
from phosphene.methods.deepdream.looks import LOOKS

HERE = Path(__file__).parent
RESULTS = HERE / "results"
NAMES = "summer_palace coffee cat flower chameleon astronaut lemur scarlet_macaw"
PICTURES = [{"image": str(HERE / "examples" / f"{name}.jpg")} for name in NAMES.split()]
CLASSICS = (
    "bell pepper,dumbbell,cup,dalmatian,lemon,goose,kit fox,Siberian husky,ostrich,blocks.3.2:10"
)

DREAM = (
    "An early layer draws strokes, a middle one patterns, a late one things. More octaves make "
    "larger things; calm keeps an empty sky empty. A mixture such as "
    "`0.7 * blocks.4 + 0.3 * blocks.2:57` weighs layers and channels; a guide picture says what "
    "to dream of."
)
SHEET = (
    "One photograph in every look, on one sheet to share. A click on one of *Each* opens it under "
    "*Dream* with its settings."
)
VISUALIZE = (
    "Start from grey noise and climb: what would the networks most like to see? Three at once "
    "agree on more of the thing than one alone. Set every "
    "regularizer to 0 with pixels as canvas, and the score is certain while you see only noise: "
    "that is how a network is fooled."
)
LAYER = (
    "Channel beside channel: each picture is what one channel of the layer most likes to see. "
    "*Visualize* draws one alone, and larger, as `blocks.4:57`."
)
DIFFERENCE = (
    "The same wish with one regularizer at a time, and with all of them together; under each "
    "picture stands what the network takes it for."
)
BRUSH = (
    "Paint on the picture: creatures grow where the brush went, one stroke after the other. *Undo* "
    "takes a stroke back; *Creatures* makes them finer or larger."
)
ZOOM = "Dream, step closer, dream again: a film. *Stop* keeps the film so far."
VIDEO = (
    "Every picture of your video dreams, and takes over a part of the dream before it, so that "
    "the film does not flicker: *Steady* says how much."
)


def film() -> list[ui.View]:
    """The film first; no comparison, for its pictures move away from the photograph."""
    return [ui.Film(), ui.Picture(), ui.Steps(), ui.Plot()]


demo = ui.page(
    "DeepDream",
    "Show a picture to a network and turn up whatever it thinks it sees, again and again, from "
    "small to large: a cup of coffee becomes a dog.",
    papers=[
        (
            "Mordvintsev et al. 2015",
            "https://research.google/blog/inceptionism-going-deeper-into-neural-networks/",
        ),
        ("Simonyan et al. 2014", "https://arxiv.org/abs/1312.6034"),
        ("Yosinski et al. 2015", "https://arxiv.org/abs/1506.06579"),
        ("Nguyen et al. 2016", "https://arxiv.org/abs/1602.03616"),
        ("Olah et al. 2017", "https://doi.org/10.23915/distill.00007"),
    ],
    tabs=[
        ui.Tab(
            "Dream",
            dream,
            presets=LOOKS,
            examples=PICTURES,
            explain=DREAM,
            looks=HERE / "looks",
            layers=HERE / "layers",
            results=RESULTS,
        ),
        ui.Tab(
            "Ten of you",
            dream_looks,
            examples=PICTURES[:4],
            explain=SHEET,
            views=[ui.Picture("Sheet"), ui.Panels("Each")],
            results=RESULTS,
        ),
        ui.Tab(
            "Visualize",
            visualize,
            examples=[{"target": name} for name in CLASSICS.split(",")],
            explain=VISUALIZE,
            results=RESULTS,
            group="Visualize",
            way="One thing",
        ),
        ui.Tab(
            "Layer",
            visualize_layer,
            explain=LAYER,
            layers=HERE / "layers",
            results=RESULTS,
            group="Visualize",
            way="A whole layer",
        ),
        ui.Tab(
            "Difference",
            visualize_differences,
            explain=DIFFERENCE,
            results=RESULTS,
            group="Visualize",
            way="With and without",
        ),
        ui.Tab(
            "Brush",
            dream_brush,
            examples=PICTURES,
            explain=BRUSH,
            results=RESULTS,
            resume="image",
            live=True,
        ),
        ui.Tab("Zoom", zoom, examples=PICTURES[2:5], explain=ZOOM, views=film(), results=RESULTS),
        ui.Tab(
            "Video",
            dream_video,
            examples=[{"video": str(HERE / "examples" / "pan.mp4")}],
            explain=VIDEO,
            views=film(),
            results=RESULTS,
        ),
    ],
    emoji="🌀",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
