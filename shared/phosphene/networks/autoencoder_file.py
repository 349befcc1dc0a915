"""An autoencoder of one's own as one file: its weights, its configuration, what it learned from.

A safetensors file whose weights have their names in diffusers and whose metadata hold config.json;
beside them, under `data.`, small pictures that it learned from, so that all that is offered for
the embedded ones is for it too. Whatever is read was checked: such a file is uploaded.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from phosphene import device as devices
from phosphene.errors import InputError
from phosphene.networks.autoencoder import OWN, Autoencoder
from phosphene.networks.autoencoders import WEIGHTS
from phosphene.networks.autoencoders.datasets import Dataset
from phosphene.networks.kept import Kept
from phosphene.networks.loading import note_use
from phosphene.networks.weights import Source

LARGEST, NUMBERS, SIDES, MOST = 120_000_000, 512, (8, 256), 2000
"""Bytes of a file, numbers of a code, pixels of a side, pictures that a file may have."""
KEPT = 2
"""Files that stay read: a slider that is dragged asks for the same one again and again."""
OF_DATA = "data."
GIVEN = ("sample_size", "in_channels", "latent_channels", "widths", "hidden", "posterior")
"""What a configuration has to say."""

Layers = Any
_read: Kept[tuple[str, str], OwnAutoencoder] = Kept(KEPT)


@dataclass(frozen=True)
class OwnData:
    """Pictures that a model learned from, and others that it did not."""

    data: Dataset
    held: Dataset


class OwnAutoencoder(Autoencoder):
    """A frozen autoencoder of a file; `own` is what it learned from."""

    own: OwnData


def configured(kind: str, digits: bool, given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a model of ours, as config.json has it."""
    data = "digits" if digits else "own"
    return {"_class_name": kind, **{key: given[key] for key in GIVEN}, "data": data}


def pack(model: Layers, config: dict[str, Any], own: OwnData) -> bytes:
    """A model as one file, its weights in 16 bits."""
    state = {name: _half(tensor) for name, tensor in model.state_dict().items()}
    data = {
        "pictures": _bytes(own.data.pictures),
        "others": _bytes(own.held.pictures),
        "labels": own.data.labels,
        "other_labels": own.held.labels,
    }
    state |= {f"{OF_DATA}{name}": tensor.cpu().clone() for name, tensor in data.items()}
    told = {"config": json.dumps(config), "names": json.dumps(own.data.names), "format": "pt"}
    return save(state, told)


def for_diffusers(model: Layers, config: dict[str, Any]) -> bytes:
    """The same as diffusers loads it: config.json and the weights alone, in a zip."""
    state = {name: _half(tensor) for name, tensor in model.state_dict().items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config, indent=2))
        archive.writestr(WEIGHTS, save(state, {"format": "pt"}))
    return file.getvalue()


def read_autoencoder(path: str | Path, device: str | None = None) -> OwnAutoencoder:
    """The frozen autoencoder of a file; InputError where it is none of ours, or damaged."""
    where = devices.pick(device)
    file = _checked(Path(path))
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    found = _read.get((checksum, str(where)), lambda: _frozen(file, checksum, where))
    note_use(found.weights)
    return found


def read_layers(path: str | Path) -> tuple[Layers, dict[str, Any], OwnData]:
    """The model of a file to be trained on, its configuration, and what it learned from."""
    file = _checked(Path(path))
    try:
        with safe_open(file, "pt") as opened:
            told = opened.metadata() or {}
            names = opened.keys()  # it is no mapping
            tensors = {name: opened.get_tensor(name) for name in names}
        config = json.loads(told["config"])
        model = _built(config, tensors)
        own = _data(tensors, tuple(map(str, json.loads(told["names"]))), config)
        return model, configured(config["_class_name"], config.get("data") == "digits", config), own
    except (SafetensorError, OSError):
        raise InputError(f"{file.name} is damaged or no safetensors file; save it again") from None
    except (KeyError, ValueError, TypeError, RuntimeError, AttributeError):
        words = f"{file.name} is none of the files that training here leaves; choose one of those"
        raise InputError(words) from None


def _checked(path: Path) -> Path:
    if path.suffix != ".safetensors" or not path.is_file():
        raise InputError(f"{path.name} is no safetensors file; choose the one that training left")
    if path.stat().st_size > LARGEST:
        size = path.stat().st_size / 1e6
        raise InputError(f"{path.name} has {size:.0f} MB; at most {LARGEST / 1e6:.0f} are read")
    return path


def _frozen(file: Path, checksum: str, where: torch.device) -> OwnAutoencoder:
    model, config, own = read_layers(file)
    source = Source(file.stem, file, "own", "a file of yours", None, checksum, "yours")
    frozen = OwnAutoencoder(file.stem, model, SimpleNamespace(**config), source, where)
    frozen.own = own
    return frozen


def _built(config: dict[str, Any], tensors: dict[str, Tensor]) -> Layers:
    """The layers with their weights; ValueError for anything unlike what training makes.

    They are built without memory and take the file's own tensors, if all shapes agree: a
    configuration cannot ask for more than the file holds.
    """
    kind, side, numbers = (config[key] for key in ("_class_name", "sample_size", "latent_channels"))
    sizes = [side, numbers, config["hidden"], config["in_channels"], *config["widths"]]
    if not all(type(size) is int and 0 < size <= 4096 for size in sizes):
        raise ValueError
    if not (
        SIDES[0] <= side <= SIDES[1] and numbers <= NUMBERS and config["in_channels"] in (1, 3)
    ):
        raise ValueError
    with torch.device("meta"):
        model = OWN[kind](**{key: config[key] for key in GIVEN})
    state = {name: value for name, value in tensors.items() if not name.startswith(OF_DATA)}
    if not all(value.isfinite().all() for value in state.values()):
        raise ValueError
    floats = {name: v.float() if v.is_floating_point() else v for name, v in state.items()}
    model.load_state_dict(floats, assign=True)
    return model.eval()


def _data(tensors: dict[str, Tensor], names: tuple[str, ...], config: dict[str, Any]) -> OwnData:
    """The pictures of a file; ValueError where their shapes do not agree."""
    given = {
        name.removeprefix(OF_DATA): tensor
        for name, tensor in tensors.items()
        if name.startswith(OF_DATA)
    }
    side, channels = config["sample_size"], config["in_channels"]
    sets = []
    for pictures, labels in (("pictures", "labels"), ("others", "other_labels")):
        own, of = given.pop(pictures), given.pop(labels)
        fits = own.dtype == torch.uint8 and own.shape[1:] == (channels, side, side)
        if not (fits and 1 <= len(own) <= MOST and of.shape == (len(own),)):
            raise ValueError
        if not names or not 0 <= int(of.min()) <= int(of.max()) < len(names):
            raise ValueError
        sets.append(Dataset(own.float() / 255, of.long(), names, "pictures of yours", "yours"))
    return OwnData(*sets)


def _half(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() else tensor


def _bytes(pictures: Tensor) -> Tensor:
    return (pictures * 255).round().to(torch.uint8)
