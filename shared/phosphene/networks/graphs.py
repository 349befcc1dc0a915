"""A network as a graph: traced once, prepared for speed, measured, cut where a tap ends."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

from timm.layers.norm_act import BatchNormAct2d
from timm.models._features_fx import get_notrace_functions, get_notrace_modules
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from phosphene.networks.same_padding import Same
from phosphene.networks.winograd import Winograd


class Tracer(fx.Tracer):
    """Modules of torch, and those that timm marks, are leaves of the graph."""

    def __init__(self) -> None:
        functions = tuple(get_notrace_functions())  # type: ignore[no-untyped-call]
        super().__init__(autowrap_functions=functions)
        self._leaves = tuple(get_notrace_modules())  # type: ignore[no-untyped-call]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the graph shows the module as one node."""
        leaves = (nn.Conv2d, nn.Linear, BatchNormAct2d, *self._leaves)
        return isinstance(m, leaves) or super().is_leaf_module(m, module_qualified_name)


def ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """The nodes and all that they are computed from."""
    needed: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    return needed


def ends(graph: fx.Graph) -> dict[str, fx.Node]:
    """For every module path the last node run inside it; "" is the graph's result."""
    found: dict[str, fx.Node] = {}
    for node in graph.nodes:
        for path, _ in node.meta.get("nn_module_stack", {}).values():
            found[str(path)] = node
        if node.op == "call_module":
            found[str(node.target)] = node
        if node.op == "output":
            found[""] = node.args[0]
    return found


def fields(graph: fx.Graph, body: nn.Module) -> dict[fx.Node, tuple[float, float]]:
    """Receptive field and stride of every node in pixels, by the usual recurrence."""
    found: dict[fx.Node, tuple[float, float]] = {}
    for node in graph.nodes:
        inputs = [found[n] for n in node.all_input_nodes if n in found]
        if not inputs:
            found[node] = (1.0, 1.0)
            continue
        field, stride = (max(values) for values in zip(*inputs, strict=True))
        kernel, step = _window(node, body)
        found[node] = (field + (kernel - 1) * stride, stride * step)
    return found


def _window(node: fx.Node, body: nn.Module) -> tuple[float, float]:
    """How far a node reaches and steps, in cells of its input."""
    if node.op == "call_module":
        module = body.get_submodule(str(node.target))
        if isinstance(module, nn.Conv2d):
            reach = max(
                d * (k - 1) + 1 for d, k in zip(module.dilation, module.kernel_size, strict=True)
            )
            return reach, max(module.stride)
        if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)):
            return _side(module.kernel_size), _side(module.stride)
        if isinstance(module, nn.AdaptiveAvgPool2d) or "Pool" in type(module).__name__:
            return math.inf, 1
    name = str(getattr(node.target, "__name__", node.target))
    if name in ("max_pool2d", "avg_pool2d", "boolean_dispatch"):
        kernel = node.args[1] if len(node.args) > 1 else node.kwargs.get("kernel_size", 1)
        step = node.args[2] if len(node.args) > 2 else node.kwargs.get("stride", kernel)
        return _side(kernel), _side(step or kernel)
    if name in ("mean", "adaptive_avg_pool2d"):
        return math.inf, 1
    return 1, 1


def _side(value: Any) -> float:
    return float(max(value) if isinstance(value, (tuple, list)) else value)


def prepared(body: nn.Module) -> nn.Module:
    """Frozen, in eval mode, batch norms folded, convolutions the quick way, none in place."""
    body = body.eval().requires_grad_(False)
    for module in body.modules():
        if hasattr(module, "inplace"):
            cast(Any, module).inplace = False  # in-place activations would overwrite a tap
    graph = Tracer().trace(body)
    for node in list(graph.nodes):
        _fold(node, body)
    for name, module in list(body.named_modules()):
        for quick in (Same, Winograd):
            if quick.suits(module):
                body.set_submodule(name, quick(cast(nn.Conv2d, module)))
    return body


def _fold(node: fx.Node, body: nn.Module) -> None:
    """Fold a batch norm that follows a convolution with no other reader into it."""
    before = node.args[0] if node.args else None
    if node.op != "call_module" or not isinstance(before, fx.Node):
        return
    norm = body.get_submodule(str(node.target))
    if not isinstance(norm, nn.BatchNorm2d) or before.op != "call_module" or len(before.users) > 1:
        return
    conv: Any = body.get_submodule(str(before.target))
    if type(conv).__name__ not in ("Conv2d", "Conv2dSame"):
        return
    fused = fuse_conv_bn_eval(conv, norm)
    conv.weight, conv.bias = fused.weight, fused.bias
    conv.requires_grad_(False)
    rest: nn.Module = norm.act if isinstance(norm, BatchNormAct2d) else nn.Identity()
    body.set_submodule(str(node.target), rest)
