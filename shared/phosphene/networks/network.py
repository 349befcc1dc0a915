"""Frozen networks: named taps, normalization inside, prepared once for speed.

A network is shared by every stream: its weights never change, it has no hooks, and `acts`
walks a graph that stops at the deepest tap asked for.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from phosphene import device as devices
from phosphene.errors import InputError, unknown
from phosphene.networks import graphs, zoo
from phosphene.networks.weights import Source

_PROBE = 128  # pixels; large enough for every classifier's stem


@dataclass(frozen=True)
class Tap:
    """A place to look: `channels` maps, one cell per `stride` pixels, each seeing a square of
    `receptive_field` pixels (None: the whole picture); `minimum` is the least picture side.
    """

    name: str
    channels: int
    stride: int
    receptive_field: int | None
    minimum: int


class Network(nn.Module):
    """A classifier (or its convolutions) held still; pictures come as RGB in [0, 1]."""

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        plan: zoo.Blueprint,
        *,
        source: Source,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Freeze and prepare the plan's body, which this network owns from now on."""
        super().__init__()
        self.name, self.weights, self.classes = name, source, plan.classes
        self.device, self.dtype = device, dtype
        self.register_buffer("mean", torch.tensor(plan.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(plan.std).view(1, 3, 1, 1))
        self.body = graphs.prepared(plan.body)
        self.to(device)
        self.body.to(dtype).to(memory_format=torch.channels_last)
        self._labels = _labels(plan.classes)
        self._lock = threading.Lock()
        self._walks: dict[tuple[str, ...], fx.GraphModule] = {}
        self._graph = graphs.Tracer().trace(self.body)
        self._nodes = graphs.ends(self._graph)
        self._fields = graphs.fields(self._graph, self.body)
        self._channels = self._probe()
        self.taps: Mapping[str, Tap] = {tap: self._tap(tap) for tap in self._tap_names()}
        self.default_tap = plan.default_tap or self._middle()

    @property
    def precision(self) -> str:
        """The number format of the weights, such as float32."""
        return str(self.dtype).removeprefix("torch.")

    def normalize(self, x: Tensor) -> Tensor:
        """RGB in [0, 1] (N, 3, H, W) -> what the body was trained on."""
        normal = (x - self.mean) / self.std
        return normal.to(self.dtype, memory_format=torch.channels_last)

    def acts(self, x: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """Activations of pictures (N, 3, H, W) at the taps, in this network's precision.

        Convolutional taps give (N, C, h, w); "logits" and "probabilities" (N, classes). Any
        module the network runs can be named, beyond those listed in `taps`.
        """
        names = tuple(dict.fromkeys(taps))
        walk = self._walk(names)
        with devices.device_lock(self.device):
            found: dict[str, Tensor] = walk(self.normalize(x))
        if "probabilities" in found:
            found["probabilities"] = found["probabilities"].float().softmax(-1)
        return found

    def logits(self, x: Tensor) -> Tensor:
        """Class scores (N, classes) before the softmax, float32."""
        return self.acts(x, ["logits"])["logits"].float()

    def verdict(self, x: Tensor, count: int = 5) -> dict[str, float]:
        """The `count` most probable classes of the first picture, most probable first."""
        if not self.classes:
            return {}
        with torch.no_grad():
            best = self.logits(x)[0].softmax(-1).topk(count)
        found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return {self.label(index): value for index, value in found}

    def label(self, index: int) -> str:
        """A class's first name, with its index where two classes share it."""
        return self._labels[index]

    def find_class(self, name: str | int) -> int:
        """The index of a class given by index, exact name or a unique part of one."""
        if not self.classes:
            raise InputError(f"{self.name} has no classes; choose efficientnet_lite0")
        text = str(name).strip().lower()
        if text.isdigit() and int(text) < len(self.classes):
            return int(text)
        labels = [label.lower() for label in self._labels]
        if text in labels:
            return labels.index(text)
        synonyms = [[part.strip().lower() for part in known.split(",")] for known in self.classes]
        for index, names in enumerate(synonyms):
            if text in names:
                return index
        holding = [label for label in self._labels if text and text in label.lower()]
        raise unknown("class", name, holding[:3] or self._labels)

    def tap(self, name: str) -> Tap:
        """What is known of a tap; InputError with the nearest names if there is none."""
        return self.taps[name] if name in self.taps else self._tap(name)

    def check_size(self, tap: str, height: int, width: int) -> None:
        """InputError if a picture is too small for the tap to show anything."""
        least = self.tap(tap).minimum
        if min(height, width) < least:
            raise InputError(
                f"image is {width}×{height}; {tap} needs at least {least}×{least}: "
                "choose a larger size or an earlier tap"
            )

    def _tap(self, name: str) -> Tap:
        self._node(name)
        field, stride = self._fields[self._node(name)]
        channels = self._channels[self._node(name)]
        return Tap(
            name,
            channels,
            int(stride),
            None if math.isinf(field) else int(field),
            max(self._floor, 2 * int(stride)),
        )

    def _node(self, name: str) -> fx.Node:
        if name in ("logits", "probabilities") and self.classes:
            return self._nodes[""]
        if name not in self._nodes or not name:
            raise unknown(f"tap of {self.name}", name, self._tap_names())
        return self._nodes[name]

    def _walk(self, names: tuple[str, ...]) -> fx.GraphModule:
        """The graph truncated after the deepest of the taps; made once."""
        with self._lock:
            if names not in self._walks:
                wanted = {name: self._node(name) for name in names}
                needed = graphs.ancestors(wanted.values())
                graph = fx.Graph()
                copies: dict[fx.Node, fx.Node] = {}
                for node in self._graph.nodes:
                    if node in needed:
                        copies[node] = graph.node_copy(node, lambda n: copies[n])
                graph.output({name: copies[node] for name, node in wanted.items()})
                self._walks[names] = fx.GraphModule(self.body, graph)
            return self._walks[names]

    def _tap_names(self) -> list[str]:
        listed = list(self._listed(self.body))
        shown = [name for name in self._nodes if name in listed and self._interesting(name)]
        return shown + (["logits", "probabilities"] if self.classes else [])

    def _interesting(self, name: str) -> bool:
        module = self.body.get_submodule(name)
        dull = isinstance(module, (nn.Identity, nn.Dropout, nn.Flatten))
        return not dull and not (self.classes and self._nodes[name] is self._nodes[""])

    def _listed(self, module: nn.Module, prefix: str = "") -> Iterable[str]:
        """Children of the root, and of containers that are run one after the other."""
        for name, child in module.named_children():
            path = f"{prefix}{name}"
            stages = isinstance(child, nn.Sequential) and any(
                isinstance(part, nn.Sequential) for part in child
            )
            if not stages:
                yield path
            if isinstance(child, (nn.Sequential, nn.ModuleDict)):
                yield from self._listed(child, f"{path}.")

    def _probe(self) -> dict[fx.Node, int]:
        """The channels of every node, read off one pass over a grey picture."""
        channels: dict[fx.Node, int] = {}

        class Probe(fx.Interpreter):
            def run_node(self, n: fx.Node) -> Any:
                value = super().run_node(n)
                if isinstance(value, Tensor) and value.ndim > 1:
                    channels[n] = value.shape[1]
                return value

        with torch.no_grad():
            module = fx.GraphModule(self.body, self._graph)
            for side in (_PROBE, 299):
                try:
                    picture = torch.full((1, 3, side, side), 0.5, device=self.device)
                    Probe(module).run(self.normalize(picture))
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


def _labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """First names, made unique."""
    first = [name.split(",")[0] for name in classes]
    counts = Counter(first)
    return tuple(
        name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(first)
    )
