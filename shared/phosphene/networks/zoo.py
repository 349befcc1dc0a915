"""Architectures without weights: VGG-19 under the papers' names, timm's classifiers by theirs.

timm takes seconds to import: only who builds a network, or names one of its own, waits for it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from torch import nn

from phosphene.errors import unknown

CLASSIFIERS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
EMBEDDED = (*CLASSIFIERS, "vgg19")
ENSEMBLES = {"efficientnet_lites": CLASSIFIERS}
"""Networks that are asked together, by the name of all of them."""

DEFAULT_TAPS = dict.fromkeys(CLASSIFIERS, "blocks.4") | {"vgg19": "relu4_2"}


@dataclass(frozen=True)
class Architecture:
    """An architecture without weights, and what is known of how it was trained.

    `side` is the picture side in pixels of its training; `fixed` where it takes no other.
    """

    body: nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...] = ()
    default_tap: str = ""
    side: int = 224
    fixed: bool = False


OWN: dict[str, Architecture] = {}
"""Models that a program gave us itself, with their weights, by the names it gave them."""


def architecture(name: str) -> Architecture:
    """The architecture by name; InputError with the nearest names if there is none."""
    if name in OWN:
        return replace(OWN[name], body=deepcopy(OWN[name].body))
    return vgg19() if name == "vgg19" else classifier(name)


def members(name: str) -> tuple[str, ...]:
    """The networks of a name: those of an ensemble, or of names joined by +; most often one."""
    names = tuple(part for text in name.split("+") if (part := text.strip()))
    return ENSEMBLES.get(name.strip()) or names or (name,)


def known(name: str) -> bool:
    """Whether there is an architecture of that name."""
    if name in EMBEDDED or name in OWN or not name.startswith("timm/"):
        return name in EMBEDDED or name in OWN
    import timm

    return bool(timm.is_model(name[5:]))


def check(name: str) -> None:
    """InputError with the nearest names where there is no architecture of that name."""
    if not known(name):
        import timm

        near = [f"timm/{model}" for model in timm.list_models()]
        raise unknown("network", name, [*EMBEDDED, *near])


_VGG_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def vgg19() -> Architecture:
    """The convolutions of VGG-19 under the papers' names (arXiv 1409.1556)."""
    layers: list[tuple[str, nn.Module]] = []
    last = 3
    for block, (count, width) in enumerate(_VGG_BLOCKS, 1):
        for index in range(1, count + 1):
            layers.append((f"conv{block}_{index}", nn.Conv2d(last, width, 3, padding=1)))
            layers.append((f"relu{block}_{index}", nn.ReLU()))
            last = width
        layers.append((f"pool{block}", nn.MaxPool2d(2, 2)))
    # Caffe's: 0 to 255 with the mean color subtracted; the weights were turned to RGB.
    mean = tuple(value / 255 for value in (123.68, 116.779, 103.939))
    body = nn.Sequential(OrderedDict(layers))
    return Architecture(body, mean, (1 / 255,) * 3, default_tap=DEFAULT_TAPS["vgg19"])


def classifier(name: str) -> Architecture:
    """A classifier of timm by its Hub name, or one of the embedded EfficientNets."""
    import timm
    from timm.data.config import resolve_data_config

    check(name)
    model = f"tf_{name}" if name in EMBEDDED else name.removeprefix("timm/")
    body: Any = timm.create_model(model, pretrained=False)
    settings = resolve_data_config(model=body)  # type: ignore[no-untyped-call]
    return Architecture(
        body,
        settings["mean"],
        settings["std"],
        _class_names(body),
        DEFAULT_TAPS.get(name, ""),
        settings["input_size"][-1],
        body.pretrained_cfg.get("fixed_input_size", False),
    )


def average_pools(body: nn.Module) -> None:
    """Gatys et al. (arXiv 1508.06576) pool by averages: the gradient reaches every cell."""
    for path, module in list(body.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            body.set_submodule(path, pool)


@cache
def listed_classes() -> tuple[str, ...]:
    """The first names of ImageNet's thousand classes by the alphabet, each once, as timm has them.

    Kept in a file of their own: every page lists them.
    """
    path = Path(__file__).with_name("classes.json")
    return tuple(json.loads(path.read_text(encoding="utf-8")))


def _class_names(body: nn.Module) -> tuple[str, ...]:
    from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset(body)
    count = int(getattr(body, "num_classes", 0))
    if subset:
        info = ImageNetInfo(subset)
        return tuple(info.index_to_description(i) for i in range(count))
    return tuple(f"class {i}" for i in range(count))
