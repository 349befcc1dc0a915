"""`paint`: pictures and clips with one brush, from the command line."""

from __future__ import annotations

import av
import pytest
from PIL import Image

from phosphene.__main__ import main
from phosphene.images import video
from phosphene.networks import brush_file
from phosphene.networks.stylizer import load_stylizer

QUICK = ["--size", "64", "--device", "cpu", "-q"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder `in` with a picture, a clip and a file that is neither; a brush beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    ramps = [Image.linear_gradient("L").convert("RGB").resize((64, 48)).rotate(n) for n in range(3)]
    ramps[0].save("in/photo.png")
    video.save(ramps, "in/clip.mp4", rate=8)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    brush = load_stylizer("cpu").brushes[3]
    (tmp_path / "wave.brush").write_text(brush_file.write(brush))
    return tmp_path


def test_a_folder_of_pictures_and_clips_is_painted(folder):
    assert main(["paint", "in", "--brush", "wave.brush", "-o", "out", *QUICK]) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["clip.mp4", "photo.png"]
    with av.open("out/clip.mp4") as film:
        assert sum(1 for _ in film.decode(video=0)) == 3
    plain = Image.open("in/photo.png").convert("RGB").resize((64, 48))
    assert Image.open("out/photo.png").tobytes() != plain.tobytes()


def test_one_file_is_painted_with_a_style_by_its_name(folder):
    assert main(["paint", "in/clip.mp4", "--style", "Stained glass", "-o", "one.mp4", *QUICK]) == 0
    with av.open("one.mp4") as film:
        assert film.streams.video[0].width == 64


def test_what_is_wrong_with_a_file_is_said_and_stops_nothing(folder, capsys):
    (folder / "in" / "broken.mp4").write_bytes(b"not a film")
    assert main(["paint", "in", "-o", "out", *QUICK]) == 1
    told = capsys.readouterr().err
    assert told == "phosphene: broken.mp4 cannot be read as a video; save it as MP4\n"
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["clip.mp4", "photo.png"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gone"], "'gone' does not exist; name a picture, a clip or a folder"),
        (["in", "-o", "out.mp4"], "name a folder for both"),
        (["in", "-o", "in"], "output is the folder that is read"),
        (["in/photo.png", "--style", "Woodcut"], "did you mean"),
    ],
)
def test_a_mistake_is_one_line(folder, words, told, capsys):
    assert main(["paint", *words, *QUICK]) == 1
    assert told in capsys.readouterr().err
