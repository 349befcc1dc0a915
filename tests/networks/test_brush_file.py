"""Brushes as text: every bit comes back, and what is no brush is one sentence."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from phosphene import images
from phosphene.errors import InputError
from phosphene.networks import brush_file
from phosphene.networks.brush import LAST_SIZE, SIZE, Brush
from phosphene.networks.stylizer import load_stylizer
from tests.pictures import PANDA


def some(seed=0, last=False):
    generator = torch.Generator().manual_seed(seed)
    extra = torch.randn(LAST_SIZE, generator=generator) if last else None
    return Brush("My wave", torch.randn(SIZE, generator=generator), extra)


def text_of(*values, name=b"x", flags=0, version=1):
    """A text with a right checksum, whatever it holds."""
    kind = "<f4" if flags & 1 else "<f2"
    data = bytes([flags, len(name)]) + name + np.asarray(values, kind).tobytes()
    data += struct.pack("<I", zlib.crc32(data))
    return f"brush{version}-" + base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("narrow", [False, True])
def test_file_and_text_give_back_every_bit(tmp_path, last, narrow):
    brush = brush_file.rounded(some(last=last)) if narrow else some(last=last)
    path = brush_file.save(brush, tmp_path / "wave.brush")
    for again in (brush_file.load(path), brush_file.read(brush_file.write(brush))):
        assert again.name == "My wave"
        assert torch.equal(again.numbers, brush.numbers)
        assert (again.last is None) != last
        assert not last or torch.equal(again.last, brush.last)


def test_a_brush_that_was_saved_paints_the_same_picture_bit_for_bit(tmp_path):
    net = load_stylizer("cpu")
    photo = images.to_tensor(images.load(PANDA, 64))
    for brush in (net.brushes[3], brush_file.rounded(net.brushes[3])):
        again = brush_file.load(brush_file.save(brush, tmp_path / "3.brush"))
        assert torch.equal(net.paint_with(photo, again), net.paint_with(photo, brush))


def test_sixteen_bits_fit_into_a_link():
    text = brush_file.write(brush_file.rounded(some()))
    assert len(text) < 2700
    assert text.replace("-", "").replace("_", "").isalnum()
    assert len(brush_file.write(some(last=True))) < brush_file.LONGEST


def test_a_text_that_a_mail_has_broken_into_lines_is_read():
    text = brush_file.write(some())
    broken = "\n ".join(text[i : i + 76] for i in range(0, len(text), 76))
    assert torch.equal(brush_file.read(broken).numbers, some().numbers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no brush; give a .brush file or its text"),
        ("https://example.org", "'https://example.org' is no brush"),
        (text_of(*[0.5] * SIZE, version=2), "of version 2, version 1 is read here"),
        (brush_file.write(some())[:-9], "cut short or was changed on its way"),
        (brush_file.write(some()).replace("A", "B", 1), "cut short or was changed"),
        ("brush1-", "cut short"),
        ("brush1-A", "cut short"),
        (text_of(*[0.5] * 980), "has 980 numbers, one of 990 paints"),
        (text_of(*[0.5] * SIZE, flags=2), "has 990 numbers, one of 4554 paints"),
        (text_of(*[float("nan")] * SIZE), "NaN or far too large"),
        (text_of(*[1e30] * SIZE, flags=1), "NaN or far too large"),
    ],
)
def test_what_is_no_brush_is_one_sentence(text, words):
    with pytest.raises(InputError, match=words):
        brush_file.read(text)


def test_a_file_that_is_no_brush_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone.brush is not a file; name a .brush file"):
        brush_file.load(tmp_path / "gone.brush")
    large = tmp_path / "large.brush"
    large.write_bytes(b"x" * 100_000)
    with pytest.raises(InputError, match=r"large.brush is too large"):
        brush_file.load(large)
    with pytest.raises(InputError, match="is no brush"):
        brush_file.load(PANDA if Path(PANDA).stat().st_size < brush_file.LONGEST else __file__)


def test_names_are_one_printable_line_and_files_are_named_after_them():
    assert brush_file.named("  a\n\x00 wave ") == "a wave"
    assert brush_file.named("") == "brush"
    assert len(brush_file.named("🌊" * 90).encode()) <= 255
    assert brush_file.file_name(Brush("../My Wave?", torch.zeros(SIZE))) == "my-wave.brush"
