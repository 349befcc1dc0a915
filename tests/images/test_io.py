"""Image intake: whatever comes in becomes RGB in [0, 1], or one clear sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import InputError, images


def save(tmp_path: Path, picture: Image.Image, name: str = "p.png", **options) -> Path:
    path = tmp_path / name
    picture.save(path, **options)
    return path


def half(mode: str, left, right, size=(40, 30)) -> Image.Image:
    picture = Image.new(mode, size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def test_exif_orientation_is_obeyed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to show
    path = save(tmp_path, half("RGB", "black", "white"), "p.jpg", exif=exif, quality=95)
    picture = images.load(path)
    assert picture.size == (30, 40)
    assert picture.getpixel((15, 3))[0] < 20
    assert picture.getpixel((15, 37))[0] > 235


def test_transparency_lies_over_white_and_hides_its_colors(tmp_path):
    picture = half("RGBA", (255, 0, 0, 255), (0, 255, 0, 0))
    loaded = images.load(save(tmp_path, picture))
    assert loaded.getpixel((5, 5)) == (255, 0, 0)
    assert loaded.getpixel((35, 5)) == (255, 255, 255)


def test_palette_with_transparency(tmp_path):
    picture = half("P", 1, 0)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    loaded = images.load(save(tmp_path, picture, transparency=0))
    assert loaded.getpixel((5, 5)) == (255, 0, 0)
    assert loaded.getpixel((35, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "YCbCr", "LA", "HSV", "LAB"])
def test_every_mode_becomes_rgb(mode):
    loaded = images.load(
        Image.new("RGB", (20, 20), (128, 128, 128)).convert(mode)
        if mode != "LAB"
        else Image.new("LAB", (20, 20))
    )
    assert loaded.mode == "RGB"
    assert loaded.size == (20, 20)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    loaded = np.asarray(images.load(save(tmp_path, Image.fromarray(values))))
    assert loaded[0, 0, 0] == 0
    assert loaded[-1, -1, 0] == 255
    assert abs(int(loaded[10, 0, 0]) - 128) <= 1


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    path = save(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert images.load(path).getpixel((9, 9)) == (254, 0, 0) or images.load(path).getpixel(
        (9, 9)
    ) == (255, 0, 0)


def test_size_is_the_longer_side_and_the_aspect_stays():
    assert images.load(Image.new("RGB", (400, 200)), 100).size == (100, 50)
    assert images.load(Image.new("RGB", (20, 40)), 80).size == (40, 80)


def test_arrays_and_tensors_round_trip():
    array = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    picture = images.load(array)
    tensor = images.to_tensor(picture)
    assert tensor.shape == (1, 3, 12, 16)
    assert 0 <= tensor.min() <= tensor.max() <= 1
    assert np.array_equal(np.asarray(images.load(tensor)), array)


def bomb() -> bytes:
    """A valid PNG header that declares 20000 x 6000 pixels and holds almost none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 20000, 6000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def truncated() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()[:1500]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"hello, I am a text file", "is not a picture"),
        (bomb(), "20000×6000; reduce it to 64 million pixels"),
        (truncated(), "damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is not a picture|damaged"),
    ],
)
def test_bad_files_give_one_sentence(tmp_path, data, words):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as error:
        images.load(path)
    assert "bad.png" in str(error.value)
    assert str(tmp_path) not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Image.new("RGB", (4, 4)), "4×4; it needs at least 8×8"),
        (Image.new("RGB", (900, 10)), "900×10; crop it"),
        (None, "NoneType"),
        (7, "int"),
        ("nowhere.png", "nowhere.png is not a file"),
        (np.zeros((8, 8), np.uint8), r"shape \(8, 8\)"),
        (np.zeros((8, 8, 3), np.float32), "float32"),
        (np.zeros((0, 8, 3), np.uint8), "shape"),
        (torch.zeros(3, 8, 8), r"shape \(3, 8, 8\)"),
        (torch.full((1, 3, 16, 16), 7.0), "values from 7 to 7"),
        (torch.full((1, 3, 16, 16), float("nan")), "nan"),
    ],
)
def test_bad_values_give_one_sentence(source, words):
    with pytest.raises(InputError, match=words):
        images.load(source)
