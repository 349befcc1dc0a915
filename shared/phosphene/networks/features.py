"""Saved features: read with care, named after the layer they look like, written as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError, PhospheneError
from phosphene.images import ImageLike
from phosphene.networks.loading import load_network
from phosphene.networks.network import Network
from phosphene.networks.zoo import EMBEDDED

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


def read(path: str | Path, network: Network, tap: str, size: int) -> tuple[Tensor, tuple[int, int]]:
    """Features (1, C, h, w) or (1, C) of a tap from .npy or .safetensors, and their picture's size.

    The size is height and width in pixels: the file's own word, else what the map fits; a vector
    without a word is of a square of `size`. InputError for what are not this tap's features.
    """
    name = Path(path).name
    features, words = _array(Path(path), name)
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
    _fitting(features, name, network, tap, words)
    if features.ndim == 4:
        # As the network lays them out: sums in the same order give the same picture again.
        features = features.contiguous(memory_format=torch.channels_last)
    return features.to(network.device), _size(features, name, network, tap, words, size)


def packed(features: Tensor, network: Network, tap: str, size: tuple[int, int]) -> bytes:
    """Features of a picture of `size` (height, width) as safetensors bytes, float32.

    Network, tap and size are in the metadata.
    """
    plain = features.detach().float().cpu().contiguous()
    height, width = (str(side) for side in size)
    words = {"network": network.name, "tap": tap, "height": height, "width": width}
    return save({"features": plain}, words)


def _array(path: Path, name: str) -> tuple[Tensor, Mapping[str, str]]:
    """The one array of a file, float32, and the metadata that it carries."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                keys = list(file.keys())
                if len(keys) != 1:
                    raise InputError(f"{name} holds {len(keys)} tensors; save one by itself")
                return file.get_tensor(keys[0]).float(), file.metadata() or {}
        if path.suffix == ".npy":
            return torch.from_numpy(_numbers(path)), {}
    except (OSError, ValueError, TypeError, EOFError, SafetensorError) as error:
        if isinstance(error, PhospheneError):
            raise
        raise InputError(f"{name} cannot be read as features; save numbers alone") from None
    raise InputError(f"{name} is not a feature file; give .npy or .safetensors")


def _numbers(path: Path) -> npt.NDArray[np.float32]:
    """Of a .npy file; ValueError for anything else, and for one that claims more than it holds."""
    with np.errstate(over="ignore"):  # of a size that nothing has
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise ValueError
    return array.astype(np.float32)


def _size(
    features: Tensor,
    name: str,
    network: Network,
    tap: str,
    words: Mapping[str, str],
    size: int,
) -> tuple[int, int]:
    """Height and width of a picture whose features have this shape."""
    sides = words.get("height", ""), words.get("width", "")
    sizes = [(int(sides[0]), int(sides[1]))] if all(side.isdecimal() for side in sides) else []
    if features.ndim == 2:
        sizes.append((size, size))
    else:
        height, width = (side * network.tap(tap).stride for side in features.shape[-2:])
        sizes.append((height, width))
    for height, width in sizes:
        if max(height, width) > MAX_SIDE:
            raise InputError(
                f"{name} belongs to a picture of {width}×{height}; at most {MAX_SIDE} fit"
            )
        network.check_size(tap, height, width)
        with torch.no_grad():
            activations = network.acts(_grey(network, height, width), [tap])[tap]
        if activations.shape == features.shape:
            return height, width
    cells = "×".join(str(side) for side in features.shape[-2:])
    raise InputError(f"{name} has {cells} cells, which no picture gives at {tap}; save them again")


def _grey(network: Network, height: int, width: int) -> Tensor:
    return torch.full((1, 3, height, width), 0.5, device=network.device)


def _fitting(
    features: Tensor, name: str, network: Network, tap: str, words: Mapping[str, str]
) -> None:
    """InputError, with the layers that they look like, where features are not those of a tap."""
    place = network.tap(tap)
    flat = features.ndim == 2
    source = tuple(words.get(key, "")[:60] for key in ("tap", "network"))
    problem = ""
    if features.shape[1] != place.channels or flat != is_flat(network, tap):
        problem = f"{tap} of {network.name} gives {place.channels} channels" + (
            " without places" if is_flat(network, tap) else ""
        )
    elif tap.startswith("relu") and bool((features < 0).any()):
        problem = f"{tap} is never negative"
    elif all(source) and source != (tap, network.name):
        problem = f"not from {tap} of {network.name}"
    if problem:
        shape = "×".join(str(side) for side in features.shape[1:])
        saved = f"it was saved from {source[0]} of {source[1]}: choose that"
        remedy = saved if all(source) else _guess(features, network)
        raise InputError(f"{name} is {shape}, but {problem}; {remedy}")


def is_flat(network: Network, tap: str) -> bool:
    """Whether a tap gives a vector (1, C) instead of a map."""
    if network.tap(tap).receptive_field is not None:
        return False
    side = max(64, network.tap(tap).min_side)
    with torch.no_grad():
        return network.acts(_grey(network, side, side), [tap])[tap].ndim == 2


def _guess(features: Tensor, network: Network) -> str:
    """Which layers the features could come from, here or in another embedded network."""
    negative = bool((features < 0).any())
    for name in dict.fromkeys((network.name, *EMBEDDED)):
        try:
            other = load_network(name, device=network.device)
        except PhospheneError:
            continue
        like = [
            tap.name
            for tap in other.taps.values()
            if tap.channels == features.shape[1]
            and (features.ndim == 2) == (tap.receptive_field is None)
            and not (negative and tap.name.startswith(("relu", "pool")))
        ]
        if like:
            return f"it looks like {', '.join(like[:3])} of {name}: choose that"
    return "no network here has such a layer: choose another file"
