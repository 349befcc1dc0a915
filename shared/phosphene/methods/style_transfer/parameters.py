"""The parameters that paintings, textures and variations have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import Choice, NetworkChoice, Picture, Range
from phosphene.methods.style_transfer.statistics import KINDS

Content: TypeAlias = Annotated[ImageLike, Picture(label="Your picture")]
Steps: TypeAlias = Annotated[
    int, Range(3, 200, label="Steps", help="at the full size; coarser sizes take more", quick=3)
]
Statistics: TypeAlias = Annotated[
    str,
    Choice(
        KINDS,
        label="Style is",
        help="Gram matrices, means and deviations, or Wasserstein-2 (slow, finest)",
        advanced=True,
    ),
]
Smooth: TypeAlias = Annotated[
    float, Range(0, 10, 0.1, label="Smoothness", help="total variation", advanced=True)
]
Net: TypeAlias = Annotated[
    str,
    NetworkChoice(("vgg19", "efficientnet_lite0"), label="Network", quick="efficientnet_lite0"),
]
