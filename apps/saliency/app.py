"""Saliency: which pixels made the network say so?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import attribute, attribute_layers, compare, honesty, occlude, segment, ui

HERE = Path(__file__).parent
RESULTS = HERE / "results"

METHODS: dict[str, dict[str, Any]] = {
    "Gradient": {},
    "SmoothGrad": {"method": "smoothgrad"},
    "Grad-CAM": {"method": "grad_cam"},
    "Guided": {"method": "guided_backpropagation"},
    "Integrated": {"method": "integrated_gradients"},
    "Covering": {"method": "occlusion"},
    "Random masks": {"method": "rise"},
    "Shares": {"method": "kernel_shap"},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "Why macaw": {},
    "Why panda": {"target": "giant panda"},
    "Macaw not panda": {"target": "macaw", "versus": "giant panda"},
}
COMPARED: dict[str, dict[str, Any]] = {
    **QUESTIONS,
    "Class maps": {"methods": ("grad_cam", "grad_cam_plus_plus", "layer_cam", "score_cam")},
    "Gradients": {
        "methods": (
            "gradient",
            "gradient_times_input",
            "guided_backpropagation",
            "deconvolution",
            "smoothgrad",
            "vargrad",
            "integrated_gradients",
            "expected_gradients",
        )
    },
    "Only asking": {"methods": ("occlusion", "lime", "kernel_shap", "rise")},
}

WHY = (
    "**They do not agree, and that is the point.** Each method has a question of its own: where "
    "would a small change matter (gradient), what adds up to the score (integrated gradients, "
    "SHAP), what is missed when it is covered (occlusion, RISE), which places of the last layer "
    "speak for the class (Grad-CAM). Red speaks for the class and blue against; where there is no "
    "sign, bright matters. Each map has its own scale, written below it: compare where they are "
    "bright, not how bright. **Click on a map** to ask its method alone; click on a "
    "class below to ask why that one; name a second class: *why this, and not that?*"
)
ONE = (
    "One method, while its estimate gets surer: the covered or noisy picture that the network is "
    "asked about lies below the map. Click on the result to read a value; *map.npy* is the map as "
    "numbers, one for each pixel. The table says what the method does, and how it misleads."
)
HAND = (
    "Paint over the thing with your finger: at once the network is asked again, and the table says "
    "which classes gained. Cover the eyes, the background, the caption; undo, and try elsewhere."
)
DECIDE = (
    "The same question to one layer after the other. Early layers find edges everywhere, late ones "
    "the thing. Move the slider down through the network."
)
HONEST = (
    "**A map can look good and know nothing.** Every map is tested beside two that know nothing: "
    "noise, and a blob in the middle. *Deletion*: take away the pixels that it calls important, "
    "and a good map's probability falls fast. *Insertion*: bring them, and it rises fast. "
    "*Forgetting*: as the network's weights are redrawn, an honest map falls apart; one that stays "
    "has only drawn the picture's edges."
)
CUT = (
    "Nobody outlined anything for this network. Its map says where the thing surely is and is not; "
    "the colors of your picture decide the rest. *mask.png* is the mask."
)

NAMES = "panda_and_macaw cat koala coffee polar_bear lemur"
examples = [{"image": str(HERE / "examples" / f"{name}.jpg")} for name in NAMES.split()]

demo = ui.page(
    "Saliency",
    "Which pixels made the network say so? Many methods answer, and each says how it misleads.",
    papers=[
        ("Simonyan et al. 2013", "https://arxiv.org/abs/1312.6034"),
        ("Selvaraju et al. 2016", "https://arxiv.org/abs/1610.02391"),
        ("Sundararajan et al. 2017", "https://arxiv.org/abs/1703.01365"),
        ("Petsiuk et al. 2018", "https://arxiv.org/abs/1806.07421"),
        ("Adebayo et al. 2018", "https://arxiv.org/abs/1810.03292"),
    ],
    tabs=[
        ui.Tab(
            "Compare",
            compare,
            asks="target",
            presets=COMPARED,
            examples=examples,
            explain=WHY,
            results=RESULTS,
            views=[ui.Picture("Maps"), ui.Panels("One by one"), ui.Tables("What they do")],
        ),
        ui.Tab(
            "One method",
            attribute,
            asks="target",
            presets=METHODS,
            examples=examples,
            explain=ONE,
            results=RESULTS,
            live=True,
            views=[
                ui.Map("Map"),
                ui.Panels("Three ways"),
                ui.Compare(),
                ui.Tables("What it does"),
                ui.Steps(),
                ui.Plot("Change"),
            ],
        ),
        ui.Tab(
            "By hand",
            occlude,
            examples=examples,
            explain=HAND,
            results=RESULTS,
            live=True,
            views=[ui.Picture("Covered"), ui.Tables("What moved")],
        ),
        ui.Tab(
            "Watch it decide",
            attribute_layers,
            asks="target",
            presets=QUESTIONS,
            examples=examples,
            explain=DECIDE,
            results=RESULTS,
            views=[
                ui.Picture("Map"),
                ui.PanelSlider("Layer by layer"),
                ui.Panels("All layers"),
                ui.Tables("Layers"),
            ],
        ),
        ui.Tab(
            "Honest?",
            honesty,
            asks="target",
            examples=examples[:3],
            explain=HONEST,
            results=RESULTS,
            views=[ui.Picture("Tests"), ui.Panels("Pictures"), ui.Tables("Findings")],
        ),
        ui.Tab(
            "Cut out",
            segment,
            examples=[*examples[2:], examples[1]],
            explain=CUT,
            results=RESULTS,
            views=[ui.Picture("Cut out"), ui.Panels("How"), ui.Compare()],
        ),
    ],
    emoji="🔎",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
