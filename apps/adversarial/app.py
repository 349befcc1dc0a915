"""Adversarial: the same picture, another answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import (
    epsilon_curve,
    fool,
    fool_from_nothing,
    landscape,
    lay_patch,
    patch,
    robustness,
    transfer,
    ui,
    universal,
)

HERE = Path(__file__).parent
RESULTS = HERE / "results"
CLASSICS = {
    "panda": "gibbon",
    "scarlet_macaw": "koala",
    "koala": "iPod",
    "coffee": "toaster",
    "cat": "goose",
    "polar_bear": "",
}

ATTACKS: dict[str, dict[str, Any]] = {
    "Small steps": {},
    "One step": {"attack": "fgsm"},
    "Least change": {"attack": "smallest", "epsilon": 16},
    "Least by L2": {"attack": "carlini_wagner", "steps": 60},
    "Anything nearest": {"attack": "deepfool", "target": ""},
    "Only asking": {"attack": "square", "epsilon": 12, "queries": 500},
    "Five pixels": {"attack": "pixels", "target": "", "queries": 400},
    "To survive": {"survive": True, "epsilon": 8},
}
NONSENSE: dict[str, dict[str, Any]] = {
    "Gray": {},
    "Noise": {"start": "noise"},
    "Smooth": {"smoothness": 10, "shift": 16, "steps": 100},
}

WHY = (
    "**Why does this work?** The network adds up 150,000 pixels. A change of four gray levels is "
    "nothing to your eye in any of them, but if every one goes the way that the network's own "
    "gradient points, the many nothings add up to a certainty. Random noise of the same size does "
    "not: its steps cancel. Networks also lean on fine patterns that are real, and mean nothing to "
    "people. **What is it good for?** To learn what a model of yours relies on, to test it before "
    "others do, and to train it to stand firm. This page is for understanding models of your own."
)
NOTHING = (
    "Start from plain gray. After some steps the network is certain of a dumbbell, and there is "
    "none. With smoothness and random shifts, something like one begins to show."
)
ROBUST = (
    "The fooling picture goes through a JPEG file, a blur, a screenshot; then every network is "
    "asked. *Made to survive* attacks through all of that at once: it takes six times as long."
)
TOGETHER = (
    "Left: one network is fooled alone. Right: all but one together. Then the one that was never "
    "asked gives its answer to both."
)
CURVE = "One attack for each budget. Where the curves cross, the network has changed its mind."
LAND = (
    "The ring is your picture. To the right leads the attack, downward random noise as strong. "
    "Each place is a picture, in the color of the class that it is taken for: noise changes "
    "nothing, while the attack finds the border at once. Click on a small picture to put the "
    "cross there."
)
UNIVERSAL = (
    "One pattern that, added to any of the pictures, changes the answer. Upload three more "
    "pictures or thirty: every fourth is only tested on. Of one alone, eight parts are taken."
)
PATCH = (
    "Not faint at all, but a thing to print: wherever it lies, the network sees the patch. Take "
    "*patch.png* home, or click on it under *Pictures*: then stick it where you like."
)
STICK = (
    "**Drag the patch over the picture**, or tap where it is to lie: the network is asked at once. "
    "This one was trained on six photographs to be a toaster. Where does the animal win?"
)


def example(name: str, **settings: Any) -> dict[str, Any]:
    """A picture with what it is to become."""
    return {"image": str(HERE / "examples" / f"{name}.jpg"), **settings}


examples = [example(name, target=target) for name, target in CLASSICS.items()]
# What Run makes when nothing else was chosen: anything else.
examples[0] = example("panda")


def pictures(first: str) -> list[ui.View]:
    """The standard views under words of their own."""
    return [ui.Picture(first), ui.Panels("Pictures"), ui.Tables("Answers"), ui.Plot("Probability")]


demo = ui.page(
    "Adversarial pictures",
    "Change a picture so little that you see nothing, and a network is certain that a macaw is a "
    "koala.",
    papers=[
        ("Szegedy et al. 2013", "https://arxiv.org/abs/1312.6199"),
        ("Goodfellow et al. 2014", "https://arxiv.org/abs/1412.6572"),
        ("Nguyen et al. 2014", "https://arxiv.org/abs/1412.1897"),
        ("Madry et al. 2017", "https://arxiv.org/abs/1706.06083"),
    ],
    tabs=[
        ui.Tab(
            "Fool",
            fool,
            presets=ATTACKS,
            examples=examples,
            explain=WHY,
            results=RESULTS,
            views=[
                ui.Picture("Fooled"),
                ui.Panels("The change"),
                ui.PanelSlider("Slide it in"),
                ui.Compare(),
                ui.Tables("Answers"),
                ui.Steps(),
                ui.Plot("Probability"),
            ],
        ),
        ui.Tab(
            "From nothing",
            fool_from_nothing,
            presets=NONSENSE,
            examples=[{"target": name} for name in ("dumbbell", "koala", "iPod", "goldfish")],
            explain=NOTHING,
            results=RESULTS,
            views=[
                ui.Panels("Pictures"),
                ui.Picture("Nonsense"),
                ui.Tables("Answers"),
                ui.Plot("Probability"),
            ],
        ),
        ui.Tab(
            "Robust?",
            robustness,
            presets={"Plain": {}, "Made to survive": {"survive": True, "epsilon": 8}},
            examples=examples[:3],
            explain=ROBUST,
            results=RESULTS,
            views=[
                ui.Tables("What is left"),
                ui.Picture("Fooled"),
                ui.Panels("Pictures"),
                ui.Plot("Probability"),
            ],
            group="Does it last?",
        ),
        ui.Tab(
            "Several at once",
            transfer,
            examples=examples[:3],
            explain=TOGETHER,
            results=RESULTS,
            views=[
                ui.Tables("Who is fooled"),
                ui.Picture("Fooled"),
                ui.Panels("Pictures"),
                ui.Plot("Probability"),
            ],
            group="Does it last?",
        ),
        ui.Tab(
            "How little?",
            epsilon_curve,
            examples=examples[:3],
            explain=CURVE,
            results=RESULTS,
            views=[ui.Picture("Curve"), ui.PanelSlider("Budgets"), ui.Tables("Answers")],
            group="How far?",
        ),
        ui.Tab(
            "Lay of the land",
            landscape,
            examples=examples[:3],
            explain=LAND,
            results=RESULTS,
            views=[ui.Picture("Map"), ui.Panels("Places"), ui.Tables("Classes")],
            group="How far?",
        ),
        ui.Tab(
            "One for all",
            universal,
            examples=[example("cat"), example("koala"), example("scarlet_macaw")],
            explain=UNIVERSAL,
            results=RESULTS,
            views=pictures("Pattern"),
            group="Patterns",
        ),
        ui.Tab(
            "Patch",
            patch,
            examples=[example(name, target="toaster") for name in ("coffee", "cat", "koala")],
            explain=PATCH,
            results=RESULTS,
            views=pictures("Picture"),
            group="Patterns",
        ),
        ui.Tab(
            "Stick it on",
            lay_patch,
            examples=[
                example(name, pattern=str(HERE / "examples" / "toaster_patch.jpg"))
                for name in ("cat", "coffee", "koala")
            ],
            explain=STICK,
            results=RESULTS,
            live=True,
            views=[ui.Picture("Picture"), ui.Panels("Elsewhere"), ui.Tables("Answers")],
            group="Patterns",
        ),
    ],
    emoji="🎭",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
