"""The parameters that paintings, textures and variations have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import Choice, NetworkChoice, Picture, Range
from phosphene.methods.style_transfer.statistics import KINDS

Content: TypeAlias = Annotated[ImageLike, Picture(label="Your picture")]
Steps: TypeAlias = Annotated[
    int,
    Range(
        3,
        200,
        label="Steps",
        help="at the full size; coarser sizes take more",
        quick=3,
        advanced=True,
        group="Search",
    ),
]
Optimizer: TypeAlias = Annotated[
    str,
    Choice(
        ("both", "lbfgs", "adam"),
        label="Optimizer",
        help="both: Adam at the coarsest size, then L-BFGS; Adam takes three times the steps",
        advanced=True,
        group="Search",
    ),
]
StepSize: TypeAlias = Annotated[
    float, Range(0.005, 0.2, 0.005, label="Step size (Adam)", advanced=True, group="Search")
]
Averaging: TypeAlias = Annotated[
    float, Range(0, 0.98, 0.01, label="Averaging of steps (Adam)", advanced=True, group="Search")
]
Statistics: TypeAlias = Annotated[
    str,
    Choice(
        KINDS,
        label="Style is",
        help="Gram matrices, means and deviations, or Wasserstein-2 (slow, finest)",
        advanced=True,
        group="Statistics",
    ),
]
Smooth: TypeAlias = Annotated[
    float,
    Range(
        0, 10, 0.1, label="Smoothness", help="total variation", advanced=True, group="Statistics"
    ),
]
Net: TypeAlias = Annotated[
    str,
    NetworkChoice(
        ("vgg19", "efficientnet_lite0"),
        label="Network",
        help="EfficientNet is quicker",
        quick="efficientnet_lite0",
        advanced=True,
        group="Network",
    ),
]
