"""Feature inversion: what does layer N still know about your picture?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import invert, invert_layers, ui
from phosphene.methods.feature_inversion.targets import DEPTHS

EXAMPLES = Path(__file__).parent / "examples"
PICTURES = ("koala", "summer_palace", "cat", "flower", "astronaut", "lemur")

LAYERS: dict[str, dict[str, Any]] = {
    "First layers": {"layer": "relu2_1"},
    "Textures": {"layer": "relu3_1"},
    "Parts": {"layer": "relu4_1"},
    "The gist": {"layer": "relu5_1"},
    "Strongest 5 %": {"layer": "relu3_1", "strongest": 5},
    "What varies": {"layer": "relu5_1", "repeats": 3, "steps": 64},
    "Only its name": {"network": "efficientnet_lite0", "layer": "logits"},
}
WALKS: dict[str, dict[str, Any]] = {
    "VGG-19": {},
    "EfficientNet": {"network": "efficientnet_lite0"},
    "Both": {"versus": "efficientnet_lite0", "count": 6},
}

PLACES = ("The first layers", "After one pooling", "After two", "After three", "The last ones")
READ = "\n\n".join(
    f"**{place}.** {text}" for place, text in zip((*PLACES, "Without places"), DEPTHS, strict=True)
)

examples = [{"image": str(EXAMPLES / f"{name}.jpg")} for name in PICTURES]

demo = ui.page(
    "Feature inversion",
    "Keep only what a layer of a network knows about your picture, and paint the picture back "
    "from that alone.",
    papers=[
        ("Mahendran and Vedaldi 2015", "https://arxiv.org/abs/1412.0035"),
        ("the same 2016", "https://arxiv.org/abs/1512.02017"),
    ],
    tabs=[
        ui.Tab(
            "Walk",
            invert_layers,
            presets=WALKS,
            examples=examples,
            explain=READ,
            before=None,
            looks=EXAMPLES.parent / "looks",
            scrub="Depth",
        ),
        ui.Tab(
            "One layer",
            invert,
            presets=LAYERS,
            examples=examples,
            explain=READ,
            looks=EXAMPLES.parent / "looks",
        ),
    ],
    emoji="🪞",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options())
