"""Attributions of vision transformers from their own attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from phosphene.errors import InputError
from phosphene.methods.saliency.cams import over_picture
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.networks.layouts import Layout
from phosphene.networks.network import Network


def attention_rollout(case: Case, options: Options) -> Iterator[Estimate]:
    """Attention, heads averaged, times attention through all layers (arXiv 2005.00928).

    Half of each layer's is the token itself, for the shortcut around it.
    """
    with torch.no_grad():
        layers, _ = case.network.attention(case.x, case.layers)
        layout = checked(case, layers)
        flow = torch.eye(layers[0].shape[-1]).to(case.x)
        for attention in layers:
            flow = (attention[0].float().mean(0) @ flow + flow) / 2
    yield Estimate(_map(case, flow, layout))


def attention_gradient(case: Case, options: Options) -> Iterator[Estimate]:
    """Attention times its gradient, what is positive, through all layers (arXiv 2103.15679)."""
    with torch.enable_grad():
        x = case.x.detach().requires_grad_()
        layers, acts = case.network.attention(x, case.layers)
        layout = checked(case, layers)
        score = case.total(acts).sum()
        gradients = torch.autograd.grad(score, layers, allow_unused=True, materialize_grads=True)
    flow = torch.eye(layers[0].shape[-1]).to(case.x)
    for attention, gradient in zip(layers, gradients, strict=True):
        flow = flow + (attention.detach() * gradient)[0].float().relu().mean(0) @ flow
    yield Estimate(_map(case, flow - torch.eye(len(flow)).to(flow), layout))


def checked(case: Case, layers: Sequence[Tensor]) -> Layout:
    """How the tokens lie that all layers attend to; InputError where they do not."""
    network = case.network
    for name in network.taps:
        layout = network.layout(name)
        tokens = layout.prefix + layout.side**2
        square = all(value.shape[2:] == (tokens, tokens) for value in layers)
        if layout.kind == "tokens" and layers and square:
            return layout
    raise InputError(
        f"{network.name} has no attention of all places to all; choose a vision transformer such "
        "as timm/vit_base_patch16_224, or another method"
    )


def readers(network: Network, layers: Sequence[str], layout: Layout) -> slice:
    """The tokens that the target reads: those of the class, or all with places."""
    classes = layout.prefix - int(getattr(network.body, "num_reg_tokens", 0))
    pooled = getattr(network.body, "global_pool", "token") != "token"
    if pooled or classes < 1 or not set(layers) <= {"logits", "probabilities"}:
        return slice(layout.prefix, None)
    return slice(0, classes)


def _map(case: Case, flow: Tensor, layout: Layout) -> Tensor:
    """What the readers take from each place, at the picture's size (1, 1, H, W)."""
    row = flow[readers(case.network, case.layers, layout)].mean(0)
    cells = row[layout.prefix :].view(1, 1, layout.side, layout.side)
    return over_picture(case, cells)


ATTRIBUTIONS = {
    "attention_rollout": Attribution(
        attention_rollout,
        "Attention rollout",
        signed=False,
        passes=1,
        about="Which places the class token has looked at, through all layers; transformers only.",
        caution="The same for every class; what is looked at need not count.",
        paper="2005.00928",
    ),
    "attention_gradient": Attribution(
        attention_gradient,
        "Attention × gradient",
        signed=False,
        passes=2,
        about="Attention that speaks for the class, through all layers; transformers only.",
        caution="What attention multiplies, the values, is left out.",
        paper="2103.15679",
    ),
}
