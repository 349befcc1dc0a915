"""paint: pictures and clips, one or a folder of them, with one brush."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from phosphene.cli.commands import PICTURES, files_of, make, make_each, target_of
from phosphene.cli.output import Output
from phosphene.errors import InputError, quoted
from phosphene.frame import Frame
from phosphene.hosting import malloc
from phosphene.images.clips import SUFFIXES as CLIPS
from phosphene.methods.instant_style.films import paint_video
from phosphene.methods.instant_style.instant import instant

FILMS = tuple(suffix for suffix in CLIPS if suffix not in PICTURES)
"""What counts as a clip in a folder, where a GIF is a picture."""
OPTIONS = ("style", "painting", "strength", "size")


def add_paint(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command `paint`; `add` makes one by its name and description."""
    command = add(
        "paint",
        "Paint a picture or a clip, or a folder of both, in one pass each.\n\n"
        "`instant --help` and `paint_video --help` say what the options mean.",
    )
    command.set_defaults(function=paint)
    command.add_argument("source", help="a picture, a clip, or a folder of them")
    command.add_argument("--brush", help="a file of a brush that was taught, or its text")
    for name in OPTIONS:
        command.add_argument(f"--{name}", default=argparse.SUPPRESS)
    command.add_argument("--keep-colors", action="store_true", help="only brightness is painted")
    command.add_argument("-o", "--output", help="a folder, or for one file the file to make")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but what is wrong")
    command.add_argument("--device", help="where to compute, such as cpu or cuda")


def paint(args: argparse.Namespace) -> int:
    """Each file painted; what fails is listed and stops nothing."""
    malloc.keep()
    source = Path(args.source)
    if not source.exists():
        raise InputError(
            f"{quoted(args.source)} does not exist; name a picture, a clip or a folder"
        )
    if source.is_file():
        make(
            frames_of(source, args),
            Output.named(args.output, f"{source.stem}-painted"),
            source.name,
            args.quiet,
        )
        return 0
    files = files_of(source, PICTURES + FILMS)
    if not files:
        raise InputError(f"{source} has no pictures and no clips in it; name another folder")
    return make_each(
        files,
        target_of(source, args.output, "painted"),
        lambda file: frames_of(file, args),
        lambda file: ".mp4" if is_clip(file) else ".png",
        args.quiet,
    )


def is_clip(file: Path) -> bool:
    """Whether it is painted as a film."""
    return file.suffix.lower() in FILMS


def frames_of(file: Path, args: argparse.Namespace) -> Iterator[Frame]:
    """The frames of a file's painting."""
    given: dict[str, Any] = {name: vars(args)[name] for name in OPTIONS if name in vars(args)}
    given |= {"keep_colors": args.keep_colors, "device": args.device}
    if args.brush:
        path = Path(args.brush)
        given["brush"] = path if len(args.brush) < 256 and path.is_file() else args.brush
    if is_clip(file):
        return paint_video(str(file), **given)
    return instant(str(file), **given)
