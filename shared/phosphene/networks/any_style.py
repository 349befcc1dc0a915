"""A network that paints in one pass like any painting it is shown.

Ghiasi et al., Exploring the structure of a real-time, arbitrary neural artistic stylization network
(arXiv 1705.06830): one network reads a painting as 100 numbers, which are the style of another.
Both were published in 8 bits; here their weights are floating-point numbers again, and what is
computed is not rounded, so that pictures have any size and gradients.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene import device as devices
from phosphene import images
from phosphene.errors import WeightsError
from phosphene.networks import one_pass, weights
from phosphene.networks.convolutions import laid_out
from phosphene.networks.kept import Kept
from phosphene.networks.loading import note_use
from phosphene.networks.one_pass import Layers, Moments
from phosphene.networks.weights import Source

NAMES = ("arbitrary_predict", "arbitrary_transform")
SIDE = 256
"""Pixels of a side that a painting is read at."""
CODE = 100
"""Numbers that a style is."""

_State = dict[str, Tensor]
_HALVING = (1, 3, 6, 13)
"""Blocks of the reader (MobileNet-v2, arXiv 1801.04381) that halve the sides; 0 has no widening."""


class AnyStyle:
    """Both networks held still: `read` a painting, `paint` with what was read."""

    def __init__(
        self, reader: _State, painter: _State, sources: tuple[Source, ...], device: torch.device
    ) -> None:
        """Take the weights under the names of the files."""
        self.sources, self.device = sources, device
        self._reader = {name: laid_out(t) if t.ndim == 4 else t for name, t in _on(reader, device)}
        self._kernels: _State = {}
        self._biases: _State = {}
        self._heads: dict[str, tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]] = {}
        held = dict(_on(painter, device))
        for name, stem in _stems():
            key = f"transformer/{stem}/weights"
            self._kernels[name] = laid_out(held[key])
            head = f"style_params/transformer/{stem}/StyleNorm"
            if f"{head}/Conv/weights" in held:
                self._heads[name] = (_head(held, f"{head}/Conv_1"), _head(held, f"{head}/Conv"))
            else:  # normalized over its training's pictures: a bias is all that is left of that
                self._biases[name] = held[f"{key}.bias"]

    def read(self, paintings: Tensor) -> Tensor:
        """Paintings (N, 3, 256, 256) in [0, 1] -> their styles (N, 100)."""
        with devices.device_lock(self.device):
            return _read(laid_out(paintings.to(self.device)), self._reader)

    @torch.no_grad()
    def code(self, painting: Tensor) -> Tensor:
        """A painting (1, 3, h, w) of any size -> its style (100,), read off its middle."""
        side = min(painting.shape[-2:])
        top, left = ((length - side) // 2 for length in painting.shape[-2:])
        square = painting[..., top : top + side, left : left + side]
        return self.read(images.scaled(square, SIDE, SIDE))[0]

    def paint(self, pictures: Tensor, style: Tensor, *, moments: Moments | None = None) -> Tensor:
        """Pictures (N, 3, H, W) in [0, 1] -> paintings of the same shape and range.

        `style` (100,) is one for all, (N, 100) one each; gradients pass. `moments` may replace the
        statistics that a layer normalizes with.
        """
        code = style.to(self.device)
        styled = {
            name: (F.linear(code, *scale), F.linear(code, *shift))
            for name, (scale, shift) in self._heads.items()
        }
        layers = Layers(self._kernels, styled, self._biases, moments)
        with devices.device_lock(self.device):
            return one_pass.paint(pictures.to(self.device), layers)


def _stems() -> list[tuple[str, str]]:
    """Layers by our names and by the file's."""
    contract = [(f"contract.{i}", f"contract/conv{i + 1}") for i in range(3)]
    blocks = [
        (f"res.{i}.{j}", f"residual/residual{i + 1}/conv{j + 1}") for i in range(5) for j in (0, 1)
    ]
    return contract + blocks + [(f"expand.{i}", f"expand/conv{i + 1}/conv") for i in range(3)]


def _head(state: _State, name: str) -> tuple[Tensor, Tensor]:
    """A linear layer that was written as a convolution."""
    return state[f"{name}/weights"].flatten(1), state[f"{name}/weights.bias"]


def _on(state: _State, device: torch.device) -> list[tuple[str, Tensor]]:
    return [(name, tensor.to(device)) for name, tensor in state.items()]


def _read(x: Tensor, state: _State) -> Tensor:
    """MobileNet-v2 with TensorFlow's padding: where sides are halved, below and on the right."""

    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        kernel = state[f"MobilenetV2/{name}"]
        if kernel.shape[-1] == 3:
            x = F.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
        groups = x.shape[1] // kernel.shape[1]
        return F.conv2d(x, kernel, state[f"MobilenetV2/{name}.bias"], stride, groups=groups)

    x = F.relu6(layer(x, "Conv/weights", 2))
    for index in range(17):
        block = f"expanded_conv_{index}" if index else "expanded_conv"
        inner = F.relu6(layer(x, f"{block}/expand/weights")) if index else x
        stride = 2 if index in _HALVING else 1
        inner = F.relu6(layer(inner, f"{block}/depthwise/depthwise_weights", stride))
        inner = layer(inner, f"{block}/project/weights")
        x = x + inner if inner.shape == x.shape else inner
    x = F.relu6(layer(x, "Conv_1/weights")).mean((2, 3))
    return F.linear(x, state["mobilenet_conv/Conv/weights"].flatten(1))


KEPT = 2
"""Devices whose networks stay loaded."""
_loaded: Kept[str, AnyStyle] = Kept(KEPT)


def load_any_style(device: str | torch.device | None = None) -> AnyStyle:
    """The networks, loaded once a device and shared; WeightsError where there are none."""
    where = devices.pick(str(device) if device is not None else None)
    networks = _loaded.get(str(where), lambda: _load(where))
    for source in networks.sources:
        note_use(source)
    return networks


def _load(where: torch.device) -> AnyStyle:
    sources = tuple(weights.fetch(name, device_type=where.type) for name in NAMES)
    states = [weights.load(source, torch.device("cpu")) for source in sources]
    try:
        return AnyStyle(states[0], states[1], sources, where)
    except KeyError:
        origin = sources[0].origin
        raise WeightsError(f"the weights in {origin} do not fit {NAMES[0]}") from None
