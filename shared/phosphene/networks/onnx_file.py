"""Tensors of an ONNX file, read as data; nothing in it is run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor

from phosphene.errors import WeightsError


def tensors(path: Path) -> dict[str, Tensor]:
    """Initialisers by name, float32; 8-bit ones as what their DequantizeLinear makes of them.

    WeightsError for a file that cannot be read.
    """
    try:
        graph = onnx.load(path, load_external_data=False).graph
    except (OSError, DecodeError):
        raise WeightsError(f"{path.name} cannot be read; install its package again") from None
    raw = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    found = {name: value for name, value in raw.items() if value.dtype == np.float32}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in raw:
            stored, scale, zero = (raw[name] for name in node.input)
            # A bias that is zero shares its name with a zero point: told by who made it.
            found[node.output[0].removesuffix("_dequant")] = _dequantized(stored, scale, zero)
    return {name: torch.from_numpy(value.copy()) for name, value in found.items()}


def _dequantized(
    stored: np.ndarray, scale: np.ndarray, zero: np.ndarray
) -> np.ndarray:  # a scale and a zero point for all, or one a row
    shape = (-1, *(1,) * (stored.ndim - 1)) if scale.ndim else ()
    shifted = stored.astype(np.float32) - zero.astype(np.float32).reshape(shape)
    return shifted * scale.astype(np.float32).reshape(shape)
