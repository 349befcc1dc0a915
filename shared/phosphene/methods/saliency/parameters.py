"""Parameters that several methods take."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import Choice, ClassChoice, LayerChoice, NetworkChoice, Picture, Range
from phosphene.methods.saliency.baselines import BASELINES
from phosphene.methods.saliency.case import CLASSES
from phosphene.methods.saliency.maps import COLORS
from phosphene.methods.saliency.path import SEVERAL
from phosphene.networks.zoo import CLASSIFIERS

LOOK, ASKED = "How it looks", "How it is asked"

Photo: TypeAlias = Annotated[ImageLike, Picture(label="Your picture")]
Target: TypeAlias = Annotated[
    str,
    ClassChoice(
        options=CLASSES,
        label="Why this?",
        help="a class, a layer, LAYER:CHANNEL; empty: what the network sees first",
        placeholder="tabby",
    ),
]
Versus: TypeAlias = Annotated[
    str,
    ClassChoice(
        options=CLASSES,
        label="And not that?",
        help="another class: what speaks for the first against it",
        placeholder="tiger cat",
    ),
]
Net: TypeAlias = Annotated[str, NetworkChoice(options=CLASSIFIERS, label="Network", advanced=True)]
Size: TypeAlias = Annotated[
    int,
    Range(64, 512, 16, label="Size", help="longer side, pixels", advanced=True, quick=112),
]
Opacity: TypeAlias = Annotated[
    float,
    Range(0, 1, 0.05, label="Opacity", help="of the map over the picture"),
]
Colors: TypeAlias = Annotated[
    str,
    Choice(
        COLORS,
        label="Colors",
        help="automatic: red for and blue against where there is a sign",
        advanced=True,
        group=LOOK,
    ),
]
Smoothing: TypeAlias = Annotated[
    float,
    Range(
        0,
        10,
        0.5,
        label="Smoothing",
        help="pixels, of the map as it is shown; 0: every pixel as it is",
        advanced=True,
        group=LOOK,
    ),
]
Samples: TypeAlias = Annotated[
    int,
    Range(
        0,
        20000,
        label="Samples",
        help="steps, masks or noisy pictures; 0: the method's own number",
        advanced=True,
        group=ASKED,
        quick=4,
    ),
]
Noise: TypeAlias = Annotated[
    float,
    Range(
        0,
        100,
        1,
        label="Noise",
        help="percent of the range; of smoothgrad and vargrad",
        advanced=True,
        group=ASKED,
    ),
]
Baseline: TypeAlias = Annotated[
    str,
    Choice(
        BASELINES,
        label="Instead of evidence",
        help="what stands where something is covered, or where a path begins",
        advanced=True,
        group=ASKED,
    ),
]
Baselines: TypeAlias = Annotated[
    str,
    Choice(
        (*BASELINES, SEVERAL),
        label="Instead of evidence",
        help="what stands where something is covered, or where a path begins; several: the mean "
        "over all of them, for integrated and expected gradients",
        advanced=True,
        group=ASKED,
    ),
]
Window: TypeAlias = Annotated[
    int,
    Range(4, 256, label="Window", help="pixels; of occlusion", advanced=True, group=ASKED),
]
Stride: TypeAlias = Annotated[
    int,
    Range(2, 128, label="Stride", help="pixels; of occlusion", advanced=True, group=ASKED),
]
Layer: TypeAlias = Annotated[
    str,
    LayerChoice(
        label="Layer",
        help="of the class activation maps; empty: the last one with places",
        advanced=True,
        group=ASKED,
    ),
]
Cells: TypeAlias = Annotated[
    int,
    Range(2, 32, label="Cells", help="of RISE's masks, a side", advanced=True, group=ASKED),
]
Keep: TypeAlias = Annotated[
    float,
    Range(
        0.05,
        0.95,
        0.05,
        label="Kept",
        help="share of the picture in RISE's masks",
        advanced=True,
        group=ASKED,
    ),
]
Segments: TypeAlias = Annotated[
    int,
    Range(
        4, 400, label="Segments", help="superpixels of LIME and SHAP", advanced=True, group=ASKED
    ),
]
