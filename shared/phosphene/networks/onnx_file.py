"""Tensors of an ONNX file, read as data; nothing in it is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor

from phosphene.errors import WeightsError


def tensors(path: Path) -> dict[str, Tensor]:
    """Tensors by name, float32; 8-bit ones as what their DequantizeLinear makes of them.

    A convolution's bias goes by its kernel's name and `.bias`: several may share one. WeightsError
    for a file that cannot be read.
    """
    try:
        graph = onnx.load(path, load_external_data=False).graph
    except (OSError, DecodeError):
        raise WeightsError(f"{path.name} cannot be read; install its package again") from None
    stored = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    held = {name: value for name, value in stored.items() if value.dtype == np.float32}
    origins: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            held[node.output[0]] = _dequantized(*(stored[name] for name in node.input))
            origins[node.output[0]] = node.input[0]
    named: Mapping[str, np.ndarray] = {
        **held,
        **{origin: held[name] for name, origin in origins.items()},
    }
    biases = {
        f"{origins.get(node.input[1], node.input[1])}.bias": held[node.input[2]]
        for node in graph.node
        if node.op_type == "Conv" and len(node.input) > 2
    }
    return {name: torch.from_numpy(value.copy()) for name, value in {**named, **biases}.items()}


def _dequantized(stored: np.ndarray, scale: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """Whole numbers as what they stand for; scale and zero point for all, or one a row."""
    shape = (-1, *(1,) * (stored.ndim - 1)) if scale.ndim else ()
    shifted = stored.astype(np.float32) - zero.astype(np.float32).reshape(shape)
    return np.asarray(shifted * scale.reshape(shape))
