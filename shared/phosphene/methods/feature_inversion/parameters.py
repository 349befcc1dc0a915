"""The parameters of an inversion, most of them for experts."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phosphene.images import ImageLike
from phosphene.knobs import Choice, File, LayerChoice, Mask, NetworkChoice, Picture, Range, Text
from phosphene.networks.zoo import EMBEDDED

KEPT = "What is kept"
SECOND = "A second picture"
SEARCH = "Search"
LIKELY = "What pictures are like"

Layer: TypeAlias = Annotated[
    str,
    LayerChoice(
        label="Layer",
        help="early ones keep the picture, late ones its gist",
        quick="blocks.2.1",
    ),
]
Net: TypeAlias = Annotated[
    str, NetworkChoice(EMBEDDED, label="Network", quick="efficientnet_lite0")
]
Sides: TypeAlias = Annotated[
    int, Range(64, 768, 32, label="Size", help="longer side, pixels", quick=96)
]
Region: TypeAlias = Annotated[ImageLike | None, Mask(of="image", label="Keep only here")]
Strongest: TypeAlias = Annotated[
    float,
    Range(
        0.1,
        100,
        log=True,
        label="Keep the strongest",
        help="percent",
        advanced=True,
        group=KEPT,
    ),
]
Channels: TypeAlias = Annotated[
    str,
    Text(
        label="Keep only channels",
        placeholder="3, 10-20",
        help="empty: all",
        advanced=True,
        group=KEPT,
    ),
]
FeatureFile: TypeAlias = Annotated[
    str | None,
    File(
        label="Features from a file",
        help="instead of a picture; of this layer and network: .npy or .safetensors",
        suffixes=(".npy", ".safetensors"),
        advanced=True,
        group=KEPT,
    ),
]
OtherPicture: TypeAlias = Annotated[
    ImageLike | None,
    Picture(label="Mix with", help="its deeper layer joins in", advanced=True, group=SECOND),
]
OtherLayer: TypeAlias = Annotated[str, LayerChoice(label="Its layer", advanced=True, group=SECOND)]
OtherShare: TypeAlias = Annotated[
    float, Range(0, 1, 0.05, label="Its share", advanced=True, group=SECOND)
]
Iterations: TypeAlias = Annotated[
    int | None,
    Range(
        1,
        2000,
        label="Iterations",
        help="more come nearer; empty: 24 to 192, by depth",
        quick=8,
        advanced=True,
        group=SEARCH,
    ),
]
Repeats: TypeAlias = Annotated[
    int,
    Range(
        1,
        8,
        label="Repeats",
        help="from as many seeds: what varies?",
        advanced=True,
        group=SEARCH,
    ),
]
StartFrom: TypeAlias = Annotated[
    str,
    Choice(("grey", "noise", "blurred"), label="Start from", advanced=True, group=SEARCH),
]
Compared: TypeAlias = Annotated[
    str,
    Choice(("euclidean", "cosine"), label="Distance of features", advanced=True, group=SEARCH),
]
Canvas: TypeAlias = Annotated[
    str,
    Choice(("fourier", "pixels"), label="Canvas", advanced=True, group=SEARCH),
]
Jitter: TypeAlias = Annotated[
    int | None,
    Range(
        0,
        16,
        label="Jitter",
        help="pixels; above 0 Adam descends; empty: by depth",
        advanced=True,
        group=SEARCH,
    ),
]
Smoothness: TypeAlias = Annotated[
    float | None,
    Range(
        0.0,
        100.0,
        0.01,
        label="Smoothness",
        help="weight of total variation; empty: by depth",
        advanced=True,
        group=LIKELY,
    ),
]
Power: TypeAlias = Annotated[
    float,
    Range(1, 3, 0.1, label="Smoothness's power", help="1 keeps edges", advanced=True, group=LIKELY),
]
NearGrey: TypeAlias = Annotated[
    float | None,
    Range(
        0.0,
        10.0,
        0.01,
        label="Stay near grey",
        help="weight of the 6-norm; empty: by depth",
        advanced=True,
        group=LIKELY,
    ),
]
