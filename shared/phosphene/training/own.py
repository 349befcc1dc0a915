"""A small autoencoder of somebody's own pictures: what is trained on them, and what it leaves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from phosphene.networks.autoencoder import OWN
from phosphene.networks.autoencoder_file import OwnData, configured, for_diffusers, pack
from phosphene.networks.autoencoders.datasets import Dataset
from phosphene.training.fit import Plan, Training

CARRIED, OTHERS = 1000, 100
"""Pictures trained on and others that a file carries along, at most."""
COLOR = {"widths": (16, 32, 64, 96), "hidden": 128}
GRAY = {"widths": (24, 36), "hidden": 96}


def new_model(
    pictures: Tensor, numbers: int, posterior: str, seed: int, *, digits: bool = False
) -> tuple[Any, dict[str, Any]]:
    """Layers with random weights for pictures (N, C, S, S), and their configuration.

    `numbers` of a code, whose `posterior` is `normal` or a `point`.
    """
    channels, side = pictures.shape[1], pictures.shape[-1]
    kind, sizes = ("SmallAutoencoder", GRAY) if channels == 1 else ("ColorAutoencoder", COLOR)
    given: dict[str, Any] = {
        "sample_size": side,
        "in_channels": channels,
        "latent_channels": numbers,
        "posterior": posterior,
        **sizes,
    }
    config = configured(kind, digits, given)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OWN[kind](**given), config


def training(
    model: Any, config: dict[str, Any], pictures: Tensor, steps: int, seed: int
) -> Training:
    """The training of a model, new or gone on with, on pictures (N, C, S, S)."""
    plan = Plan(
        "own",
        "own",
        config["posterior"],
        steps=steps,
        batch=64 if pictures.shape[1] == 1 else 48,
        seed=seed,
        edges="border",
    )
    return Training(plan, pictures, model)


def files(model: Any, config: dict[str, Any], own: OwnData) -> dict[str, bytes]:
    """What to take home: one file for these pages, and one that diffusers loads."""
    carried = OwnData(_some(own.data, CARRIED), _some(own.held, OTHERS))
    return {
        "autoencoder.safetensors": pack(model, config, carried),
        "for_diffusers.zip": for_diffusers(model, config),
    }


def _some(data: Dataset, count: int) -> Dataset:
    return Dataset(
        data.pictures[:count], data.labels[:count], data.names, data.source, data.license
    )
