"""Frozen networks: named taps, normalization inside, prepared once for speed.

A network is shared by every stream: its weights never change, it has no hooks, and `acts`
walks a graph that stops at the deepest tap asked for.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from phosphene import device as devices
from phosphene.errors import InputError, unknown
from phosphene.networks import attention, backward, graphs, walks, zoo
from phosphene.networks.layouts import Layout
from phosphene.networks.structure import Structure, Tap
from phosphene.networks.weights import Source


class Network(nn.Module):
    """A classifier (or its convolutions) held still; pictures come as RGB in [0, 1]."""

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        architecture: zoo.Architecture,
        *,
        source: Source,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Freeze and prepare the architecture's body, which this network owns from now on."""
        super().__init__()
        self.name, self.weights, self.classes = name, source, architecture.classes
        self.device, self.dtype = device, dtype
        self.register_buffer("mean", torch.tensor(architecture.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(architecture.std).view(1, 3, 1, 1))
        self.body = graphs.prepared(architecture.body)
        self.to(device)
        self.body.to(dtype).to(memory_format=torch.channels_last)
        self._labels = _labels(architecture.classes)
        self._lock = threading.Lock()
        self._walks = walks.Recent[fx.GraphModule]()
        self._halves = walks.Recent[tuple[fx.GraphModule, fx.GraphModule]]()
        self._ruled: dict[backward.Rule, Network] = {}
        self._copy: walks.Copy = walks.plain
        self._structure = Structure(name, architecture)
        self.side = self._structure.side
        self.taps: Mapping[str, Tap] = self._structure.taps
        self.default_tap = self._structure.default_tap

    @property
    def precision(self) -> str:
        """The number format of the weights, such as float32."""
        return str(self.dtype).removeprefix("torch.")

    def normalize(self, x: Tensor) -> Tensor:
        """RGB in [0, 1] (N, 3, H, W) -> what the body was trained on, of the size it takes."""
        if self.side and x.shape[-2:] != (self.side, self.side):
            size = (self.side, self.side)
            x = F.interpolate(x, size, mode="bilinear", antialias=True)
        normal = (x - self.mean) / self.std
        return normal.to(self.dtype, memory_format=torch.channels_last)

    def acts(self, x: Tensor, taps: Iterable[str]) -> dict[str, Tensor]:
        """Activations of pictures (N, 3, H, W) at the taps, in this network's precision.

        Taps with places give (N, C, h, w), a transformer's tokens without those that have none;
        "logits" and "probabilities" give (N, classes). Any module the network runs can be named,
        beyond those listed in `taps`.
        """
        names = tuple(dict.fromkeys(taps))
        walk = self._walk(names)
        with devices.device_lock(self.device):
            values: dict[str, Tensor] = walk(self.normalize(x))
        return self._activations({name: values[name] for name in names})

    def split(self, x: Tensor, layer: str, taps: Iterable[str]) -> tuple[Tensor, walks.Rest]:
        """The value at a layer, and what is computed from such a value up to the taps.

        The value is as the network holds it (`layout(layer).maps` gives it its places), and has no
        gradient with respect to the picture: what a pass back from the taps costs ends here.
        """
        names = tuple(dict.fromkeys(taps))
        first, second = self._split(layer, names)
        key = self._structure.node(layer).name
        with devices.device_lock(self.device), torch.no_grad():
            values: dict[str, Tensor] = first(self.normalize(x))

        def rest(value: Tensor) -> dict[str, Tensor]:
            with devices.device_lock(self.device):
                ends = second(**{**values, key: value})
                return self._activations({name: ends[name] for name in names})

        return values[key], rest

    def attention(self, x: Tensor, taps: Iterable[str]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """The attention up to the taps, shallow first, and the activations at the taps.

        One tensor (N, heads, T, T) a layer, over all tokens, or of whatever shape the network has;
        the activations are computed from them.
        """
        names = tuple(dict.fromkeys(taps))
        key = ("attention of", *sorted(names))
        with self._lock:
            ends = {name: self._structure.node(name) for name in sorted(names)}
            graph = self._structure.graph
            make = partial(attention.until, self.body, graph, ends)
            walk = self._walks.get_or_make(key, make)
        with devices.device_lock(self.device):
            values: dict[str, Tensor] = walk(self.normalize(x))
        layers = [values[str(index)] for index in range(len(values) - len(names))]
        return layers, self._activations({name: values[name] for name in names})

    def with_backward(self, rule: backward.Rule) -> Network:
        """This network with another rule backwards at its ReLUs; weights and modules are shared."""
        with self._lock:
            if rule not in self._ruled:
                other = copy.copy(self)
                other._lock = threading.Lock()
                other._walks, other._halves, other._ruled = walks.Recent(), walks.Recent(), {}
                other._copy = backward.ruled(self.body, rule)
                self._ruled[rule] = other
            return self._ruled[rule]

    def rectifiers(self, taps: Iterable[str]) -> int:
        """How many ReLUs there are up to the taps."""
        needed = graphs.ancestors(self._structure.node(name) for name in taps)
        return sum(backward.ceiling(node, self.body) is not None for node in needed)

    def layout(self, tap: str) -> Layout:
        """How the value at a tap holds its places; InputError as `tap`."""
        return self._structure.layout(tap)

    def depend(self, layer: str, taps: Iterable[str]) -> bool:
        """Whether each of the taps is the layer or computed from it."""
        ends = [self._structure.node(name) for name in taps]
        return walks.depend(self._structure.node(layer), ends, self._structure.graph)

    def footprint(self, height: int, width: int) -> int:
        """About how many bytes a picture takes whose activations are all kept for the way back."""
        pixels = self.side**2 if self.side else height * width
        return int(self._structure.density * pixels * self.dtype.itemsize)

    def _activations(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Values at taps with their places, probabilities among them."""
        activations = {name: self.layout(name).maps(value) for name, value in values.items()}
        if "probabilities" in activations:
            activations["probabilities"] = activations["probabilities"].float().softmax(-1)
        return activations

    def logits(self, x: Tensor) -> Tensor:
        """Class scores (N, classes) before the softmax, float32."""
        return self.acts(x, ["logits"])["logits"].float()

    def verdict(self, x: Tensor, count: int = 5) -> dict[str, float]:
        """The `count` most probable classes of the first picture, most probable first."""
        if not self.classes:
            return {}
        with torch.no_grad():
            best = self.logits(x)[0].softmax(-1).topk(min(count, len(self.classes)))
        ranked = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return {self.label(index): value for index, value in ranked}

    def label(self, index: int) -> str:
        """A class's first name, with its index where two classes share it."""
        return self._labels[index]

    def find_class(self, name: str | int) -> int:
        """The index of a class given by index, exact name or a unique part of one."""
        if not self.classes:
            raise InputError(f"{self.name} has no classes; choose efficientnet_lite0")
        text = str(name).strip().lower()
        # Python counts superscripts and other scripts among the digits.
        if text.isascii() and text.isdigit() and len(text) < 9 and int(text) < len(self.classes):
            return int(text)
        labels = [label.lower() for label in self._labels]
        if text in labels:
            return labels.index(text)
        synonyms = [[part.strip().lower() for part in names.split(",")] for names in self.classes]
        for index, names in enumerate(synonyms):
            if text in names:
                return index
        holding = [label for label in self._labels if text and text in label.lower()]
        raise unknown("class", name, holding[:3] or self._labels)

    def tap(self, name: str) -> Tap:
        """What is known of a tap; InputError with the nearest names if there is none."""
        return self._structure.tap(name)

    def check_size(self, tap: str, height: int, width: int) -> None:
        """InputError if a picture is too small for the tap to show anything."""
        side = self.tap(tap).min_side
        if min(height, width) < side:
            raise InputError(
                f"image is {width}×{height}; {tap} needs at least {side}×{side}: "
                "choose a larger size or an earlier tap"
            )

    def _walk(self, names: tuple[str, ...]) -> fx.GraphModule:
        """The graph truncated after the deepest of the taps, the same for any order of them."""
        key = tuple(sorted(names))
        with self._lock:
            ends = {name: self._structure.node(name) for name in key}
            graph, copies = self._structure.graph, self._copy
            return self._walks.get_or_make(key, lambda: walks.until(self.body, graph, ends, copies))

    def _split(self, layer: str, names: tuple[str, ...]) -> tuple[fx.GraphModule, fx.GraphModule]:
        """The graph up to a layer and on to the taps, the same for any order of them."""
        key = tuple(sorted(names))
        with self._lock:
            ends = {name: self._structure.node(name) for name in key}
            node, graph = self._structure.node(layer), self._structure.graph
            copies = self._copy
            return self._halves.get_or_make(
                (layer, *key), lambda: walks.halves(self.body, graph, node, ends, copies)
            )


def _labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """First names, made unique."""
    first = [name.split(",")[0] for name in classes]
    counts = Counter(first)
    return tuple(
        name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(first)
    )
