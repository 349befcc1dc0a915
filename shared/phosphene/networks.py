"""Frozen networks: named taps, normalization inside, prepared once for speed.

A network is shared by every stream: its weights never change, it has no hooks, and `acts`
walks a graph that stops at the deepest tap asked for.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import timm
import torch
from timm.data.config import resolve_data_config
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from timm.layers.norm_act import BatchNormAct2d
from timm.models._features_fx import get_notrace_functions, get_notrace_modules
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from phosphene import device as devices
from phosphene import weights
from phosphene.errors import InputError, WeightsError, unknown
from phosphene.weights import Source

Pooling: TypeAlias = Literal["max", "average"]

EMBEDDED = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "vgg19")
CACHE_BYTES = 4 * 2**30
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
        body: nn.Module,
        *,
        mean: Iterable[float],
        std: Iterable[float],
        source: Source,
        classes: tuple[str, ...],
        default_tap: str = "",
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Freeze and prepare `body`, which this network owns from now on."""
        super().__init__()
        self.name, self.weights, self.classes = name, source, classes
        self.device, self.dtype = device, dtype
        self.register_buffer("mean", torch.tensor(tuple(mean)).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(tuple(std)).view(1, 3, 1, 1))
        self.body = _prepared(body)
        self.to(device)
        self.body.to(dtype).to(memory_format=torch.channels_last)
        self._labels = _labels(classes)
        self._lock = threading.Lock()
        self._walks: dict[tuple[str, ...], fx.GraphModule] = {}
        self._graph = _Tracer().trace(self.body)
        self._nodes = _ends(self._graph)
        self._fields = _fields(self._graph, self.body)
        self._channels = self._probe()
        self.taps: Mapping[str, Tap] = {tap: self._tap(tap) for tap in self._tap_names()}
        self.default_tap = default_tap or self._middle()

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
        with devices.turn(self.device):
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
                needed = _ancestors(wanted.values())
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


class _Tracer(fx.Tracer):
    """Modules of torch, and those that timm marks, are leaves of the graph."""

    def __init__(self) -> None:
        functions = tuple(get_notrace_functions())  # type: ignore[no-untyped-call]
        super().__init__(autowrap_functions=functions)
        self._leaves = tuple(get_notrace_modules())  # type: ignore[no-untyped-call]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        leaves = (nn.Conv2d, nn.Linear, BatchNormAct2d, *self._leaves)
        return isinstance(m, leaves) or super().is_leaf_module(m, module_qualified_name)


def _labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """First names, made unique."""
    first = [name.split(",")[0] for name in classes]
    counts = Counter(first)
    return tuple(
        name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(first)
    )


def _ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """The nodes and all that they are computed from."""
    needed: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    return needed


def _ends(graph: fx.Graph) -> dict[str, fx.Node]:
    """For every module path the last node run inside it; "" is the graph's result."""
    ends: dict[str, fx.Node] = {}
    for node in graph.nodes:
        for path, _ in node.meta.get("nn_module_stack", {}).values():
            ends[str(path)] = node
        if node.op == "call_module":
            ends[str(node.target)] = node
        if node.op == "output":
            ends[""] = node.args[0]
    return ends


def _fields(graph: fx.Graph, body: nn.Module) -> dict[fx.Node, tuple[float, float]]:
    """Receptive field and stride of every node in pixels, by the usual recurrence."""
    fields: dict[fx.Node, tuple[float, float]] = {}
    for node in graph.nodes:
        inputs = [fields[n] for n in node.all_input_nodes if n in fields]
        if not inputs:
            fields[node] = (1.0, 1.0)
            continue
        field, stride = (max(values) for values in zip(*inputs, strict=True))
        kernel, step = _window(node, body)
        fields[node] = (field + (kernel - 1) * stride, stride * step)
    return fields


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


def _prepared(body: nn.Module) -> nn.Module:
    """Frozen, in eval mode, batch norms folded into convolutions, nothing done in place."""
    body = body.eval().requires_grad_(False)
    for module in body.modules():
        if hasattr(module, "inplace"):
            cast(Any, module).inplace = False  # in-place activations would overwrite a tap
    graph = _Tracer().trace(body)
    for node in list(graph.nodes):
        _fold(node, body)
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


_Key: TypeAlias = tuple[str, str, Pooling]
_loaded: OrderedDict[_Key, Network] = OrderedDict()
_loading: dict[_Key, threading.Lock] = {}
_guard = threading.Lock()


