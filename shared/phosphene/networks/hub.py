"""The Hugging Face Hub through its own client: short waits, each failure in one sentence."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from phosphene import limits
from phosphene.errors import PhospheneError, WeightsError
from phosphene.networks.registry import Row, user_lock

Progress: TypeAlias = Callable[[int, int], None]

TIMEOUT = 5.0  # seconds without an answer

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Copy:
    """A file in the Hub's cache, its commit, and the SHA-256 the Hub announced for it, if any."""

    path: Path
    commit: str
    sha256: str | None

    @property
    def blob(self) -> Path:
        """The file behind the cache's link: deleting the link alone would bring it back."""
        return self.path.resolve()


def cached(entry: Row) -> Copy | None:
    """The file at its locked revision, or where the branch was last seen; asks nobody."""
    if not entry.repo:
        return None
    path = try_to_load_from_cache(entry.repo, entry.file, revision=entry.revision)
    return _copy(Path(path)) if isinstance(path, str) else None


def download(entry: Row, progress: Progress | None = None) -> Copy:
    """The file at its locked revision, or as the branch is now; WeightsError with the remedy."""
    what, repo = f"{entry.repo}/{entry.file}", str(entry.repo)
    if constants.HF_HUB_OFFLINE:
        raise WeightsError(f"{what} is not in the cache and HF_HUB_OFFLINE is set; unset it once")
    limits.check_hub(repo)
    try:
        # The client's download retries for 23 seconds; this asks once, and learns the checksum.
        url = hf_hub_url(repo, entry.file, revision=entry.revision)
        announced = get_hf_file_metadata(url, timeout=TIMEOUT)
        limits.check_hub_size(what, announced.size)
        path = hf_hub_download(
            repo,
            entry.file,
            revision=announced.commit_hash,
            etag_timeout=TIMEOUT,
            tqdm_class=_reporter(progress) if progress else None,
        )
    except PhospheneError:
        raise  # of whoever watches the progress
    except Exception as error:
        raise WeightsError(_explain(what, error)) from None
    return _copy(Path(path), announced.etag)


def _copy(path: Path, etag: str | None = None) -> Copy:
    """Large files are announced, and named in the cache, by their SHA-256."""
    snapshots = next(parent for parent in path.parents if parent.name == "snapshots")
    checksum = etag or path.resolve().name
    return Copy(
        path,
        path.relative_to(snapshots).parts[0],
        checksum if _SHA256.fullmatch(checksum) else None,
    )


def _explain(what: str, error: Exception) -> str:
    """One line that names the file and the remedy."""
    # The client says "not in the cache" of whatever went wrong; the cause says what did.
    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    code = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, RevisionNotFoundError):
        return f"{what} has lost its locked revision; delete its entry from {user_lock()}"
    for kinds, codes, words in _EXPLAINED:
        if isinstance(error, kinds) or code in codes:
            return f"{what} {words}"
    if code:
        return f"{what}: the Hub answered {code}; try again later"
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"{what} {_DISK[error.errno]}"
    return f"{what}: the Hub cannot be reached ({type(error).__name__}); try again online"


_DISK = {
    errno.ENOSPC: "does not fit on the disk; free some space or set HF_HOME elsewhere",
    errno.EDQUOT: "does not fit in your quota; free some space or set HF_HOME elsewhere",
    errno.EACCES: "cannot be written to the cache; set HF_HOME to a folder of yours",
    errno.EROFS: "cannot be written to the cache; set HF_HOME to a folder of yours",
}
_Kinds: TypeAlias = tuple[type[Exception], ...]
_EXPLAINED: tuple[tuple[_Kinds, tuple[int, ...], str], ...] = (
    ((GatedRepoError,), (403,), "is gated; accept its terms on the Hub and set HF_TOKEN"),
    (
        (RepositoryNotFoundError,),
        (401,),
        "is missing or private; check the name, or set HF_TOKEN to a valid token",
    ),
    ((EntryNotFoundError,), (404,), "does not exist at that revision; check the name"),
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
