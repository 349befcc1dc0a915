"""Brushes as text: the same line is a file, part of a link, and what is pasted."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phosphene.errors import InputError, quoted
from phosphene.networks.brush import LAST_SIZE, SIZE, Brush

SUFFIX = ".brush"
VERSION = 1
LONGEST = 40_000
"""Characters of a brush's text at most; one with last layers of its own in 32 bits has 24,300."""
LARGEST = 1000.0
"""Of a brush's numbers; those of the 26 styles stay below 10."""
NAME = 40
"""Letters of a brush's name at most."""
_WIDE, _LAST = 1, 2
_TEXT = re.compile(r"brush(\d{1,4})-([A-Za-z0-9_-]*)")


def rounded(brush: Brush) -> Brush:
    """The brush in numbers of 16 bits, held as float32: its text is half as long."""
    last = None if brush.last is None else brush.last.half().float()
    return replace(brush, numbers=brush.numbers.half().float(), last=last)


def write(brush: Brush) -> str:
    """One line of letters, digits, - and _: in 16 bits where that loses nothing, else in 32.

    `brush1-`, then in URL-safe base64: flags, the name's length and the name, the numbers as little
    endian, a checksum. `read` gives back every bit.
    """
    numbers = [part.detach().cpu() for part in (brush.numbers, brush.last) if part is not None]
    wide = any(not torch.equal(part.half().float(), part) for part in numbers)
    name = named(brush.name).encode()
    flags = _WIDE * wide + _LAST * (brush.last is not None)
    kind = "<f4" if wide else "<f2"
    body = b"".join(part.numpy().astype(kind).tobytes() for part in numbers)
    data = bytes([flags, len(name)]) + name + body
    data += struct.pack("<I", zlib.crc32(data))
    return f"brush{VERSION}-{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def read(text: str) -> Brush:
    """The brush of a text; InputError for another version, a text cut short, a NaN."""
    line = "".join(text[: 2 * LONGEST].split())
    match = _TEXT.fullmatch(line)
    if not match:
        raise InputError(f"{quoted(text)} is no brush; give a {SUFFIX} file or its text")
    if int(match[1]) != VERSION:
        raise InputError(
            f"the brush is of version {match[1]}, version {VERSION} is read here; teach it again"
        )
    try:
        data = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
        (checksum,) = struct.unpack("<I", data[-4:])
        whole = len(data) > 6 and zlib.crc32(data[:-4]) == checksum
    except (ValueError, struct.error):
        whole = False
    if not whole:
        raise InputError("the brush is cut short or was changed on its way; copy it again")
    return _parsed(data[:-4])


def _parsed(data: bytes) -> Brush:
    flags, length = data[:2]
    body = data[2 + length :]
    kind = "<f4" if flags & _WIDE else "<f2"
    count = SIZE + LAST_SIZE * bool(flags & _LAST)
    if len(body) != count * np.dtype(kind).itemsize:
        found = len(body) // np.dtype(kind).itemsize
        raise InputError(f"the brush has {found} numbers, one of {count} paints; teach it again")
    values = torch.from_numpy(np.frombuffer(body, kind).astype(np.float32))
    # A NaN is not below either.
    if not bool((values.abs() < LARGEST).all()):
        raise InputError("the brush has numbers that are NaN or far too large; teach it again")
    name = named(data[2 : 2 + length].decode(errors="replace"))
    return Brush(name, values[:SIZE].clone(), _rest(values))


def _rest(values: Tensor) -> Tensor | None:
    return values[SIZE:].clone() if len(values) > SIZE else None


def named(name: str) -> str:
    """A name as a brush has one: one line that can be printed, not empty, not long."""
    words = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    while len(words[:NAME].encode()) > 255:
        words = words[:-1]
    return words[:NAME].strip() or "brush"


def save(brush: Brush, path: str | Path) -> Path:
    """Write a brush's file."""
    path = Path(path)
    path.write_text(f"{write(brush)}\n", encoding="ascii")
    return path


def load(path: str | Path) -> Brush:
    """Read a brush's file; InputError where it is none."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path.name or path} is not a file; name a {SUFFIX} file")
    with path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise InputError(f"{path.name} is too large for a brush; name a {SUFFIX} file")
    return read(data.decode("ascii", errors="replace"))


def given(value: str | Path | Brush) -> Brush:
    """A brush as a program has it: itself, its file as a `Path`, or its text."""
    if isinstance(value, Brush):
        return value
    if not isinstance(value, (str, Path)):
        raise InputError(f"{quoted(value)} is no brush; give a {SUFFIX} file or its text")
    return load(value) if isinstance(value, Path) else read(value)


def file_name(brush: Brush) -> str:
    """What a brush's file is called."""
    words = re.sub(r"[^\w-]+", "-", named(brush.name).lower()).strip("-")
    return f"{words or 'brush'}{SUFFIX}"
