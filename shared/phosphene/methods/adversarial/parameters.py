"""Parameters that several methods take."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import ClassChoice, NetworkChoice, Picture, Range
from phosphene.methods.adversarial.case import CLASSES
from phosphene.networks.zoo import CLASSIFIERS

Target: TypeAlias = Annotated[
    str,
    ClassChoice(
        options=CLASSES,
        label="What should it see?",
        help="a class by name; empty: anything else",
        placeholder="koala",
    ),
]
Net: TypeAlias = Annotated[str, NetworkChoice(options=CLASSIFIERS, label="Network", advanced=True)]
Photo: TypeAlias = Annotated[ImageLike, Picture(label="Your picture")]
Epsilon: TypeAlias = Annotated[
    float,
    Range(
        0.1,
        255,
        label="How much may change",
        help="gray levels of 255, for every pixel",
        log=True,
        quick=4,
    ),
]
Size: TypeAlias = Annotated[
    int,
    Range(64, 512, 16, label="Size", help="longer side, pixels", advanced=True, quick=64),
]
Steps: TypeAlias = Annotated[
    int,
    Range(1, 1000, label="Steps at most", log=True, advanced=True, group="Search", quick=4),
]
