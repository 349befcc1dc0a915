"""DeepDream and feature visualization: everything a network likes to see."""

from __future__ import annotations

from pathlib import Path

from phosphene import dream, ui

EXAMPLES = Path(__file__).parent / "examples"
PICTURES = (
    "summer_palace",
    "coffee",
    "cat",
    "flower",
    "chameleon",
    "astronaut",
    "lemur",
    "scarlet_macaw",
)

LOOKS = {
    "Creatures": {},
    "Menagerie": {"rounds": 2, "strength": 1.2, "turn": 6},
    "Eyes": {"network": "vgg19", "tap": "relu4_2", "octaves": 4, "steps": 8},
    "Seals": {"network": "vgg19", "tap": "relu5_1", "octaves": 4, "steps": 8},
    "Scales": {"tap": "blocks.3.2", "color": 0.35},
    "Woodcut": {"tap": "blocks.2", "strength": 0.8, "calm": 0.5},
    "Mosaic": {"tap": "blocks.1", "octaves": 4},
    "Relief": {"tap": "blocks.0", "octaves": 4, "strength": 0.5},
    "Temples": {"tap": "blocks.5.3", "calm": 0.7, "color": 0.35},
    "Gardens": {"tap": "blocks.5.1", "strength": 1.2},
}

demo = ui.page(
    "DeepDream",
    "Show a picture to a network and turn up whatever it thinks it sees, again and again, from "
    "small to large: clouds become animals.",
    papers=[
        (
            "Mordvintsev et al. 2015",
            "https://research.google/blog/inceptionism-going-deeper-into-neural-networks/",
        ),
        ("Simonyan et al. 2014", "https://arxiv.org/abs/1312.6034"),
        ("Olah et al. 2017", "https://doi.org/10.23915/distill.00007"),
    ],
    tabs=[
        ui.Tab(
            "Dream",
            dream,
            presets=LOOKS,
            examples=[{"image": str(EXAMPLES / f"{name}.jpg")} for name in PICTURES],
            explain="An early layer draws strokes, a middle one patterns, a late one things. "
            "More octaves make larger things; calm keeps an empty sky empty.",
        ),
    ],
    emoji="🌀",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options())
