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
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\); give uint8 \(H, W, 3\)"),
        (np.zeros((5, 0, 3), np.uint8), r"shape \(5, 0, 3\)"),
        (torch.zeros(0), r"shape \(0,\); give float \(1, 3, H, W\)"),
        (torch.zeros(1, 3, 0, 8), r"shape \(1, 3, 0, 8\)"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "uint8 tensor"),
        (torch.full((1, 3, 16, 16), float("inf")), "inf"),
        (Image.new("RGB", (0, 5)), "0×5; it needs at least"),
        (Image.fromarray(np.full((9, 9), np.nan, np.float32)), "NaN or infinite"),
    ],
)
def test_bad_values_give_one_sentence(source, words):
    with pytest.raises(InputError, match=words):
        images.load(source)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def described() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "a" * 500
    return exif


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": described()}),
        ("PNG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("ICO", {}),
    ],
)
@pytest.mark.parametrize("by_path", [True, False])
def test_a_file_cut_anywhere_is_refused_in_one_sentence(tmp_path, kind, options, by_path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind, **options)
    path = tmp_path / "cut.jpg"
    for part in range(1, 40):
        path.write_bytes(data[: max(1, len(data) * part // 40)])
        with pytest.raises(InputError, match=r"cannot be read to its end|is not a picture"):
            images.load(path if by_path else path.read_bytes())


def test_a_picture_cut_in_the_middle_is_told_so_when_its_pixels_are_decoded(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(truncated())
    with Image.open(path) as opened, pytest.raises(InputError, match="read to its end"):
        images.load(opened)
    with pytest.raises(InputError, match=r"cut\.jpg is damaged or cut short: it cannot be read"):
        images.load(path, 64)


def test_damage_in_the_exif_block_beside_sound_pixels_is_no_matter():
    data = encoded(half("RGB", "black", "white"), "JPEG", exif=described())
    cut = data.replace(b"a" * 500, b"a" * 500, 1)
    start = cut.index(b"Exif\0\0") + 6
    damaged = cut[: start + 8] + b"\xff\x00" + cut[start + 10 :]
    assert images.load(damaged).size == (40, 30)


@pytest.fixture
def low_limits(monkeypatch):
    """Limits a ten-thousandth of the real ones, so that small files are large ones."""
    for name in ("MAX_PIXELS", "MAX_JPEG", "MAX_PROGRESSIVE"):
        monkeypatch.setattr(images.io, name, getattr(images.io, name) // 10_000)


def ramp(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").convert("RGB").resize((width, height))


def test_a_large_jpeg_is_shrunk_while_it_is_decoded(low_limits):
    picture = ramp(100, 75)  # 7500 pixels, 6400 allowed
    loaded = images.load(encoded(picture, "JPEG", quality=95))
    assert loaded.size == (50, 38)
    expected = np.asarray(picture.resize((50, 38)), dtype=float)
    assert np.abs(np.asarray(loaded, dtype=float) - expected).mean() < 3


@pytest.mark.parametrize(("size", "longest"), [(None, 50), (20, 50), (12, 25), (6, 13)])
def test_it_is_shrunk_to_no_less_than_twice_the_size_that_is_needed(low_limits, size, longest):
    shrunk = Image.open(io.BytesIO(encoded(ramp(100, 100), "JPEG")))
    images.io._shrink(shrunk, size)
    assert shrunk.size == (longest, longest)


@pytest.mark.parametrize(
    ("picture", "kind", "options", "words"),
    [
        (ramp(100, 75), "PNG", {}, "100×75; reduce it to"),
        (ramp(250, 200), "JPEG", {}, "250×200; reduce it to"),
        (ramp(150, 80), "JPEG", {"progressive": True}, "150×80; reduce it to"),
    ],
)
def test_what_memory_does_not_allow_is_refused_by_name(
    low_limits, tmp_path, picture, kind, options, words
):
    path = tmp_path / "large"
    path.write_bytes(encoded(picture, kind, **options))
    with pytest.raises(InputError, match=f"large is {words}"):
        images.load(path)


def test_below_the_limit_no_pixel_changes():
    data = encoded(ramp(300, 200), "JPEG")
    plain = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(np.asarray(images.load(data)), plain)


def test_a_jpeg_of_more_pixels_than_pillow_opens_is_shrunk_too(monkeypatch):
    data = encoded(ramp(100, 100), "JPEG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert images.load(data).size == (100, 100)
    with pytest.raises(InputError, match="too many pixels"):
        images.load(encoded(ramp(100, 100), "PNG"))
