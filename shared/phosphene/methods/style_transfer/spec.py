"""What a painting is compared by: the layers, the statistics and the weight of every term."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from phosphene.device import device_lock
from phosphene.errors import InputError
from phosphene.methods.style_transfer.statistics import (
    Kind,
    Moments,
    as_target,
    averaged,
    blend,
    soften,
    sums,
)
from phosphene.networks.network import Network
from phosphene.optimize.tiling import Part, Sums, added, parts_of

PIXELS = "pixels"
"""The colors themselves, compared like a layer where `colors` has a weight."""
COLOR_WEIGHT = 2.0
"""Of the colors themselves, which softened activations hold but loosely."""
TV_WEIGHT = 0.2
"""Of total variation, at a smoothness of 1."""


@dataclass(frozen=True)
class Layers:
    """Where a network is compared: weighted layers for style, one for content, one for dream."""

    style: Mapping[str, float]
    content: str
    dream: str


_VGG = Layers(
    {"relu1_1": 256, "relu2_1": 64, "relu3_1": 16, "relu4_1": 4, "relu5_1": 1},
    content="relu4_2",
    dream="relu5_1",
)
# The expanded activations inside the blocks: wide and rectified like VGG's, unlike block outputs.
_EFFICIENTNET = Layers(
    {
        "bn1": 64,
        "blocks.1.0.bn1": 32,
        "blocks.2.0.bn1": 16,
        "blocks.3.0.bn1": 8,
        "blocks.4.0.bn1": 4,
        "blocks.5.0.bn1": 1,
    },
    content="blocks.3.0.bn1",
    dream="blocks.4",
)


def layers_of(net: Network) -> Layers:
    """The layers that paint best where they were tried, else one per scale of the network."""
    if net.name == "vgg19":
        return _VGG
    if net.name.startswith("efficientnet_lite"):
        return _EFFICIENTNET
    scales: dict[int, str] = {}
    for tap in net.taps.values():
        if tap.receptive_field is not None and tap.stride <= 16:
            scales[tap.stride] = tap.name
    names = list(scales.values())
    weights = {name: 4.0 ** (len(names) - 1 - depth) for depth, name in enumerate(names)}
    return Layers(weights, content=names[-2 if len(names) > 1 else -1], dream=names[-1])


def parse_layers(text: str) -> dict[str, float]:
    """ "relu1_1 256, relu2_1 64" -> {"relu1_1": 256.0, "relu2_1": 64.0}; no number means 1."""
    weights: dict[str, float] = {}
    for part in re.split(r"[,;\n]", text):
        words = part.replace(":", " ").split()
        if not words:
            continue
        try:
            name, weight = words[0], float(words[1]) if len(words) > 1 else 1.0
            if len(words) > 2 or not 0 <= weight < math.inf:
                raise ValueError
        except ValueError:
            raise InputError(
                f"style layers have {part.strip()[:60]!r}; write each as a name and a weight, "
                "such as relu3_1 16"
            ) from None
        weights[name] = weight
    return weights


@dataclass(frozen=True)
class StyleSpec:
    """What to compare and how much each term weighs; nothing here depends on a picture."""

    net: Network
    style: Mapping[str, float]
    content: str
    dream: str
    kind: Kind = "gram"
    soft: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """InputError if nothing would be left to paint."""
        if not any(self.weights.values()) or (
            self.weights.get("style") and not sum(self.style.values())
        ):
            raise InputError("all weights are zero; raise the strength or a style layer's weight")

    @classmethod
    def of(
        cls,
        net: Network,
        weights: Mapping[str, float],
        *,
        kind: Kind = "gram",
        style: Mapping[str, float] | None = None,
        content: str = "",
        soft: bool | None = None,
    ) -> StyleSpec:
        """What suits the network where nothing else is said: all but VGG's are softened."""
        layers = layers_of(net)
        soft = "vgg" not in net.name if soft is None else soft
        if soft:
            weights = {**weights, "colors": COLOR_WEIGHT * weights["style"]}
        return cls(
            net,
            style or layers.style,
            content or layers.content,
            layers.dream,
            kind,
            soft,
            weights,
        )

    @property
    def layers(self) -> list[str]:
        """The layers that some term needs."""
        style = self._style_layers if self.weights["style"] else []
        others = {"content": self.content, "dream": self.dream}
        return style + [layer for name, layer in others.items() if self.weights.get(name)]

    @property
    def _style_layers(self) -> list[str]:
        return [layer for layer, weight in self.style.items() if weight]

    @property
    def min_side(self) -> int:
        """The smallest side of a picture, in pixels, at which every layer shows something."""
        return max(self.net.tap(layer).min_side for layer in self.layers)

    def check_size(self, height: int, width: int) -> None:
        """InputError if a picture is too small for any of the layers."""
        for layer in self.layers:
            self.net.check_size(layer, height, width)

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Of a picture (1, 3, H, W), by layer; softened where `soft` says so."""
        activations = self.net.acts(x, self.layers)
        if self.soft:
            activations = {layer: soften(maps) for layer, maps in activations.items()}
        return activations | {PIXELS: x} if self.weights.get("colors") else activations

    def kind_of(self, layer: str) -> Kind:
        """How a layer is compared: of colors the rare ones must count as well."""
        return "wasserstein" if layer == PIXELS else self.kind

    def targets_of(self, pictures: Sequence[Tensor], shares: Sequence[float]) -> dict[str, Moments]:
        """By layer, what a blend of styles (1, 3, h, w) with their shares asks for."""
        with device_lock(self.net.device):
            moments = [self._moments(picture) for picture in pictures]
        return {
            layer: as_target(self.kind_of(layer), blend([own[layer] for own in moments], shares))
            for layer in moments[0]
        }

    def _moments(self, picture: Tensor) -> dict[str, Moments]:
        layers = self._style_layers + ([PIXELS] if self.weights.get("colors") else [])

        def read(view: Tensor, part: Part) -> Sums:
            activations = self.activations(view)
            return {
                (layer, name): value
                for layer in layers
                for name, value in sums(self.kind_of(layer), part.own(activations[layer])).items()
            }

        totals = added(picture, parts_of(*picture.shape[-2:]), read)
        return {
            layer: averaged({name: v for (own, name), v in totals.items() if own == layer})
            for layer in layers
        }
