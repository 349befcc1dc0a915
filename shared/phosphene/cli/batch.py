"""A method over many pictures: here, one after the other, or by Ray Data on many processes."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from phosphene import knobs
from phosphene.cli.commands import PICTURES, add_common, suffixes
from phosphene.cli.options import add_options, first, given
from phosphene.cli.output import SUFFIXES, Output, save
from phosphene.cli.progress import Count, Watched
from phosphene.cli.sources import Source, sources
from phosphene.errors import InputError, PhospheneError
from phosphene.hosting import cluster, malloc
from phosphene.hosting.cluster import Wish
from phosphene.hosting.worker import Order, packed, unpacked
from phosphene.methods import METHODS, start

log = logging.getLogger(__name__)

SOURCE = "a folder of pictures, a .txt with a path on each line, or a .parquet with a column image"
SETTINGS = "batch.json"
"""What a folder of results was made with."""
FAILED = "failed.txt"
ENDED = "its worker ended each time, perhaps for want of memory; try it alone, or smaller"
RETRIES = 2
"""How often a picture is tried again whose worker ended."""


@dataclass(frozen=True)
class Made:
    """What came of one picture: files by name, the result first, or what went wrong."""

    name: str
    error: str
    files: Mapping[str, bytes]


def add_batch(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command `batch` with every method that starts from a picture or a film."""
    command = add("batch", "A method over many pictures; goes on where it was stopped.")
    methods = command.add_subparsers(required=True, metavar="METHOD")
    for name, method in METHODS.items():
        if not suffixes(method):
            continue
        about = str(method.__doc__).partition("\n\n")[0].replace("%", "%%")
        one = methods.add_parser(name, help=about, description=about, allow_abbrev=False)
        one.set_defaults(function=batch, method=name)
        add_options(one, method, SOURCE)
        add_common(one)
        one.add_argument("--workers", metavar="N", help="processes of this machine, by Ray")
        one.add_argument("--ray", metavar="ADDRESS", help="HOST:PORT of a Ray cluster, or auto")


def batch(args: argparse.Namespace) -> int:
    """Every picture that has no result yet; what fails is listed and stops nothing."""
    malloc.keep()
    wish = cluster.wish(args.workers, args.ray)
    method, arguments = METHODS[args.method], given(args)
    name = str(first(method))
    source = str(arguments.pop(name))
    found = sources(source, suffixes(method))
    target = _target(args, Path(source))
    _check(method, name, arguments, found)
    _settings(target, args.method, arguments)
    todo = [one for one in found if not _done(target, one.name)]
    count = Count(len(found), len(found) - len(todo), args.quiet)
    work = _by_ray(wish, args.method, arguments, todo) if wish else _here(args, arguments, todo)
    failed, left = [], {one.name for one in todo}
    with count:
        for made in work:
            left.discard(made.name)
            if made.error:
                failed.append(f"{made.name}: {made.error}")
            else:
                _keep(target, made)
            count.add(len(failed))
    failed += [f"{name}: {ENDED}" for name in sorted(left)]
    _tell(target, failed)
    return 1 if failed else 0


def _target(args: argparse.Namespace, source: Path) -> Path:
    """The folder for the results."""
    target = Path(args.output or f"{source.resolve().stem}-{args.method}")
    if target.suffix.lower() in SUFFIXES or target.is_file():
        raise InputError(f"output is {target}; a batch has many results: name a folder")
    if target.resolve() == source.resolve():
        raise InputError(f"output is the folder that is read, {target}; name another one")
    return target


def _check(
    method: Callable[..., Any], name: str, arguments: dict[str, Any], found: list[Source]
) -> None:
    """InputError, once, for what is wrong with all pictures."""
    if suffixes(method) != PICTURES and found[0].row >= 0:
        raise InputError(f"{method.__name__} reads films, a parquet holds pictures; name a folder")
    knobs.check(method, {**arguments, name: found[0].path})


