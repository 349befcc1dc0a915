"""Feature inversion: what does layer N still know about your picture?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import invert, invert_layers, ui

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

DEPTHS = {
    "The first layers": "Almost everything is still here: edges, colors and fine texture. They "
    "only describe each spot in other words, so the picture can be read back nearly exactly.",
    "After one pooling": "Still the photograph, down to single hairs. Pooling has thrown away "
    "where inside each small square something was, but the many channels together still tell.",
    "After two": "Sharp still, but large flat places drift in color and the finest grain is "
    "smoothed away. The network keeps how things differ from their surroundings better than what "
    "they are.",
    "After three": "Every thing is in its place, its fine texture made up anew. The network keeps "
    "which patterns are where and forgets each hair and each leaf.",
    "The last ones": "Only the gist is left: the right things, in about the right places, in odd "
    "colors and loose strokes. The layer describes pieces such as an ear or a roof, not the "
    "pixels that form them.",
    "Without places": "What comes back is an idea of the picture, repeated and scattered. The "
    "network knows what it saw, no longer where.",
}
READ = "\n\n".join(f"**{depth}.** {text}" for depth, text in DEPTHS.items())

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
            examples=examples[:3],
            explain=READ,
            looks=EXAMPLES.parent / "looks",
            results=EXAMPLES.parent / "results",
            views=[ui.PanelSlider("Depth"), ui.Picture("Poster"), ui.Panels("Layers"), ui.Tables()],
        ),
        ui.Tab(
            "One layer",
            invert,
            presets=LAYERS,
            examples=examples,
            explain=READ,
            looks=EXAMPLES.parent / "looks",
            results=EXAMPLES.parent / "results",
        ),
    ],
    emoji="🪞",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
