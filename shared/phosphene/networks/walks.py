"""Graphs cut out of a network's own: up to its taps, or from one of its layers on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeAlias, TypeVar

from torch import Tensor, fx, nn

from phosphene.networks import graphs

Graphs = TypeVar("Graphs")
KEPT = 64
"""Graphs that a network keeps: those used last."""


class Recent(OrderedDict[tuple[str, ...], Graphs], Generic[Graphs]):
    """Graphs by what they lead to; what was not used for longest goes where there are too many."""

    def get_or_make(self, key: tuple[str, ...], make: Callable[[], Graphs]) -> Graphs:
        """The graph of a key, made where it is missing."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        while len(self) > KEPT:
            self.popitem(last=False)
        return self[key]


Copies: TypeAlias = dict[fx.Node, fx.Node]
Copy: TypeAlias = Callable[[fx.Graph, fx.Node, Copies], fx.Node]
"""Writes a node into a new graph, its inputs being there already."""


def plain(graph: fx.Graph, node: fx.Node, copies: Copies) -> fx.Node:
    """The node as it is."""
    return graph.node_copy(node, lambda n: copies[n])


def until(
    body: nn.Module, whole: fx.Graph, ends: Mapping[str, fx.Node], copy: Copy = plain
) -> fx.GraphModule:
    """The graph up to the deepest of the ends: a picture -> the values by name."""
    needed = graphs.ancestors(ends.values())
    graph, copies = fx.Graph(), Copies()
    for node in whole.nodes:
        if node in needed:
            copies[node] = copy(graph, node, copies)
    graph.output({name: copies[node] for name, node in ends.items()})
    return fx.GraphModule(body, graph)


def behind(layer: fx.Node, whole: fx.Graph) -> set[fx.Node]:
    """The layer and all that is computed from it."""
    found = {layer}
    for node in whole.nodes:
        if any(n in found for n in node.all_input_nodes):
            found.add(node)
    return found


def halves(
    body: nn.Module,
    whole: fx.Graph,
    layer: fx.Node,
    ends: Mapping[str, fx.Node],
    copy: Copy = plain,
) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The graph in two: a picture -> the layer's value and what else crosses over, by nodes'
    names; and those values, by name -> the values at the ends.
    """
    needed = [node for node in whole.nodes if node in graphs.ancestors(ends.values())]
    later = behind(layer, whole) - {layer}
    crossing = [layer]
    for node in needed:
        inputs = node.all_input_nodes if node in later else ()
        crossing += [n for n in inputs if n not in later and n.op != "get_attr"]
    crossing += [end for end in ends.values() if end not in later]
    crossing = list(dict.fromkeys(crossing))
    first = until(body, whole, {node.name: node for node in crossing}, copy)
    graph = fx.Graph()
    copies: Copies = {node: graph.placeholder(node.name) for node in crossing}
    for node in needed:
        if node in later or (node.op == "get_attr" and node not in copies):
            copies[node] = copy(graph, node, copies)
    graph.output({name: copies[node] for name, node in ends.items()})
    return first, fx.GraphModule(body, graph)


def depend(layer: fx.Node, ends: Iterable[fx.Node], whole: fx.Graph) -> bool:
    """Whether each of the ends is the layer or computed from it."""
    return set(ends) <= behind(layer, whole)


Rest: TypeAlias = Callable[[Tensor], dict[str, Tensor]]
"""What a network computes from the value of one of its layers: values by tap."""
