"""Other rules backwards at ReLUs: the same network, the same weights, another graph.

Guided backpropagation (arXiv 1412.6806) lets a gradient pass where it is positive and the ReLU was
open, the deconvolution (1311.2901) where it is positive. GELU, SiLU and others stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.autograd.function import Function, once_differentiable

from phosphene.networks.walks import Copies, Copy, plain

Rule: TypeAlias = Literal["guided", "deconvolution"]


class _Positive(Function):
    """The value as it is; backwards what is positive."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clamp(min=0)


class _Open(Function):
    """A ReLU cut off at `top`; backwards what is positive."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, top: float) -> Tensor:
        return x.clamp(0, top)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.clamp(min=0), None


def guided(x: Tensor, top: float) -> Tensor:
    """ReLU cut off at `top`; backwards what is positive, where it was neither 0 nor cut off."""
    result: Tensor = _Positive.apply(F.hardtanh(x, 0.0, top))
    return result


def deconvolution(x: Tensor, top: float) -> Tensor:
    """ReLU cut off at `top`; backwards what is positive, whatever the ReLU saw."""
    result: Tensor = _Open.apply(x, top)
    return result


RULES: dict[Rule, Callable[[Tensor, float], Tensor]] = {
    "guided": guided,
    "deconvolution": deconvolution,
}


def ceiling(node: fx.Node, body: nn.Module) -> float | None:
    """Where a node that is a ReLU cuts off, infinity if nowhere; None if it is none."""
    if node.op == "call_module":
        module = body.get_submodule(str(node.target))
        return _cut(module.act if _has_activation(module) else module)
    if node.op not in ("call_function", "call_method"):
        return None
    name = str(getattr(node.target, "__name__", node.target))
    return {"relu": math.inf, "relu_": math.inf, "relu6": 6.0}.get(name)


def _has_activation(module: nn.Module) -> bool:
    """Whether a batch norm has its activation inside."""
    from timm.layers.norm_act import BatchNormAct2d

    return isinstance(module, BatchNormAct2d)


def _cut(module: object) -> float | None:
    if isinstance(module, nn.Hardtanh) and module.min_val == 0:  # ReLU6 is one
        return float(module.max_val)
    return math.inf if isinstance(module, nn.ReLU) else None


def ruled(body: nn.Module, rule: Rule) -> Copy:
    """Copies nodes into a graph that follows the rule backwards."""

    def copy(graph: fx.Graph, node: fx.Node, copies: Copies) -> fx.Node:
        top = ceiling(node, body)
        if top is None:
            return plain(graph, node, copies)
        x = copies[node.all_input_nodes[0]]
        if node.op == "call_module":
            module = body.get_submodule(str(node.target))
            if _has_activation(module):
                x = _norm(graph, str(node.target), module, x)
        return graph.call_function(RULES[rule], (x, top))

    return copy


def _norm(graph: fx.Graph, path: str, module: Any, x: fx.Node) -> fx.Node:
    """A batch norm alone, of one that has its ReLU inside."""
    names = ("running_mean", "running_var", "weight", "bias")
    values = [graph.get_attr(f"{path}.{name}") for name in names]
    return graph.call_function(F.batch_norm, (x, *values, False, 0.0, module.eps))
