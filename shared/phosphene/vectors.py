"""Saved features: read with care, named after the layer they look like, written as safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError, PhospheneError
from phosphene.images import ImageLike
from phosphene.networks import Network, load_network
from phosphene.zoo import EMBEDDED

MAX_SIDE = 1024


def features(
    image: ImageLike,
    layer: str,
    *,
    network: str = "vgg19",
    size: int = 224,
    device: str | None = None,
) -> Tensor:
    """What a layer computes of a picture: (1, C, h, w) or (1, C), float32, on the device."""
    net = load_network(network, device=device)
    picture = images.load(image, size)
    net.check_size(layer, picture.height, picture.width)
    with torch.no_grad():
        return net.acts(images.to_tensor(picture, net.device), [layer])[layer].float()


def read(path: str | Path, network: Network, tap: str) -> Tensor:
    """Features (1, C, h, w) or (1, C) of a tap from .npy or .safetensors; InputError if not."""
    name = Path(path).name
    features = _array(Path(path), name)
    if features.ndim in (1, 3):
        features = features[None]
    if features.ndim not in (2, 4) or features.shape[0] != 1 or not features.numel():
        raise InputError(
            f"{name} has shape {tuple(features.shape)}; give one picture's features, "
            "(C, h, w) or (C,)"
        )
    if not torch.isfinite(features).all():
        raise InputError(f"{name} holds NaN or infinite values; save the features again")
    if not features.any():
        raise InputError(f"{name} holds nothing but zeros; save the features again")
    _fitting(features, name, network, tap)
    return features.to(network.device)


def size_of(network: Network, tap: str, features: Tensor, size: int) -> tuple[int, int]:
    """Height and width of a picture whose features have this shape; a vector's is a square."""
    if features.ndim == 2:
        return size, size
    height, width = (side * network.tap(tap).stride for side in features.shape[-2:])
    if max(height, width) > MAX_SIDE:
        raise InputError(
            f"the features belong to a picture of {width}×{height}; at most {MAX_SIDE} fit"
        )
    network.check_size(tap, height, width)
    return height, width


def packed(features: Tensor, network: Network, tap: str) -> bytes:
    """Features as safetensors bytes, float32, with network and tap as metadata."""
    plain = features.detach().float().cpu().contiguous()
    return save({"features": plain}, {"network": network.name, "tap": tap})


def _array(path: Path, name: str) -> Tensor:
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
            if len(tensors) != 1:
                raise InputError(f"{name} holds {len(tensors)} tensors; save one by itself")
            return next(iter(tensors.values())).float()
        if path.suffix == ".npy":
            return torch.from_numpy(np.load(path, allow_pickle=False).astype(np.float32))
    except (OSError, ValueError, TypeError, EOFError, SafetensorError) as error:
        if isinstance(error, PhospheneError):
            raise
        raise InputError(f"{name} cannot be read as features; save numbers alone") from None
    raise InputError(f"{name} is not a feature file; give .npy or .safetensors")


def _fitting(features: Tensor, name: str, network: Network, tap: str) -> None:
    """InputError, with the layers that they look like, where features are not those of a tap."""
    known = network.tap(tap)
    flat = features.ndim == 2
    problem = ""
    if features.shape[1] != known.channels or flat != is_flat(network, tap):
        problem = f"{tap} of {network.name} gives {known.channels} channels" + (
            " without places" if is_flat(network, tap) else ""
        )
    elif tap.startswith("relu") and bool((features < 0).any()):
        problem = f"{tap} is never negative"
    if problem:
        shape = "×".join(str(side) for side in features.shape[1:])
        raise InputError(f"{name} is {shape}, but {problem}; {_guess(features, network)}")


def is_flat(network: Network, tap: str) -> bool:
    """Whether a tap gives a vector (1, C) instead of a map."""
    if network.tap(tap).receptive_field is not None:
        return False
    side = max(64, network.tap(tap).minimum)
    with torch.no_grad():
        found = network.acts(torch.full((1, 3, side, side), 0.5, device=network.device), [tap])
    return found[tap].ndim == 2


def _guess(features: Tensor, network: Network) -> str:
    """Which layers the features could come from, here or in another embedded network."""
    negative = bool((features < 0).any())
    for name in dict.fromkeys((network.name, *EMBEDDED)):
        try:
            known = load_network(name, device=network.device)
        except PhospheneError:
            continue
        like = [
            tap.name
            for tap in known.taps.values()
            if tap.channels == features.shape[1]
            and (features.ndim == 2) == (tap.receptive_field is None)
            and not (negative and tap.name.startswith(("relu", "pool")))
        ]
        if like:
            return f"it looks like {', '.join(like[:3])} of {name}: choose that"
    return "no network here has such a layer: choose another file"
