"""A transformer's attention weights, as values of its graph."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, fx, nn

from phosphene.networks import graphs, walks

_FUSED = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


def weights(query: Tensor, key: Tensor, mask: Tensor | None, scale: float | None) -> Tensor:
    """Attention (N, heads, T, T) from queries and keys (N, heads, T, C), each row summing to 1."""
    scores = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    elif mask is not None:
        scores = scores + mask
    return scores.softmax(-1)


def until(body: nn.Module, whole: fx.Graph, ends: Mapping[str, fx.Node]) -> fx.GraphModule:
    """As `walks.until`, with each softmax on the way among the values as "0", "1" and so on.

    An attention that is one step of its own is written as its parts.
    """
    needed = graphs.ancestors(ends.values())
    graph, copies, found = fx.Graph(), walks.Copies(), list[fx.Node]()
    for node in whole.nodes:
        if node not in needed:
            continue
        parts = _parts(graph, node, copies)
        copies[node] = parts[-1] if parts else walks.plain(graph, node, copies)
        if parts or _softmax(node, body):
            found.append((parts or [copies[node]])[0])
    values = {str(index): node for index, node in enumerate(found)}
    graph.output({**values, **{name: copies[node] for name, node in ends.items()}})
    return fx.GraphModule(body, graph)


def _softmax(node: fx.Node, body: nn.Module) -> bool:
    if node.op == "call_module":
        return isinstance(body.get_submodule(str(node.target)), nn.Softmax)
    return str(getattr(node.target, "__name__", node.target)) == "softmax"


def _parts(graph: fx.Graph, node: fx.Node, copies: walks.Copies) -> list[fx.Node]:
    """The weights of a fused attention, and what they make of the values; nothing for others."""
    if getattr(node.target, "__name__", "") != "scaled_dot_product_attention":
        return []
    given = {**dict(zip(_FUSED, node.args, strict=False)), **node.kwargs}
    if given.get("is_causal") or given.get("enable_gqa"):
        return []

    def copied(name: str) -> object:
        return fx.map_arg(given.get(name), lambda n: copies[n])

    asked = tuple(copied(name) for name in ("query", "key", "attn_mask", "scale"))
    shares = graph.call_function(weights, asked)  # type: ignore[arg-type]
    return [shares, graph.call_function(torch.matmul, (shares, copied("value")))]  # type: ignore[arg-type]
