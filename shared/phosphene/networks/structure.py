"""What is known of an architecture without its weights: where one can look, and what it sees."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, fx, nn

from phosphene import device as devices
from phosphene.errors import unknown
from phosphene.networks import graphs, zoo
from phosphene.networks.layouts import Layout, layout_of

_PROBE = 128  # pixels; large enough for every classifier's stem
_FLOOR = 16  # pixels, where nothing else asks for more


@dataclass(frozen=True)
class Tap:
    """A place to look: `channels` maps, one cell per `stride` pixels, each seeing a square of
    `receptive_field` pixels (None: there are no places); `min_side` is the least picture side.

    A network of fixed input size counts in pixels of the picture as it takes it.
    """

    name: str
    channels: int
    stride: int
    receptive_field: int | None
    min_side: int


class Structure:
    """The taps of an architecture; any module that it runs can be named beyond the listed ones."""

    taps: Mapping[str, Tap]
    default_tap: str
    classes: tuple[str, ...]
    side: int | None
    """The one picture side in pixels that the network takes, None where any will do."""
    density: float
    """Values for each pixel of a picture, over all layers."""

    def __init__(self, name: str, architecture: zoo.Architecture) -> None:
        """Trace a body that `graphs.prepared` made ready, on whatever device it is."""
        self.name, self.classes = name, architecture.classes
        self.body = architecture.body
        self.graph = graphs.trace(self.body)
        self._ends = graphs.ends(self.graph)
        self._trained = architecture.side
        self._layouts = self._probe(architecture)
        self._fields = graphs.fields(self.graph, self.body, self._layouts)
        self.taps = {tap: self._tap(tap) for tap in self._tap_names()}
        self.default_tap = architecture.default_tap or self._middle()

    def tap(self, name: str) -> Tap:
        """What is known of a tap; InputError with the nearest names if there is none."""
        return self.taps[name] if name in self.taps else self._tap(name)

    def node(self, name: str) -> fx.Node:
        """Where in the graph a tap is computed; InputError as `tap`."""
        if name in ("logits", "probabilities") and self.classes:
            return self._ends[""]
        if name not in self._ends or not name:
            raise unknown(f"tap of {self.name}", name, self._tap_names())
        return self._ends[name]

    def layout(self, name: str) -> Layout:
        """How the value at a tap holds its places; InputError as `tap`."""
        node = self.node(name)
        if node not in self._layouts:
            raise unknown(f"tap of {self.name}", name, self._tap_names())
        return self._layouts[node]

    def _tap(self, name: str) -> Tap:
        layout = self.layout(name)
        field, stride = self._fields[self.node(name)]
        if layout.spatial:
            cell = self._probed / layout.side
            if self.side or not 0.7 < stride / cell < 1.5:
                stride = round(cell)  # merged patches and attention have no strides to follow
            if self.side or math.isinf(field):
                field = min(field, self._trained)
        return Tap(
            name,
            layout.channels,
            int(stride),
            None if math.isinf(field) else int(field),
            self._floor if self.side else max(self._floor, 2 * int(stride)),
        )

    def _tap_names(self) -> list[str]:
        listed = set(_listed(self.body))
        shown = [name for name in self._ends if name in listed and self._interesting(name)]
        return shown + (["logits", "probabilities"] if self.classes else [])

    def _interesting(self, name: str) -> bool:
        module = self.body.get_submodule(name)
        dull = isinstance(module, (nn.Identity, nn.Dropout, nn.Flatten))
        layout = self._layouts.get(self._ends[name])
        if dull or layout is None or layout.kind == "other":
            return False
        return not (self.classes and self._ends[name] is self._ends[""])

    def _probe(self, architecture: zoo.Architecture) -> dict[fx.Node, Layout]:
        """The layout of every node, read off one pass over a grey picture of a size that fits."""
        sizes = ((_PROBE, None), (299, None), (architecture.side, architecture.side))
        for probed, fixed in sizes[-1:] if architecture.fixed else sizes:
            # Networks that pad run on anything; others need what their stem and pools eat.
            self._floor = 150 if probed == 299 and not fixed else _FLOOR
            self._probed, self.side = probed, fixed
            try:
                return self._layouts_at(probed, architecture)
            except Exception as error:  # whatever its own code says of other sizes
                refused = error
        raise graphs.unfollowed(self.body) from refused

    def _layouts_at(self, side: int, architecture: zoo.Architecture) -> dict[fx.Node, Layout]:
        prefixes = _prefixes(self.body) if self.side else ()
        layouts: dict[fx.Node, Layout] = {}
        values = 0

        class Probe(fx.Interpreter):
            def run_node(self, n: fx.Node) -> Any:
                nonlocal values
                value = super().run_node(n)
                if isinstance(value, Tensor) and value.ndim > 1:
                    values += value.numel()
                    layouts[n] = layout_of(value, prefixes)
                return value

        weight = next(self.body.parameters())
        grey = (0.5 - torch.tensor(architecture.mean)) / torch.tensor(architecture.std)
        picture = grey.to(weight).view(1, 3, 1, 1).expand(1, 3, side, side)
        with torch.no_grad():
            probe = Probe(fx.GraphModule(self.body, self.graph))
            probe.extra_traceback = False
            probe.run(picture.contiguous(memory_format=torch.channels_last))
        self.density = values / side**2
        return layouts

    def _middle(self) -> str:
        """A tap about two thirds down, where textures turn into things.

        The last whole stage before the last halving; two thirds down the blocks where all of
        them have one stride, as in a transformer.
        """
        maps = [tap for name, tap in self.taps.items() if self.layout(name).spatial]
        if not maps:
            raise graphs.unfollowed(self.body)
        deepest = max(tap.stride for tap in maps)
        if sum(tap.stride == deepest for tap in maps) > 0.6 * len(maps):
            blocks = _siblings([tap.name for tap in maps if tap.stride == deepest])
            return blocks[math.ceil(len(blocks) * 2 / 3) - 1]
        before = max(tap.stride for tap in maps if tap.stride < deepest)
        names = [tap.name for tap in maps if tap.stride == before]
        level = min(name.count(".") for name in names)
        return [name for name in names if name.count(".") == level][-1]


@lru_cache(maxsize=32)
def structure(name: str) -> Structure:
    """The structure of a network by its name; no weights are looked for, made or read.

    Of several networks together that of the first. InputError for a name that does not exist.
    """
    first, *rest = zoo.members(name)
    if rest:
        return structure(first)
    with torch.device("meta"):
        architecture = zoo.architecture(first)
    with devices.every_lock():
        graphs.prepared(architecture.body)
        return Structure(first, architecture)


def _prefixes(body: nn.Module) -> tuple[int, ...]:
    """How many tokens without a place may stand before the others; the network's own word first."""
    if hasattr(body, "unroll"):  # Hiera (arXiv 2306.00989) sorts its tokens by windows
        return ()
    return tuple(dict.fromkeys((int(getattr(body, "num_prefix_tokens", 0)), 0, 1, 2)))


def _siblings(names: list[str]) -> list[str]:
    """The names that most share their parent with."""
    parents = Counter(name.rpartition(".")[0] for name in names)
    parent = parents.most_common(1)[0][0]
    return [name for name in names if name.rpartition(".")[0] == parent]


def _listed(module: nn.Module, prefix: str = "") -> Iterable[str]:
    """Children of the root, and of containers that are run one after the other."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        stages = isinstance(child, nn.Sequential) and any(
            isinstance(part, nn.Sequential) for part in child
        )
        if not stages:
            yield path
        if isinstance(child, (nn.Sequential, nn.ModuleDict, nn.ModuleList)):
            yield from _listed(child, f"{path}.")
