"""What a dream descends: an objective in shares of the picture's own, or likeness to a guide."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError
from phosphene.images import ImageLike
from phosphene.networks.network import Network
from phosphene.optimize.ensemble import in_turn
from phosphene.optimize.losses import Loss
from phosphene.optimize.objectives import Objective

GUIDE_SIDE = 224
"""The longer side of a guide: enough to show what it is of, few enough places to compare with."""


def min_side(nets: Sequence[Network], objective: Objective) -> int:
    """The shorter side in pixels from which on every layer of every network shows something."""
    return max(net.tap(layer).min_side for net in nets for layer in objective.layers)


def dream_loss(
    nets: Sequence[Network], objective: Objective, source: Tensor, guide: ImageLike | None = None
) -> Loss:
    """The loss of a dream of networks asked in turn, or its likeness to a guide.

    Weights count in shares of what the source has of each term.
    """
    if guide is not None:
        return in_turn([guided_loss(net, objective, guide) for net in nets])
    fitted = images.scaled(source, *_at_most(source, 512, min_side(nets, objective)))
    return in_turn([_scaled_loss(net, objective.resolved(net), fitted) for net in nets])


def _scaled_loss(net: Network, objective: Objective, source: Tensor) -> Loss:
    with torch.no_grad():
        scaled = objective.scaled_to(net.acts(source, objective.layers))
    return lambda x: scaled.loss(net.acts(x, scaled.layers))


def guided_loss(net: Network, objective: Objective, guide: ImageLike) -> Loss:
    """Every place wants to be more like the place of the guide that it is most like.

    The guided dream of google/deepdream (2015): the gradient at each position is the guide's
    feature vector with the largest dot product.
    """
    picture = images.load(guide, GUIDE_SIDE)
    layers = [name for name in objective.layers if net.tap(name).receptive_field is not None]
    if not layers:
        raise InputError("a guide needs a layer to compare in; choose one instead of a class")
    for name in layers:
        if min(picture.size) < net.tap(name).min_side:
            raise InputError(
                f"guide is {picture.width}×{picture.height} after fitting into {GUIDE_SIDE} "
                f"pixels; {name} needs at least {net.tap(name).min_side} on each side"
            )
    with torch.no_grad():
        acts = net.acts(images.to_tensor(picture, net.device), layers)
    guides = {name: act[0].flatten(1).float() for name, act in acts.items()}

    def loss(x: Tensor) -> dict[str, Tensor]:
        acts = net.acts(x, layers)
        return {f"guide in {name}": _likeness(acts[name], guides[name]) for name in layers}

    return loss


def _likeness(features: Tensor, guide: Tensor) -> Tensor:
    """Minus the mean dot product of each place (N, C, h, w) with its best match of (C, places)."""
    places = features.float().flatten(2).mT.flatten(0, 1)
    with torch.no_grad():
        best = guide[:, (places @ guide).argmax(1)].T
    return -(places * best).mean() / guide.square().mean().clamp(min=1e-12)


def _at_most(source: Tensor, longest: int, shortest: int) -> tuple[int, int]:
    height, width = source.shape[-2:]
    ratio = max(min(1.0, longest / max(height, width)), shortest / min(height, width))
    return round(height * ratio), round(width * ratio)
