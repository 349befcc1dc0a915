"""Saliency: which pixels made the network say so?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import attribute, compare, ui

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
COMPARED: dict[str, dict[str, Any]] = {
    "Eight": {},
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
    "bright, not how bright. **Click on a map** to ask its method alone; name a second class to "
    "ask *why this, and not that*."
)
ONE = (
    "One method, while its estimate gets surer: the covered or noisy picture that the network is "
    "asked about lies below the map. *map.npy* is the map as numbers, one for each pixel. The "
    "table says what the method does, and how it misleads."
)

QUESTIONS: dict[str, dict[str, str]] = {
    "panda_and_macaw": {},
    "cat": {"target": "Egyptian cat", "versus": "tiger cat"},
    "koala": {},
    "coffee": {"target": "cup"},
    "polar_bear": {"target": "ice bear", "versus": "white wolf"},
    "lemur": {},
}
"""Photographs, and what to ask about them beyond what the network sees first."""
examples = [
    {"image": str(HERE / "examples" / f"{name}.jpg"), **asked} for name, asked in QUESTIONS.items()
]

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
            presets=COMPARED,
            examples=examples,
            explain=WHY,
            results=RESULTS,
            views=[ui.Picture("Maps"), ui.Panels("One by one"), ui.Tables("What they do")],
        ),
        ui.Tab(
            "One method",
            attribute,
            presets=METHODS,
            examples=examples,
            explain=ONE,
            results=RESULTS,
            live=True,
            views=[
                ui.Picture("Map"),
                ui.Panels("Three ways"),
                ui.Compare(),
                ui.Tables("What it does"),
                ui.Steps(),
                ui.Plot("Change"),
            ],
        ),
    ],
    emoji="🔎",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
