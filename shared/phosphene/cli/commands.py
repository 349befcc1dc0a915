"""Run a method from the command line: one picture, a folder of them, or a result again."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image

from phosphene import knobs
from phosphene.cli.options import add_options, adopt_first, first, given
from phosphene.cli.output import SUFFIXES, Output, save
from phosphene.cli.progress import Watched
from phosphene.errors import InputError, PhospheneError, quoted
from phosphene.frame import Frame
from phosphene.hosting import malloc
from phosphene.hosting.space import find_apps
from phosphene.knobs import File, Picture, parameters
from phosphene.methods import METHODS, recipes, start
from phosphene.version import __version__

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
"""What counts as a picture in a folder."""


def add_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """A command for every method, and `repeat`; `add` makes one by its name and description."""
    for name, method in METHODS.items():
        command = add(name, str(method.__doc__).partition("\n\nArgs:")[0])
        command.set_defaults(function=run, method=name)
        add_options(command, method)
        add_common(command)
    again = add("repeat", "Make a result again from the recipe in its PNG; also: --repeat RESULT.")
    again.set_defaults(function=repeat)
    again.add_argument("result", help="a PNG that Phosphene made")
    again.add_argument(
        "pictures",
        nargs="*",
        help="what it was made from, files or folders; also looked for beside it and in the apps",
    )
    again.add_argument("--device", help="another one than the recipe says")
    add_common(again)


def adopt(args: argparse.Namespace, words: list[str]) -> list[str]:
    """Take in the words that argparse does not place, as it may after options; what is left."""
    if args.function is repeat and not any(word.startswith("-") for word in words):
        args.pictures += words
        return []
    return adopt_first(args, words, METHODS[args.method]) if args.function is run else words


def add_common(command: argparse.ArgumentParser) -> None:
    """What every method's command takes besides its knobs."""
    command.add_argument(
        "-o",
        "--output",
        help="a file ending in .png, .jpg or .mp4, or a folder; default: a new name in this folder",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but what is wrong")


def run(args: argparse.Namespace) -> int:
    """A method on one picture or on every picture of a folder."""
    malloc.keep()
    arguments = given(args)
    source = str(arguments.get(first(METHODS[args.method]) or "", ""))
    if suffixes(METHODS[args.method]) and Path(source).is_dir():
        return _folder(args, arguments, Path(source))
    stem = Path(source).stem if Path(source).is_file() else _slug(source)
    name = f"{stem}-{args.method}" if stem else args.method
    output = Output.named(args.output, name)
    make(start(METHODS[args.method], arguments), output, stem or name, args.quiet)
    return 0


def _folder(args: argparse.Namespace, arguments: Mapping[str, Any], folder: Path) -> int:
    """One result per picture of the folder; what fails is listed and stops nothing."""
    method, name = METHODS[args.method], str(first(METHODS[args.method]))
    files = files_of(folder, suffixes(method))
    if not files:
        raise InputError(f"{folder} has no pictures in it; name another folder")
    target = target_of(folder, args.output, args.method)
    knobs.check(method, {**arguments, name: str(files[0])})  # what is wrong for all is said once
    suffix = ".mp4" if isinstance(_knob(method, name), File) else ".png"

    def frames(file: Path) -> Iterator[Frame]:
        return start(method, {**arguments, name: str(file)})

    return make_each(files, target, frames, lambda _: suffix, args.quiet)


def target_of(folder: Path, output: str | None, what: str) -> Path:
    """The folder for the results of another one's files; InputError where it cannot be that."""
    target = Path(output or f"{folder.resolve().name}-{what}")
    if target.suffix.lower() in SUFFIXES or target.is_file():
        raise InputError(f"output is {target}, but {folder} is a folder; name a folder for both")
    if target.resolve() == folder.resolve():
        raise InputError(f"output is the folder that is read, {target}; name another one")
    return target


def make_each(
    files: Sequence[Path],
    target: Path,
    frames: Callable[[Path], Iterator[Frame]],
    suffix: Callable[[Path], str],
    quiet: bool,
) -> int:
    """One result for each file, named like it; what fails is listed and stops nothing."""
    target.mkdir(parents=True, exist_ok=True)
    stems, failures = Counter(file.stem for file in files), []
    for file in files:
        stem = file.stem if stems[file.stem] == 1 else file.name
        output = Output(target / f"{stem}{suffix(file)}", suffix(file))
        try:
            make(frames(file), output, file.name, quiet)
        except PhospheneError as error:
            told = str(error)
            failures.append(told if file.name in told else f"{file.name}: {told}")
    for failure in failures:
        print(f"phosphene: {failure}", file=sys.stderr)
    return 1 if failures else 0


def repeat(args: argparse.Namespace) -> int:
    """A result again, on the same device bit for bit; says where it is not."""
    malloc.keep()
    result = Path(args.result)
    recipe = recipes.read(result)
    recipe = recipes.filled(recipe, _candidates(result, args.pictures, METHODS.values()))
    arguments = recipe["arguments"] | ({"device": args.device} if args.device else {})
    output = Output.named(args.output, f"{result.stem}-again")
    frames = _until(start(METHODS[recipe["method"]], arguments), recipe.get("step"))
    last = make(frames, output, result.name, args.quiet)
    if not args.quiet:
        print(_compared(result, recipe, last), file=sys.stderr)
    return 0


def make(frames: Iterator[Frame], output: Output, name: str, quiet: bool) -> Frame:
    """Run to the end and save; a run that ends early is saved as far as it came.

    Raises what ended it, InputError with the place of what is saved.
    """
    watched = Watched(frames, name, quiet)
    paths = save(watched, output)
    if not quiet:
        for path in paths:
            print(path)
    frame = watched.last
    saved = f"{paths[0]} has step {frame.step} of {frame.steps}" if frame and paths else ""
    if isinstance(watched.ended, KeyboardInterrupt):
        print(f"phosphene: stopped; {saved or 'there is no picture yet'}", file=sys.stderr)
        raise watched.ended
    if watched.ended:
        raise InputError(f"{watched.ended}; {saved}") if saved else watched.ended
    if frame is None:
        raise InputError(f"{name} made no picture; try other settings")
    return frame


def _until(frames: Iterator[Frame], step: int | None) -> Iterator[Frame]:
    """The frames up to the step at which the recipe's picture was taken."""
    stream: Any = frames
    try:
        for frame in stream:
            yield frame
            if step is not None and frame.step >= step:
                return
    finally:
        stream.close()


def _compared(result: Path, recipe: Mapping[str, Any], frame: Frame) -> str:
    """Whether it is the same picture again, and what may be the reason where it is not."""
    with Image.open(result) as picture:
        same = picture.convert("RGB").tobytes() == frame.image.convert("RGB").tobytes()
    if same:
        return f"{result.name}: the same picture, bit for bit"
    if recipe.get("phosphene") != __version__:
        about = f"it was made by version {recipe.get('phosphene')}"
    elif recipe.get("weights") != frame.recipe.get("weights"):
        about = "it was made with other weights"
    else:
        about = "another device or version of PyTorch makes it alike only"
    return f"{result.name}: not bit for bit the same picture; {about}"


def _candidates(result: Path, given: Sequence[str], methods: Any) -> Iterator[Path]:
    """Files to look for pictures in: those given, those beside the result, the apps' examples."""
    known = tuple(dict.fromkeys(chain(PICTURES, *(suffixes(method) for method in methods))))
    for text in given:
        path = Path(text)
        if not path.exists():
            raise InputError(f"{quoted(text)} does not exist; name the files it was made from")
        yield from files_of(path, known) if path.is_dir() else [path]
    yield from (file for file in files_of(result.parent, known) if file != result)
    for folder in find_apps().values():
        yield from (file for file in sorted(folder.glob("examples/**/*")) if file.is_file())


def files_of(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder with one of these suffixes, by name."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes and p.is_file())


def _knob(method: Callable[..., Any], name: str) -> knobs.Knob:
    return next(p.knob for p in parameters(method) if p.name == name)


def suffixes(method: Callable[..., Any]) -> tuple[str, ...]:
    """What files a method's first parameter is read from; none where it is no file."""
    name = first(method)
    knob = _knob(method, name) if name else None
    if isinstance(knob, File):
        return knob.suffixes
    return PICTURES if isinstance(knob, Picture) else ()


def _slug(text: str) -> str:
    """A class or an objective as a part of a file's name."""
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return "-".join(words)[:40]
