"""Where the pictures of a batch come from: a folder, a list of paths, a table in a parquet file."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from phosphene.cli.commands import PICTURES, files_of
from phosphene.errors import InputError, quoted

LISTS = (".txt", ".lst")
NAMES = ("name", "file_name", "filename", "path", "id")
"""Columns that name a picture, the first that is there."""


@dataclass(frozen=True)
class Source:
    """One picture: a file, or a row of a parquet file; `name` is that of its result."""

    name: str
    path: str
    row: int = -1

    def read(self) -> str | bytes:
        """What a method takes: the path of a file, or a picture's bytes."""
        return self.path if self.row < 0 else _of_row(self.path, self.row)


def sources(text: str, suffixes: tuple[str, ...]) -> list[Source]:
    """All pictures of a folder, a list or a parquet file; InputError where there is none."""
    path = Path(text)
    if path.is_dir():
        found = _named(files_of(path, suffixes))
    elif path.suffix.lower() in LISTS and path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        found = _named(path.parent / line.strip() for line in lines if line.strip())
    elif path.suffix.lower() == ".parquet" and path.is_file():
        found = list(_rows(path.resolve()))
    else:
        raise InputError(
            f"{quoted(text)} is no folder, list or table; "
            "name a folder, a .txt with a path on each line, or a .parquet"
        )
    if not found:
        raise InputError(f"{path} has no pictures in it; name another folder")
    return found


def _named(paths: Iterable[Path]) -> list[Source]:
    """Each file by its stem, where several share that by its name, or with a number."""
    files = [path.resolve() for path in paths]
    stems, names = (Counter(getattr(file, part) for file in files) for part in ("stem", "name"))
    seen: Counter[str] = Counter()
    found = []
    for file in files:
        name = file.stem if stems[file.stem] == 1 else file.name
        seen[name] += 1
        number = f"-{seen[name]}" if names[file.name] > 1 and seen[name] > 1 else ""
        found.append(Source(name + number, str(file)))
    return found


def _parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError(
            "parquet files need pyarrow; install it with: pip install 'phosphene[ray]'"
        ) from None


def _table(path: str | Path) -> Any:
    try:
        return _parquet().ParquetFile(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise InputError(f"{Path(path).name} cannot be read as parquet: {error}") from None


def _column(table: Any) -> str:
    """The column with the pictures: bytes, paths, or both as the Hub's data sets have it."""
    kinds: dict[str, str] = {entry.name: str(entry.type) for entry in table.schema_arrow}
    for name in sorted(kinds, key=lambda name: name not in ("image", "picture")):
        if "binary" in kinds[name]:
            return name
    for name in ("image", "picture", "path", "file_name"):
        if kinds.get(name) in ("string", "large_string"):
            return name
    raise InputError(f"no column of {', '.join(kinds)} holds pictures; name one image")


def _rows(path: Path) -> Iterator[Source]:
    table = _table(path)
    column = _column(table)
    known = set(table.schema_arrow.names)
    named = next((name for name in NAMES if name in known), None)
    texts = table.read([named]).column(named).to_pylist() if named else []
    stems = [_stem(text) for text in texts]
    nested = str(table.schema_arrow.field(column).type)
    if not named and "path:" in nested:  # the Hub's: {bytes, path}
        paths = table.read([f"{column}.path"]).column(column).to_pylist()
        stems = [_stem((item or {}).get("path")) for item in paths]
    several = Counter(stems)
    for row in range(table.metadata.num_rows):
        stem = stems[row] if stems and several[stems[row]] == 1 else ""
        yield Source(stem or f"{path.stem}-{row:06}", str(path), row)


def _stem(text: Any) -> str:
    """A name as part of a file's: without folders, and without the suffix of a picture."""
    path = Path("" if text is None else str(text))
    return path.stem if path.suffix.lower() in PICTURES else path.name


@lru_cache(maxsize=1)
def _group(path: str, group: int) -> list[Any]:
    table = _table(path)
    column = _column(table)
    values: list[Any] = table.read_row_group(group, [column]).column(column).to_pylist()
    return values


def _of_row(path: str, row: int) -> str | bytes:
    """A row's picture; InputError where there is none."""
    counts = _table(path).metadata
    group, first = 0, 0
    while row >= first + counts.row_group(group).num_rows:
        first += counts.row_group(group).num_rows
        group += 1
    value = _group(path, group)[row - first]
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, str):
        return str(Path(path).parent / value)
    if not isinstance(value, bytes):
        raise InputError(f"row {row} of {Path(path).name} holds no picture")
    return value
