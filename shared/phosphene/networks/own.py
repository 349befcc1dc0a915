"""A classifier of one's own by a name: every method and every page then knows it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from torch import nn

from phosphene.errors import InputError
from phosphene.networks import loading, registry, zoo
from phosphene.networks.structure import structure

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def adopt(
    model: nn.Module,
    classes: Sequence[str],
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    size: int = 224,
    name: str = "yours",
) -> str:
    """Make a copy of a classifier known by `name`, which is returned; a second one replaces it.

    `model` takes (N, 3, H, W), RGB less `mean` over `std`, and gives logits (N, classes); `size` is
    the picture side of its training. InputError for a model that cannot be followed.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model is a {type(model).__name__}; give a torch.nn.Module")
    if isinstance(classes, str) or not classes or not all(isinstance(c, str) for c in classes):
        raise InputError("classes are the names of what the model tells apart, a list of texts")
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise InputError("mean and std are three numbers each, for red, green, blue in [0, 1]")
    if name in zoo.EMBEDDED or name in zoo.ENSEMBLES or not name.isidentifier():
        raise InputError(f"name is {name[:60]!r}; choose another, of letters, digits and _")
    body = deepcopy(model).cpu().float().eval()
    red, green, blue = map(float, mean)
    spread = (float(std[0]), float(std[1]), float(std[2]))
    release(name)
    zoo.OWN[name] = zoo.Architecture(body, (red, green, blue), spread, tuple(classes), "", size)
    registry.OWN.add(name)
    try:
        count = structure(name).tap("logits").channels
        if count != len(classes):
            raise InputError(f"the model gives {count} scores; there are {len(classes)} classes")
    except InputError:
        release(name)
        raise
    return name


def release(name: str) -> None:
    """Forget a model that was adopted; nothing happens where there is none of that name."""
    zoo.OWN.pop(name, None)
    registry.OWN.discard(name)
    loading.forget(name)
    structure.cache_clear()