def _settings(target: Path, method: str, arguments: Mapping[str, Any]) -> None:
    """Note what the results are made with; InputError where others are there already."""
    now = {"method": method, "arguments": {key: str(arguments[key]) for key in sorted(arguments)}}
    file = target / SETTINGS
    if file.is_file():
        then = json.loads(file.read_text(encoding="utf-8"))
        if then != now:
            raise InputError(
                f"{target} holds results of {_said(then)}, this is {_said(now)}; "
                "name another folder"
            )
    target.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


def _said(settings: Mapping[str, Any]) -> str:
    words = (f"{key}={value}" for key, value in settings["arguments"].items())
    return " ".join([settings["method"], *words])


def _done(target: Path, name: str) -> bool:
    return any((target / (name + suffix)).is_file() for suffix in (".png", ".mp4"))


def _keep(target: Path, made: Made) -> None:
    """Write the files, the result itself last and at once: what is there is whole."""
    for name, data in reversed(list(made.files.items())):
        part = target / f".{name}.part"
        part.write_bytes(data)
        os.replace(part, target / name)


def _tell(target: Path, failed: list[str]) -> None:
    for line in failed:
        print(f"phosphene: {line}", file=sys.stderr)
    if failed:
        (target / FAILED).write_text("\n".join(failed) + "\n", encoding="utf-8")
    else:
        (target / FAILED).unlink(missing_ok=True)


def make(method: str, arguments: Mapping[str, Any], source: Source) -> Made:
    """Run a method on one picture to its end."""
    with TemporaryDirectory(prefix="phosphene-") as folder:
        try:
            given = {**arguments, str(first(METHODS[method])): source.read()}
            watched = Watched(start(METHODS[method], given), source.name, quiet=True)
            paths = save(watched, Output(Path(folder, source.name)))
            if watched.ended:
                raise watched.ended
            if not paths:
                raise InputError(f"{method} made no picture; try other settings")
        except PhospheneError as error:
            return Made(source.name, str(error), {})
        except Exception as error:
            log.warning("%s failed", source.name, exc_info=True)
            return Made(source.name, f"{type(error).__name__}: {error}", {})
        return Made(source.name, "", {path.name: path.read_bytes() for path in paths})


def _here(
    args: argparse.Namespace, arguments: Mapping[str, Any], todo: Iterable[Source]
) -> Iterator[Made]:
    for source in todo:
        yield make(args.method, arguments, source)


class Maker:
    """One of Ray Data's processes: its networks stay loaded from picture to picture."""

    def __init__(self, order: Order, settings: Mapping[str, str], threads: int) -> None:
        os.environ.update(settings)
        malloc.keep()
        if threads:
            torch.set_num_threads(threads)
        self._folder = ExitStack()
        arguments, _ = self._folder.enter_context(unpacked(order))
        self._name, self._arguments = order.name, dict(arguments)

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A picture as a row, and what came of it as a row."""
        source = Source(str(row["name"]), str(row["path"]), int(row["row"]))
        made = make(self._name, self._arguments, source)
        names, data = list(made.files), list(made.files.values())
        return {"name": made.name, "error": made.error, "files": names, "data": data}


def _by_ray(
    wish: Wish, method: str, arguments: Mapping[str, Any], todo: list[Source]
) -> Iterator[Made]:
    """Each picture where there is room for it; the files are read there, results come here."""
    if not todo:
        return
    there = cluster.connect(wish)
    try:
        data: Any = importlib.import_module("ray.data")
    except ImportError as error:
        raise InputError(f"{cluster.NEEDED} ({error})") from None
    context = data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.max_errored_blocks = -1  # one that ends its worker each time stops no others
    rows = [{"name": one.name, "path": one.path, "row": one.row} for one in todo]
    made = data.from_items(rows, override_num_blocks=len(rows)).map(
        Maker,
        fn_constructor_args=(packed(method, arguments), cluster.settings(), there.threads),
        compute=data.ActorPoolStrategy(size=min(there.count, len(rows))),
        max_task_retries=RETRIES,
        **there.share,
    )
    for row in made.iter_rows():
        files = dict(zip(row["files"], row["data"], strict=True))
        yield Made(str(row["name"]), str(row["error"]), files)
