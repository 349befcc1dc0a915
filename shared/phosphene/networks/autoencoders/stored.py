"""The codes that a model gives its own data, kept beside its weights: a page asks for them at once.

A file of another training is told by the checksum of the weights that it was made with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from phosphene.networks.autoencoders.datasets import Dataset

FILE = "codes.safetensors"
BATCH = 1000

Encode: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
Decode: TypeAlias = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Stored:
    """Posteriors (N, C, h, w) of the pictures trained on, codes of others and their errors.

    `errors` are mean squared, one for each picture held out, from the least.
    """

    mean: Tensor
    log_variance: Tensor
    held: Tensor
    errors: Tensor


@torch.no_grad()
def compute(encode: Encode, decode: Decode, data: Dataset, held: Dataset) -> Stored:
    """What a model makes of the pictures trained on and of those held out."""
    parts = [encode(part) for part in torch.split(data.pictures, BATCH)]
    others = torch.cat([encode(part)[0] for part in torch.split(held.pictures, BATCH)])
    rebuilt = torch.cat([decode(part).cpu() for part in torch.split(others, BATCH)])
    errors = (rebuilt - held.pictures).square().flatten(1).mean(1).sort().values
    means, log_variances = (torch.cat([p[n].cpu() for p in parts]) for n in (0, 1))
    return Stored(means, log_variances, others.cpu(), errors)


def write(stored: Stored, folder: Path, checksum: str) -> Path:
    """Keep the codes in a model's folder, under the checksum of its weights."""
    tensors = {name: tensor.contiguous() for name, tensor in vars(stored).items()}
    save_file(tensors, folder / FILE, {"weights": checksum})
    return folder / FILE


def read(folder: Path, checksum: str) -> Stored | None:
    """The codes kept in a folder; None where there are none of these weights."""
    try:
        with safe_open(folder / FILE, "pt") as file:
            if (file.metadata() or {}).get("weights") != checksum:
                return None
            names = file.keys()  # it is no mapping
            return Stored(**{name: file.get_tensor(name) for name in names})
    except (OSError, SafetensorError, TypeError):
        return None
