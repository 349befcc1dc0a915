"""Networks by their names: loaded once, shared by all who ask, the oldest forgotten in the end."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Literal, TypeAlias

import torch
from torch import nn

from phosphene import device as devices
from phosphene.errors import WeightsError
from phosphene.networks import hollow, weights, zoo
from phosphene.networks.network import Network
from phosphene.networks.weights import Source

_recorders: ContextVar[tuple[list[Source], ...]] = ContextVar("recorders", default=())

Pooling: TypeAlias = Literal["max", "average"]

CACHE_BYTES = 4 * 2**30

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
    note_use(network.weights)
    with _guard:
        _loaded[key] = network
        _loaded.move_to_end(key)
        _evict()
    return network


@contextmanager
def recorded(sources: list[Source]) -> Iterator[None]:
    """Add to `sources` whatever weights are asked for meanwhile; never hold it over a `yield`."""
    token = _recorders.set((*_recorders.get(), sources))
    try:
        yield
    finally:
        _recorders.reset(token)


def forget(name: str) -> None:
    """Let go of a network by name, on every device."""
    with _guard:
        for key in [key for key in _loaded if key[0] == name]:
            del _loaded[key]


def note_use(source: Source) -> None:
    """Tell everybody who records that these weights were asked for."""
    for sources in _recorders.get():
        if source not in sources:
            sources.append(source)


def _evict() -> None:
    """Forget the networks unused for longest once all together are too large."""
    while len(_loaded) > 1 and sum(map(_bytes, _loaded.values())) > CACHE_BYTES:
        _loaded.popitem(last=False)


def _bytes(network: nn.Module) -> int:
    held = chain(network.parameters(), network.buffers())
    return sum(tensor.nbytes for tensor in held)


def _architecture(name: str, source: Source, device: torch.device) -> zoo.Architecture:
    """With the weights of the source, read straight onto the device."""
    if source.kind == "own":  # it came with its weights
        return zoo.architecture(name)

    def state(body: nn.Module) -> dict[str, torch.Tensor]:
        # In float32, whatever the file has: what follows is folded in that precision.
        tensors = {
            key: tensor.float() if tensor.is_floating_point() else tensor
            for key, tensor in weights.load(source, device).items()
        }
        if source.kind == "embedded" and name.startswith("efficientnet"):
            # The package's tensors are timm's, in order, under other names.
            return dict(zip(body.state_dict(), tensors.values(), strict=True))
        return tensors

    try:
        made = hollow.filled(lambda: zoo.architecture(name), lambda a: a.body, state)
    except RuntimeError as error:
        if isinstance(error, WeightsError) or "CUDA" in str(error):
            raise
        raise WeightsError(f"the weights in {source.origin} do not fit {name}") from None
    made.body.to(device)  # what no file holds
    return made


def _load(name: str, device: torch.device, pooling: Pooling) -> Network:
    zoo.check(name)
    # First of all: what may not be loaded, or is too large, is not even built.
    source = weights.fetch(name, device_type=device.type)
    architecture = _architecture(name, source, device)
    if pooling == "average":
        zoo.average_pools(architecture.body)
    # Measured (benchmarks/): bfloat16 pays on VGG's large dense convolutions, not on depthwise
    # ones; a network that was not measured stays in float32.
    fast = name == "vgg19" and devices.fast_bfloat16(device)
    dtype = torch.bfloat16 if fast else torch.float32
    # Tracing swaps nn.Module's methods for a moment: nobody may run a network meanwhile.
    with devices.every_lock():
        return Network(name, architecture, source=source, device=device, dtype=dtype)
