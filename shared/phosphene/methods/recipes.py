"""Recipes: what makes a picture again, kept in the PNG itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from phosphene import images
from phosphene.errors import InputError, unknown
from phosphene.frame import Frame
from phosphene.knobs import File, Knob, Mask, Picture, Pictures, parameters
from phosphene.methods import METHODS
from phosphene.optimize.objectives import Objective
from phosphene.version import __version__

CHUNK = "phosphene"
"""The keyword of the PNG's tEXt chunk: JSON in ASCII."""


def metadata(frame: Frame) -> dict[str, Any]:
    """Everything that makes the picture again, as JSON; pictures and files by SHA-256 and size."""
    recipe = dict(frame.recipe)
    pictures = media(recipe.get("method"))
    arguments = recipe.get("arguments", {})
    plain = {name: (_marked if name in pictures else _plain)(v) for name, v in arguments.items()}
    recipe = {"phosphene": __version__, **recipe, "arguments": plain}
    return {key: _plain(value) for key, value in recipe.items()} | {"step": frame.step}


def save_png(frame: Frame, path: Path) -> Path:
    """The frame's picture with its `metadata` in the tEXt chunk "phosphene"."""
    info = PngInfo()
    info.add_text(CHUNK, json.dumps(metadata(frame)))
    frame.image.save(path, "PNG", pnginfo=info, compress_level=4)
    return path


def read(path: str | Path) -> dict[str, Any]:
    """The recipe in a PNG of ours; InputError where there is none."""
    name = Path(path).name
    if not Path(path).is_file():
        raise InputError(f"{name} is not a file; name a PNG that Phosphene made")
    try:
        with Image.open(path) as picture:
            picture.load()
            text = getattr(picture, "text", {}).get(CHUNK)
    except UnidentifiedImageError:
        raise InputError(f"{name} is not a picture; name a PNG that Phosphene made") from None
    except (OSError, SyntaxError, ValueError):
        raise InputError(f"{name} is damaged or cut short; name another PNG") from None
    if text is None:
        raise InputError(f"{name} has no recipe in it; name a PNG as Phosphene saved it")
    with suppress(ValueError):
        recipe = json.loads(text)
        if isinstance(recipe, dict) and isinstance(recipe.get("arguments"), dict):
            return recipe
    raise InputError(f"the recipe in {name} cannot be read; name a PNG as Phosphene saved it")


def filled(recipe: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """The recipe with the path of a file for every picture in it.

    Files are told by their SHA-256, pictures that came as pixels by that of their pixels.
    InputError names the first that is not among `files`, which are looked through no further than
    needed.
    """
    name = recipe.get("method")
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    missing = {mark["sha256"]: mark for mark in _marks(recipe["arguments"])}
    paths: dict[str, str] = {}
    for file in files if missing else ():
        sizes = [tuple(mark["size"] or ()) for mark in missing.values()]
        for digest in _digests(file, sizes):
            if missing.pop(digest, None):
                paths[digest] = str(file)
        if not missing:
            break
    labels = {parameter.name: parameter.label for parameter in parameters(METHODS[name])}
    for parameter, value in recipe["arguments"].items():
        for mark in _marks(value):
            if mark["sha256"] in missing:
                raise InputError(_absent(labels.get(parameter, parameter), mark))
    return {**recipe, "arguments": _replaced(recipe["arguments"], paths)}


def _absent(label: str, mark: Mapping[str, Any]) -> str:
    size = "×".join(str(side) for side in mark["size"] or ())
    about = f"a picture of {size} pixels" if size else "a file"
    return (
        f"{label} is {about} with SHA-256 {mark['sha256'][:12]}… that is not here; "
        "name its file after the result"
    )


def media(method: Any) -> dict[str, Knob]:
    """The parameters of a method that are pictures or files."""
    kinds = (Picture, Pictures, Mask, File)
    known = parameters(METHODS[method]) if method in METHODS else ()
    return {p.name: p.knob for p in known if isinstance(p.knob, kinds)}


def _marked(value: Any) -> Any:
    """A picture or a file, or a row of them, by SHA-256 and size; a style's share as it is."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_marked(item) for item in value]
    if isinstance(value, (str, Path)):
        with suppress(OSError):
            return _mark(Path(value).read_bytes(), _size(Path(value)))
        return str(value)
    if isinstance(value, bytes):
        return _mark(value, images.load(value).size)
    picture = value if isinstance(value, Image.Image) else images.load(value)
    return _mark(picture.tobytes(), picture.size)


def _mark(data: bytes, size: tuple[int, int] | None) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": list(size) if size else None}


def _size(path: Path) -> tuple[int, int] | None:
    with suppress(OSError, Image.DecompressionBombError), Image.open(path) as picture:
        return picture.size
    return None


def _plain(value: Any) -> Any:
    """JSON's types; pictures by SHA-256 and size, objectives as text, others by their type."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Image.Image):
        return _mark(value.tobytes(), value.size)
    return str(value) if isinstance(value, (Path, Objective)) else type(value).__name__


def _is_mark(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"sha256", "size"}


def _marks(value: Any) -> Iterator[Mapping[str, Any]]:
    if _is_mark(value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _marks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _marks(item)


def _replaced(value: Any, paths: Mapping[str, str]) -> Any:
    if _is_mark(value):
        return paths[value["sha256"]]
    if isinstance(value, Mapping):
        return {key: _replaced(item, paths) for key, item in value.items()}
    return [_replaced(item, paths) for item in value] if isinstance(value, list) else value


def _digests(file: Path, sizes: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """The SHA-256 of a file, and of its pixels where it has one of the sizes."""
    with suppress(OSError):
        yield hashlib.sha256(file.read_bytes()).hexdigest()
    if _size(file) in set(sizes):
        with suppress(OSError, InputError), Image.open(file) as picture:
            yield hashlib.sha256(picture.tobytes()).hexdigest()
            yield hashlib.sha256(images.load(picture).tobytes()).hexdigest()
