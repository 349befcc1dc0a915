"""A batch: many pictures by one method, gone on with where it stopped, what fails set aside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phosphene.__main__ import main
from phosphene.cli import batch, sources
from phosphene.errors import InputError
from phosphene.methods import recipes
from tests.tint import tint


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with four pictures in `in`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch.malloc, "keep", lambda: None)
    for seed, name in enumerate(("one.png", "two.png", "two.jpg", "three.png")):
        picture(tmp_path / "in" / name, seed)
    return tmp_path


def picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def results(target="out"):
    return sorted(path.name for path in Path(target).iterdir())


ALL = ["batch.json", "one.png", "three.png", "two.jpg.png", "two.png.png"]


def test_every_picture_of_a_folder_has_the_result_of_a_run_alone(capsys):
    assert main(["batch", "tint", "in", "-o", "out", "--steps", "2", "--way", "blue"]) == 0
    assert results() == ALL
    *_, alone = tint("in/three.png", steps=2, way="blue")
    with Image.open("out/three.png") as made:
        assert made.tobytes() == alone.image.tobytes()
    assert recipes.read("out/three.png") == recipes.metadata(alone)


def test_it_goes_on_where_it_was_stopped(capsys, monkeypatch):
    made, begun = batch.make, []

    def stopped(method, arguments, source):
        begun.append(source.name)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return made(method, arguments, source)

    monkeypatch.setattr(batch, "make", stopped)
    assert main(["batch", "tint", "in", "-o", "out"]) == 130
    assert len(results()) == 3
    monkeypatch.setattr(batch, "make", lambda *order: begun.append(order[-1].name) or made(*order))
    assert main(["batch", "tint", "in", "-o", "out"]) == 0
    assert "2 of 4 were there already" in capsys.readouterr().err
    assert results() == ALL
    assert begun[3:] == begun[2:3] + [name for name in begun[3:] if name != begun[2]]
    assert len(begun) == 5
    assert main(["batch", "tint", "in", "-o", "out"]) == 0
    assert len(begun) == 5


def test_results_of_other_settings_are_not_mixed_with_them(capsys):
    assert main(["batch", "tint", "in", "-o", "out", "--steps", "2"]) == 0
    assert main(["batch", "tint", "in", "-o", "out", "--steps", "3"]) == 1
    told = capsys.readouterr().err
    assert "out holds results of tint steps=2, this is tint steps=3; name another folder" in told


def test_what_fails_is_listed_and_stops_nothing_and_may_succeed_later(capsys, monkeypatch):
    Path("in/three.png").write_text("no picture")
    assert main(["batch", "tint", "in", "-o", "out"]) == 1
    line = "three: three.png is not a picture; use PNG, JPEG, WebP or GIF"
    assert f"phosphene: {line}\n" in capsys.readouterr().err
    assert Path("out/failed.txt").read_text() == f"{line}\n"
    assert results() == sorted({*ALL, "failed.txt"} - {"three.png"})
    picture(Path("in/three.png"))
    assert main(["batch", "tint", "in", "-o", "out"]) == 0
    assert results() == ALL


@pytest.mark.filterwarnings("ignore")
def test_what_breaks_and_what_ends_early_leave_no_result(capsys):
    for words, told in (("crash", "RuntimeError: a secret"), ("late", "not finite at step 3")):
        assert main(["batch", "tint", "in", "-o", words, "--words", words]) == 1
        assert capsys.readouterr().err.count(told) == 4
        assert results(words) == ["batch.json", "failed.txt"]


def test_a_list_names_pictures_of_many_folders(capsys):
    picture(Path("more/one.png"), 9)
    Path("more/list.txt").write_text("one.png\n\n../in/one.png\n../in/three.png\ngone.png\n")
    assert main(["batch", "tint", "more/list.txt", "-o", "out"]) == 1
    assert "gone: gone.png is not a file" in capsys.readouterr().err
    kept = [name for name in results() if name.endswith("png")]
    assert kept == ["one.png-2.png", "one.png.png", "three.png"]
    *_, alone = tint("in/one.png")
    with Image.open("out/one.png-2.png") as made:
        assert made.tobytes() == alone.image.tobytes()


def table(path, rows, groups=2, **columns):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa

    made = pa.table({**rows, **columns})
    parquet.write_table(made, path, row_group_size=groups)


def test_a_parquet_file_holds_pictures_as_bytes_or_as_the_hub_has_them(capsys):
    data = [Path("in", name).read_bytes() for name in ("one.png", "three.png", "two.jpg")]
    table("plain.parquet", {"image": [*data, b"nothing"], "label": [1, 2, 3, 4]})
    assert main(["batch", "tint", "plain.parquet", "-o", "out"]) == 1
    assert [n for n in results() if n[-3:] == "png"] == [f"plain-00000{n}.png" for n in range(3)]
    assert "plain-000003: " in capsys.readouterr().err
    *_, alone = tint("in/two.jpg")
    with Image.open("out/plain-000002.png") as made:
        assert made.tobytes() == alone.image.tobytes()
    nested = [{"bytes": one, "path": f"a/{n}.png"} for n, one in zip("xyz", data, strict=True)]
    table("hub.parquet", {"image": nested})
    assert main(["batch", "tint", "hub.parquet", "-o", "hub"]) == 0
    assert results("hub") == ["batch.json", "x.png", "y.png", "z.png"]
    table("paths.parquet", {"path": ["in/one.png", "in/two.jpg", "no"]})
    assert main(["batch", "tint", "paths.parquet", "-o", "paths"]) == 1
    assert "no: no is not a file" in capsys.readouterr().err
    table("named.parquet", {"id": ["../p.1", "q.png", "q.png"], "image": data})
    assert main(["batch", "tint", "named.parquet", "-o", "named"]) == 0
    told = ["batch.json", "named-000001.png", "named-000002.png", "p.1.png"]
    assert results("named") == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gone"], "'gone' is no folder, list or table"),
        (["in", "-o", "in"], "output is the folder that is read"),
        (["in", "-o", "out.png"], "a batch has many results: name a folder"),
        (["in", "--steps", "0"], "steps is 0; choose a whole number from 1 to 500"),
        (["empty"], "empty has no pictures in it"),
        (["in", "--workers", "none"], "choose a whole number from 1 to 64"),
        (["broken.parquet"], "broken.parquet cannot be read as parquet"),
        (["words.parquet"], "no column of words holds pictures"),
    ],
)
def test_what_is_wrong_for_all_is_said_once_and_makes_nothing(words, told, capsys):
    if "parquet" in words[0]:
        table("words.parquet", {"words": ["a", "b"]})
        Path("broken.parquet").write_bytes(b"PAR1 nothing")
    Path("empty").mkdir()
    before = sorted(Path().iterdir())
    assert main(["batch", "tint", *words]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert sorted(Path().iterdir()) == before


def test_only_methods_that_start_from_a_picture_are_offered(capsys):
    with pytest.raises(SystemExit):
        main(["batch", "--help"])
    offered = capsys.readouterr().out
    assert "tint" in offered
    assert "visualize_layer" not in offered


def test_names_are_those_of_the_files_and_never_twice():
    paths = [Path(p) for p in ("a/x.png", "a/x.jpg", "b/x.png", "b/y.png")]
    names = [one.name for one in sources._named(paths)]
    assert names == ["x.png", "x.jpg", "x.png-2", "y"]


def test_without_pyarrow_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sources.importlib.sys.modules, "pyarrow.parquet", None)
    Path("a.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"pip install 'phosphene\[ray\]'"):
        sources.sources("a.parquet", (".png",))


@pytest.mark.filterwarnings("ignore")  # Ray Data warns of its own settings
def test_two_processes_of_ray_data_make_the_same_and_list_what_fails(capsys):
    ray = pytest.importorskip("ray")
    pytest.importorskip("pyarrow")
    Path("in/three.png").write_text("no picture")
    try:
        words = ["batch", "dream", "in", "--layer", "blocks.2", "--size", "64", "--steps", "1"]
        words += ["--octaves", "1"]
        assert main([*words, "-o", "out", "--workers", "2"]) == 1
        told = capsys.readouterr().err
        assert "three: three.png is not a picture" in told
        Path("in/three.png").unlink()
        assert main([*words, "-o", "here"]) == 0
    finally:
        ray.shutdown()
    assert results() == sorted([*results("here"), "failed.txt"])
    for name in results("here"):
        if name.endswith(".png"):
            with Image.open(Path("here", name)) as one, Image.open(Path("out", name)) as two:
                assert one.tobytes() == two.tobytes()
                assert recipes.read(Path("here", name)) == recipes.read(Path("out", name))
    assert json.loads(Path("out/batch.json").read_text())["method"] == "dream"
