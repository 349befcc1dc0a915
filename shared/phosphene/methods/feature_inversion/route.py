"""The layers of a walk, from shallow to deep."""

from __future__ import annotations

from collections.abc import Sequence

from phosphene.networks.network import Network
from phosphene.networks.zoo import CLASSIFIERS

# Chosen by what changes: all layers were inverted (two photographs, 128 and 160 pixels, 24
# iterations times the depth's share) and pictures compared by early activations of EfficientNet-
# Lite0. The largest step of a row is 3.1 times its smallest for VGG-19 and 2.4 times for
# EfficientNet-Lite0; evenly spread rows had 90 times: the first layers all give one photograph.
# VGG-19's last, relu5_4, is left out: it needs more iterations than a walk has, and ends grey.
WALKS: dict[str, tuple[str, ...]] = {
    "vgg19": (
        *("relu1_1", "relu3_1", "relu3_3", "relu3_4", "relu4_1"),
        *("relu4_3", "relu4_4", "relu5_1", "relu5_2", "relu5_3"),
    ),
    **dict.fromkeys(
        CLASSIFIERS,
        (
            *("blocks.0.0", "blocks.2.0", "blocks.3.0", "blocks.4.0", "blocks.4.2"),
            *("blocks.5.0", "blocks.5.3", "blocks.6.0", "global_pool", "logits"),
        ),
    ),
}


def route(network: Network, count: int) -> tuple[str, ...]:
    """`count` layers from shallow to deep: of those chosen while they suffice, else of all."""
    layers = WALKS.get(network.name, ())
    if len(layers) < count:
        layers = tuple(name for name in network.taps if name != "probabilities")
        if network.name == "vgg19":
            layers = tuple(name for name in layers if name.startswith("relu"))
    count = min(count, len(layers))
    spread = [round(i * (len(layers) - 1) / max(1, count - 1)) for i in range(count)]
    return tuple(layers[index] for index in spread)


def in_order(network: Network, names: Sequence[str]) -> tuple[str, ...]:
    """Taps once each, from shallow to deep; InputError for one that does not exist."""
    listed = list(network.taps)
    for name in names:
        network.tap(name)
    place = {name: index for index, name in enumerate(listed)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(listed))))
