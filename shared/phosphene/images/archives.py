"""Pictures in a zip file, one after the other, each bounded before it is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from PIL import Image

from phosphene.errors import InputError
from phosphene.images.io import load

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
ENTRIES, LARGEST, TOGETHER = 20_000, 40_000_000, 2_000_000_000
"""Names that an archive may have; bytes of a picture, and of all of them, as they are unpacked."""


def pictures(path: Path, size: int, most: int) -> Iterator[Image.Image | InputError]:
    """The first `most` pictures of a zip in the order of their names, their longer side `size`.

    One that cannot be read comes as its InputError; an archive that cannot be raises one.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError):
        raise InputError(f"{path.name} is not a zip file, or damaged; pack it again") from None
    with archive:
        for entry in _chosen(archive, path.name)[:most]:
            try:
                yield load(_unpacked(archive, entry), size)
            except InputError as error:
                yield InputError(f"{entry.filename}: {error}")


def _chosen(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The entries that are pictures by their names; InputError where they are too much."""
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise InputError(f"{name} holds {len(entries)} files; pack at most {ENTRIES}")
    chosen = [entry for entry in entries if _is_picture(entry)]
    if not chosen:
        raise InputError(f"no pictures are in {name}; pack JPEG, PNG or WebP files")
    if any(entry.flag_bits & 1 for entry in chosen):
        raise InputError(f"{name} is locked with a password; pack it without one")
    whole = sum(entry.file_size for entry in chosen)
    if whole > TOGETHER:
        raise InputError(f"{name} unpacks to {whole / 1e6:.0f} MB; pack smaller pictures")
    return sorted(chosen, key=lambda entry: entry.filename)


def _is_picture(entry: zipfile.ZipInfo) -> bool:
    """A file with a picture's suffix, none of those that systems hide in archives."""
    parts = PurePosixPath(entry.filename).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not entry.is_dir() and not hidden and parts[-1].lower().endswith(tuple(SUFFIXES))


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry, never more than `LARGEST`, whatever its header says."""
    if entry.file_size > LARGEST:
        raise InputError(
            f"has {entry.file_size / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} are read"
        )
    try:
        with archive.open(entry) as file:
            data = file.read(LARGEST + 1)
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        raise InputError("cannot be unpacked; pack it again") from None
    if len(data) > LARGEST:
        raise InputError(f"has more than {LARGEST / 1e6:.0f} MB; make it smaller")
    return data
