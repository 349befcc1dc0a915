"""Pictures in a zip: found wherever they are, bounded before they are unpacked."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from phosphene.errors import InputError
from phosphene.images import archives
from phosphene.images.archives import pictures


def encoded(color, size=(40, 20), kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def pack(tmp_path):
    def packed(files, **options):
        path = tmp_path / "pictures.zip"
        with zipfile.ZipFile(path, "w", **options) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return packed


def test_pictures_come_small_in_the_order_of_their_names(pack):
    path = pack(
        {
            "b/two.JPG": encoded("green", kind="JPEG"),
            "a/one.png": encoded("red"),
            "notes.txt": b"none",
            "__MACOSX/a/._one.png": b"rubbish",
            ".hidden.png": b"rubbish",
            "a/": b"",
        }
    )
    found = list(pictures(path, 16, 10))
    assert [one.size for one in found] == [(16, 8), (16, 8)]
    assert found[0].getpixel((3, 3)) == (255, 0, 0)
    assert len(list(pictures(path, 16, 1))) == 1


def test_one_that_is_damaged_is_named_and_the_others_are_read(pack):
    found = list(pictures(pack({"a.png": b"no picture", "b.png": encoded("red")}), 16, 9))
    assert isinstance(found[0], InputError)
    assert "a.png" in str(found[0])
    assert found[1].size == (16, 8)


def test_a_bomb_is_refused_before_it_is_unpacked(pack, monkeypatch):
    path = pack({"a.png": bytes(2_000_000)}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(archives, "LARGEST", 1_000_000)
    (refused,) = pictures(path, 16, 9)
    assert "has 2 MB" in str(refused)
    monkeypatch.setattr(archives, "TOGETHER", 1_000_000)
    with pytest.raises(InputError, match="unpacks to 2 MB"):
        next(pictures(path, 16, 9))
    monkeypatch.setattr(archives, "ENTRIES", 0)
    with pytest.raises(InputError, match="holds 1 files"):
        next(pictures(path, 16, 9))


def test_a_header_that_lies_about_its_size_does_not_get_past_it(pack, monkeypatch):
    path = pack({"a.png": bytes(500_000)}, compression=zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace((500_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    path.write_bytes(data)
    (refused,) = pictures(path, 16, 9)
    assert "a.png" in str(refused)


def test_what_is_no_archive_or_has_no_pictures_or_a_password_is_named(pack, tmp_path):
    other = tmp_path / "other.zip"
    other.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"other\.zip is not a zip"):
        next(pictures(other, 16, 9))
    with pytest.raises(InputError, match="no pictures"):
        next(pictures(pack({"a.txt": b"words"}), 16, 9))
    path = pack({"a.png": encoded("red")})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption, in the directory
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="password"):
        next(pictures(path, 16, 9))
