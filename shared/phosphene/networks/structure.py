"""What is known of an architecture without its weights: where one can look, and what it sees."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, fx, nn

from phosphene import device as devices
from phosphene.errors import unknown
from phosphene.networks import graphs, zoo

_PROBE = 128  # pixels; large enough for every classifier's stem


@dataclass(frozen=True)
class Tap:
    """A place to look: `channels` maps, one cell per `stride` pixels, each seeing a square of
    `receptive_field` pixels (None: the whole picture); `min_side` is the least picture side.
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

    def __init__(self, name: str, architecture: zoo.Architecture) -> None:
        """Trace a body that `graphs.prepared` made ready, on whatever device it is."""
        self.name, self.classes = name, architecture.classes
        self.body = architecture.body
        self.graph = graphs.Tracer().trace(self.body)
        self._ends = graphs.ends(self.graph)
        self._fields = graphs.fields(self.graph, self.body)
        self._channels = self._probe(architecture)
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

    def _tap(self, name: str) -> Tap:
        node = self.node(name)
        field, stride = self._fields[node]
        return Tap(
            name,
            self._channels[node],
            int(stride),
            None if math.isinf(field) else int(field),
            max(self._floor, 2 * int(stride)),
        )

    def _tap_names(self) -> list[str]:
        listed = list(_listed(self.body))
        shown = [name for name in self._ends if name in listed and self._interesting(name)]
        return shown + (["logits", "probabilities"] if self.classes else [])

    def _interesting(self, name: str) -> bool:
        module = self.body.get_submodule(name)
        dull = isinstance(module, (nn.Identity, nn.Dropout, nn.Flatten))
        return not dull and not (self.classes and self._ends[name] is self._ends[""])

    def _probe(self, architecture: zoo.Architecture) -> dict[fx.Node, int]:
        """The channels of every node, read off one pass over a grey picture."""
        channels: dict[fx.Node, int] = {}

        class Probe(fx.Interpreter):
            def run_node(self, n: fx.Node) -> Any:
                value = super().run_node(n)
                if isinstance(value, Tensor) and value.ndim > 1:
                    channels[n] = value.shape[1]
                return value

        weight = next(self.body.parameters())
        grey = (0.5 - torch.tensor(architecture.mean)) / torch.tensor(architecture.std)
        with torch.no_grad():
            module = fx.GraphModule(self.body, self.graph)
            for side in (_PROBE, 299):
                try:
                    picture = grey.to(weight).view(1, 3, 1, 1).expand(1, 3, side, side)
                    Probe(module).run(picture.contiguous(memory_format=torch.channels_last))
                    break
                except RuntimeError:
                    if side == 299:
                        raise
        # Networks that pad run on anything; others need what their stem and pools eat.
        self._floor = 16 if side == _PROBE else 150
        return channels

    def _middle(self) -> str:
        """A tap about two thirds down, where textures turn into things."""
        maps = [name for name, tap in self.taps.items() if tap.receptive_field is not None]
        return maps[len(maps) * 2 // 3]


@lru_cache(maxsize=32)
def structure(name: str) -> Structure:
    """The structure of a network by its name; no weights are looked for, made or read.

    InputError for a name that does not exist.
    """
    with torch.device("meta"):
        architecture = zoo.architecture(name)
    with devices.every_lock():
        graphs.prepared(architecture.body)
        return Structure(name, architecture)


def _listed(module: nn.Module, prefix: str = "") -> Iterable[str]:
    """Children of the root, and of containers that are run one after the other."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        stages = isinstance(child, nn.Sequential) and any(
            isinstance(part, nn.Sequential) for part in child
        )
        if not stages:
            yield path
        if isinstance(child, (nn.Sequential, nn.ModuleDict)):
            yield from _listed(child, f"{path}.")
