"""A network as a graph: traced once, prepared for speed, measured, cut where a tap ends."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, cast

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from phosphene.errors import InputError
from phosphene.networks.layouts import Layout
from phosphene.networks.same_padding import Same
from phosphene.networks.winograd import Winograd


class Tracer(fx.Tracer):
    """Modules of torch, and those that timm marks, are leaves of the graph."""

    def __init__(self) -> None:
        from timm.layers.norm_act import BatchNormAct2d
        from timm.models._features_fx import get_notrace_functions, get_notrace_modules

        functions = tuple(get_notrace_functions())  # type: ignore[no-untyped-call]
        super().__init__(autowrap_functions=functions)
        marked = tuple(get_notrace_modules())  # type: ignore[no-untyped-call]
        self._leaves = (nn.Conv2d, nn.Linear, BatchNormAct2d, *marked)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the graph shows the module as one node."""
        return isinstance(m, self._leaves) or super().is_leaf_module(m, module_qualified_name)


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
    last: dict[str, fx.Node] = {}
    for node in graph.nodes:
        for path, _ in node.meta.get("nn_module_stack", {}).values():
            last[str(path)] = node
        if node.op == "call_module":
            last[str(node.target)] = node
        if node.op == "output":
            last[""] = node.args[0]
    return last


def fields(
    graph: fx.Graph, body: nn.Module, layouts: Mapping[fx.Node, Layout]
) -> dict[fx.Node, tuple[float, float]]:
    """Receptive field and stride of every node in pixels, by the usual recurrence.

    A vector that weighs maps (squeeze-and-excitation) changes neither: the maps' places go on.
    """
    measured: dict[fx.Node, tuple[float, float]] = {}
    for node in graph.nodes:
        inputs = [n for n in node.all_input_nodes if n in measured]
        if not inputs:
            measured[node] = (1.0, 1.0)
            continue
        placed = [n for n in inputs if n in layouts and layouts[n].spatial]
        sizes = [measured[n] for n in placed or inputs]
        field, stride = (max(values) for values in zip(*sizes, strict=True))
        kernel, step = _window(node, body, layouts)
        measured[node] = (field + (kernel - 1) * stride, stride * step)
    return measured


_EVERYWHERE = ("matmul", "bmm", "einsum", "softmax", "scaled_dot_product_attention")
"""What attention is made of: each place sees all others."""


def _window(
    node: fx.Node, body: nn.Module, layouts: Mapping[fx.Node, Layout]
) -> tuple[float, float]:
    """How far a node reaches and steps, in cells of its input."""
    if node.op == "call_module":
        return _module_window(body.get_submodule(str(node.target)))
    name = str(getattr(node.target, "__name__", node.target))
    if name in ("max_pool2d", "avg_pool2d", "boolean_dispatch"):
        kernel = node.args[1] if len(node.args) > 1 else node.kwargs.get("kernel_size", 1)
        step = node.args[2] if len(node.args) > 2 else node.kwargs.get("stride", kernel)
        return _side(kernel), _side(step or kernel)
    if name == "conv2d":
        step = node.args[3] if len(node.args) > 3 else node.kwargs.get("stride", 1)
        return max(_kernel_size(node, body), default=1), _side(step)
    if name in ("mean", "adaptive_avg_pool2d", *_EVERYWHERE) or _mixes_tokens(node, name, layouts):
        return math.inf, 1
    return 1, 1


def _module_window(module: Any) -> tuple[float, float]:
    if isinstance(module, nn.Conv2d):
        sizes = zip(module.dilation, module.kernel_size, strict=True)
        return max(d * (k - 1) + 1 for d, k in sizes), max(module.stride)
    kind = type(module).__name__
    if "Pool" in kind:
        kernel = getattr(module, "kernel_size", getattr(module, "filt_size", None))
        return (math.inf, 1) if kernel is None else (_side(kernel), _side(module.stride))
    return (math.inf, 1) if kind.lower() in _EVERYWHERE else (1, 1)


def _kernel_size(node: fx.Node, body: nn.Module) -> tuple[int, ...]:
    """Of a convolution that is called as a function with a fixed filter."""
    weight = node.args[1] if len(node.args) > 1 else node.kwargs.get("weight")
    if not isinstance(weight, fx.Node) or weight.op != "get_attr":
        return ()
    owner, _, name = str(weight.target).rpartition(".")
    return tuple(getattr(body.get_submodule(owner), name).shape[2:])


def _mixes_tokens(node: fx.Node, name: str, layouts: Mapping[fx.Node, Layout]) -> bool:
    """Whether tokens are turned for a layer over their places (arXiv 2105.01601)."""
    before = layouts.get(node.all_input_nodes[0])
    return name in ("transpose", "permute") and before is not None and before.kind == "tokens"


def _side(value: Any) -> float:
    return float(max(value) if isinstance(value, (tuple, list)) else value)


def trace(body: nn.Module) -> fx.Graph:
    """The graph of a body; InputError where its code cannot be followed."""
    options = list(signature(body.forward).parameters.values())[1:]
    defaults = {p.name: p.default for p in options if p.default is not Parameter.empty}
    try:
        return Tracer().trace(body, defaults)
    except Exception as error:  # whatever its own code says of what is no tensor
        raise unfollowed(body) from error
    finally:
        for module in body.modules():
            if hasattr(module, "attention_bias_cache"):  # would keep a piece of this trace
                cast(Any, module).attention_bias_cache = {}


def unfollowed(body: nn.Module) -> InputError:
    """The error for a network whose layers cannot be had one by one."""
    kind = type(body).__name__
    return InputError(f"{kind} cannot be followed layer by layer; choose another network")


def prepared(body: nn.Module) -> nn.Module:
    """Frozen, in eval mode, batch norms folded, convolutions the quick way, none in place.

    PHOSPHENE_PLAIN_CONVOLUTIONS=1 leaves the convolutions as PyTorch and timm have them.
    """
    body = body.eval().requires_grad_(False)
    for module in body.modules():
        if hasattr(module, "inplace"):
            cast(Any, module).inplace = False  # in-place activations would overwrite a tap
    graph = trace(body)
    for node in list(graph.nodes):
        _fold(node, body)
    plain = os.environ.get("PHOSPHENE_PLAIN_CONVOLUTIONS") == "1"
    for name, module in list(body.named_modules()):
        for quick in () if plain else (Same, Winograd):
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
    from timm.layers.norm_act import BatchNormAct2d

    fused = fuse_conv_bn_eval(conv, norm)
    conv.weight, conv.bias = fused.weight, fused.bias
    conv.requires_grad_(False)
    rest: nn.Module = norm.act if isinstance(norm, BatchNormAct2d) else nn.Identity()
    body.set_submodule(str(node.target), rest)
