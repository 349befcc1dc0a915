"""Class activation maps: where the maps of a late layer speak for the class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.errors import InputError
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options

Cam: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Activations and gradients (1, C, h, w) -> a map (1, 1, h, w)."""


def places(case: Case, options: Options) -> str:
    """The layer whose maps are asked: `options.layer`, or the deepest with places that counts.

    InputError for a layer without places, one that the target does not come from, and a network
    that has no other.
    """
    network = case.network
    if options.layer:
        name = network.tap(options.layer).name
        height, width = case.x.shape[-2:]
        network.check_size(name, height, width)
        if not network.layout(name).spatial:
            raise InputError(f"{name} has no places; choose a layer with maps, as {_first(case)}")
        if not network.depend(name, case.layers):
            raise InputError(
                f"{case.name} is not computed from {name}; choose a layer before it, "
                f"as {_first(case)}"
            )
        if not counts(case, name):
            raise InputError(
                f"the places of {name} have no say in {case.name}; choose {_first(case)}"
            )
        return name
    return _first(case)


def with_places(case: Case) -> list[str]:
    """The layers with places that the target is computed from, shallow first."""
    network, (height, width) = case.network, case.x.shape[-2:]
    return [
        name
        for name, tap in network.taps.items()
        if network.layout(name).spatial
        and (network.side or min(height, width) >= tap.min_side)
        and network.depend(name, case.layers)
    ]


def counts(case: Case, layer: str) -> bool:
    """Whether the target reads a layer's places at all.

    The last tokens of a transformer do not count where its class token alone is read.
    """
    if not case.network.layout(layer).prefix:
        return True
    return bool(maps(case, layer)[1].any())


def _first(case: Case) -> str:
    """The deepest layer with places that counts; InputError where there is none.

    It is the target's own where that has places.
    """
    alone = case.layers if len(case.layers) == 1 else ()
    own = [name for name in alone if case.network.layout(name).spatial]
    for name in [*own, *reversed(with_places(case))]:
        if counts(case, name):
            return name
    raise InputError(
        f"{case.name} of {case.network.name} comes from no layer with places; "
        "choose a convolutional network such as efficientnet_lite0, or a method of gradients"
    )


def maps(case: Case, layer: str) -> tuple[Tensor, Tensor]:
    """A layer's activations and the score's gradients with respect to them (1, C, h, w), float32.

    One pass forward, and back from the target to the layer alone.
    """
    network = case.network
    value, rest = network.split(case.x, layer, case.layers)
    with torch.enable_grad():
        value = value.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(case.total(rest(value)).sum(), value)
    layout = network.layout(layer)
    return layout.maps(value.detach()).float(), layout.maps(gradient).float()


def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Maps weighted by their mean gradient, what speaks for the class (arXiv 1610.02391)."""
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * activations).sum(1, keepdim=True).relu()


def grad_cam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Positive gradients weighted so that each of several objects counts (arXiv 1710.11063)."""
    total = activations.sum((2, 3), keepdim=True)
    # Equation 19 over the squared gradient; where that is 0, so is the gradient that it weighs.
    shares = gradients.square() / (2 * gradients.square() + total * gradients**3 + 1e-6)
    weights = (shares * gradients.relu()).sum((2, 3), keepdim=True)
    return (weights * activations).sum(1, keepdim=True).relu()


def layer_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Each place weighted by its own positive gradient: works in early layers too.

    Jiang et al., LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, 2021.
    """
    return (gradients.relu() * activations).sum(1, keepdim=True).relu()


def over_picture(case: Case, cam: Tensor) -> Tensor:
    """A map (1, 1, h, w) at the picture's size, bilinear."""
    return F.interpolate(cam, case.x.shape[-2:], mode="bilinear", align_corners=False)


def attribution(cam: Cam) -> Callable[[Case, Options], Iterator[Estimate]]:
    """A CAM as a way of asking."""

    def run(case: Case, options: Options) -> Iterator[Estimate]:
        yield Estimate(over_picture(case, cam(*maps(case, places(case, options)))))

    run.__doc__ = cam.__doc__
    return run


ATTRIBUTIONS = {
    "grad_cam": Attribution(
        attribution(grad_cam),
        "Grad-CAM",
        signed=False,
        passes=1,
        about="The last maps, each weighted by how much it speaks for the class.",
        caution="Coarse, a cell is often 32 pixels wide; positive evidence alone is shown.",
        paper="1610.02391",
        options=("layer",),
    ),
    "grad_cam_plus_plus": Attribution(
        attribution(grad_cam_plus_plus),
        "Grad-CAM++",
        signed=False,
        passes=1,
        about="Grad-CAM with weights by place: several objects of the class all count.",
        caution="Coarse; its weights take the network for simpler than it is.",
        paper="1710.11063",
        options=("layer",),
    ),
    "layer_cam": Attribution(
        attribution(layer_cam),
        "Layer-CAM",
        signed=False,
        passes=1,
        about="Every place of every map weighted by its own gradient: finer in earlier layers.",
        caution="Early layers give fine maps of edges that say less about the class.",
        paper="doi 10.1109/TIP.2021.3089943",
        options=("layer",),
    ),
}