def load_network(
    name: str = "efficientnet_lite0",
    *,
    device: str | torch.device | None = None,
    pooling: Pooling = "max",
) -> Network:
    """A frozen network by name, loaded once and shared: an embedded one or `timm/NAME`.

    InputError for a name that does not exist, WeightsError where the weights cannot be had.
    """
    where = devices.pick(str(device) if device is not None else None)
    key: _Key = (name, str(where), pooling)
    with _guard:
        loading = _loading.setdefault(key, threading.Lock())
    with loading:  # a second user waits for the first one's download, others go on
        network = _loaded.get(key) or _load(name, where, pooling)
    with _guard:
        _loaded[key] = network
        _loaded.move_to_end(key)
        _evict()
    return network


def _evict() -> None:
    """Forget the networks unused for longest once all together are too large."""
    while len(_loaded) > 1 and sum(map(_bytes, _loaded.values())) > CACHE_BYTES:
        _loaded.popitem(last=False)


def _bytes(network: Network) -> int:
    return sum(p.numel() * p.element_size() for p in network.parameters())


def _load(name: str, device: torch.device, pooling: Pooling) -> Network:
    body, mean, std, classes = _vgg19() if name == "vgg19" else _timm(name)
    tap = _DEFAULT_TAPS.get(name, "")
    source = weights.fetch(name, device_type=device.type)
    state = weights.load(source, torch.device("cpu"))
    if source.kind == "embedded" and name.startswith("efficientnet"):
        # The package's tensors are timm's, in order, under other names.
        state = dict(zip(body.state_dict(), state.values(), strict=True))
    try:
        body.load_state_dict(state)
    except RuntimeError:
        raise WeightsError(f"the weights in {source.origin} do not fit {name}") from None
    if pooling == "average":
        _average_pools(body)
    # Measured (benchmarks/): bfloat16 pays on VGG's large dense convolutions, not on depthwise
    # ones; a network that was not measured stays in float32.
    fast = name == "vgg19" and devices.fast_bfloat16(device)
    dtype = torch.bfloat16 if fast else torch.float32
    # Tracing swaps nn.Module's methods for a moment: nobody may run a network meanwhile.
    with devices.turn(device):
        return Network(
            name,
            body,
            mean=mean,
            std=std,
            source=source,
            classes=classes,
            default_tap=tap,
            device=device,
            dtype=dtype,
        )


_DEFAULT_TAPS = {
    "efficientnet_lite0": "blocks.4",
    "efficientnet_lite1": "blocks.4",
    "efficientnet_lite2": "blocks.4",
    "vgg19": "relu4_2",
}

# Caffe's: 0 to 255 with the mean color subtracted; the channels are flipped in the weights.
_VGG_MEAN = tuple(value / 255 for value in (123.68, 116.779, 103.939))
_VGG_STD = (1 / 255,) * 3
_VGG_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def _vgg19() -> tuple[nn.Module, Any, Any, tuple[str, ...]]:
    """The convolutions of VGG-19 under the papers' names (arXiv 1409.1556)."""
    layers: list[tuple[str, nn.Module]] = []
    last = 3
    for block, (count, width) in enumerate(_VGG_BLOCKS, 1):
        for index in range(1, count + 1):
            layers.append((f"conv{block}_{index}", nn.Conv2d(last, width, 3, padding=1)))
            layers.append((f"relu{block}_{index}", nn.ReLU()))
            last = width
        layers.append((f"pool{block}", nn.MaxPool2d(2, 2)))
    return nn.Sequential(OrderedDict(layers)), _VGG_MEAN, _VGG_STD, ()


def _average_pools(body: nn.Module) -> None:
    """Gatys et al. (arXiv 1508.06576) pool by averages: the gradient reaches every cell."""
    for path, module in list(body.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            body.set_submodule(path, pool)


def _timm(name: str) -> tuple[nn.Module, Any, Any, tuple[str, ...]]:
    """An empty timm classifier, its normalization and class names."""
    known = "tf_" + name if name.startswith("efficientnet_lite") else name.removeprefix("timm/")
    if known == name or not timm.is_model(known):
        near = [f"timm/{model}" for model in timm.list_models()]
        raise unknown("network", name, [*EMBEDDED, *near])
    body = timm.create_model(known, pretrained=False)
    settings = resolve_data_config(model=body)  # type: ignore[no-untyped-call]
    return body, settings["mean"], settings["std"], _class_names(body)


def _class_names(body: nn.Module) -> tuple[str, ...]:
    subset = infer_imagenet_subset(body)
    count = int(getattr(body, "num_classes", 0))
    if subset:
        info = ImageNetInfo(subset)
        return tuple(info.index_to_description(i) for i in range(count))
    return tuple(f"class {i}" for i in range(count))
