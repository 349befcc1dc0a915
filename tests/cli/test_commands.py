"""Methods from the command line: one picture, a folder, a result again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import phosphene
from phosphene import InputError
from phosphene.__main__ import main
from phosphene.cli import commands
from phosphene.frame import Frame
from phosphene.knobs import parameters
from phosphene.methods import METHODS, recipes
from tests.tint import tint


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, whose examples are its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "find_apps", dict)
    monkeypatch.setattr(commands.malloc, "keep", lambda: None)
    return tmp_path


@pytest.fixture
def photo(folder):
    return picture(folder / "photo.png")


def picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def quick(name: str) -> list[str]:
    """Options that make a method's run short, as its knobs say."""
    values = {p.name: p.knob.quick for p in parameters(METHODS[name]) if p.knob.quick is not None}
    return [w for n, v in values.items() for w in (f"--{n.replace('_', '-')}", str(v))]


def test_a_picture_is_made_with_its_recipe(photo, folder, capsys):
    words = ["dream", "photo.png", "--layer", "blocks.2", *quick("dream"), "--seed", "7"]
    assert main([*words, "-o", "dream.png"]) == 0
    assert capsys.readouterr().out == "dream.png\n"
    arguments = recipes.read("dream.png")["arguments"]
    assert (arguments["layer"], arguments["seed"]) == ("blocks.2", 7)
    settings = {p.name: p.knob.quick for p in parameters(METHODS["dream"]) if p.knob.quick}
    *_, frame = phosphene.dream(photo, **{**settings, "layer": "blocks.2", "seed": 7})
    assert Image.open("dream.png").tobytes() == frame.image.tobytes()


def test_a_second_picture_has_its_name_and_a_class_has_none(photo, folder):
    picture(folder / "wave.png", seed=1)
    words = ["stylize", "photo.png", "--style", "wave.png", *quick("stylize")]
    assert main([*words, "-q"]) == 0
    assert (folder / "photo-stylize.png").is_file()
    assert main(["visualize", "kit fox", *quick("visualize")]) == 0
    assert recipes.read(folder / "kit-fox-visualize.png")["arguments"]["target"] == "kit fox"


def test_a_name_of_our_own_replaces_no_file_and_a_name_that_is_given_does(photo, folder):
    for name in ("photo-tint.png", "photo-tint-2.png"):
        assert main(["tint", "photo.png"]) == 0
        assert (folder / name).is_file()
    before = (folder / "photo-tint.png").read_bytes()
    assert main(["tint", "photo.png", "--way", "blue", "-o", "photo-tint.png"]) == 0
    assert (folder / "photo-tint.png").read_bytes() != before
    assert not (folder / "photo-tint-3.png").exists()


def test_the_suffix_says_what_is_written(photo, folder):
    assert main(["tint", "photo.png", "--soft", "-o", "a/b/out.jpg"]) == 0
    assert Image.open(folder / "a/b/out.jpg").format == "JPEG"
    assert main(["tint", "photo.png", "-o", "run.mp4", "--steps", "4"]) == 0
    with av.open("run.mp4") as film:
        assert len(list(film.decode(video=0))) == 4
    assert main(["tint", "photo.png", "-o", f"{folder}/new/"]) == 0
    assert (folder / "new" / "photo-tint.png").is_file()


def test_a_film_is_an_mp4_of_its_pictures_alone(photo, folder):
    assert main(["zoom", "photo.png", *quick("zoom"), "--pictures", "3"]) == 0
    with av.open("photo-zoom.mp4") as film:
        assert len(list(film.decode(video=0))) == 3
    assert main(["zoom", "photo.png", *quick("zoom"), "-o", "last.png"]) == 0
    assert recipes.read(folder / "last.png")["method"] == "zoom"


def test_files_of_the_result_are_saved_beside_it(photo, folder, capsys):
    words = ["invert", "photo.png", *quick("invert"), "--steps", "4", "-o", "seen.png"]
    assert main(words) == 0
    beside = sorted(path.name for path in folder.glob("seen-*"))
    assert beside
    assert capsys.readouterr().out.split() == ["seen.png", *beside]


def test_a_folder_goes_in_and_a_folder_comes_out(folder, capsys):
    picture(folder / "in" / "one.png")
    picture(folder / "in" / "two.jpg", seed=1)
    picture(folder / "in" / "two.png", seed=2)
    (folder / "in" / "bad.jpg").write_text("no picture")
    (folder / "in" / "notes.txt").write_text("no picture either")
    assert main(["tint", "in", "-o", "out"]) == 1
    assert sorted(p.name for p in (folder / "out").iterdir()) == [
        *("one.png", "two.jpg.png", "two.png.png")
    ]
    told = capsys.readouterr().err
    assert told == "phosphene: bad.jpg is not a picture; use PNG, JPEG, WebP or GIF\n"
    (folder / "in" / "bad.jpg").unlink()
    assert main(["tint", "in", "-q"]) == 0
    assert len(list((folder / "in-tint").iterdir())) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["in", "--steps", "0"], "steps is 0; choose a whole number from 1 to 500"),
        (["in", "-o", "in"], "output is the folder that is read"),
        (["in", "-o", "out.png"], "but in is a folder; name a folder for both"),
        (["empty"], "empty has no pictures in it"),
    ],
)
def test_what_is_wrong_for_a_whole_folder_is_said_once(folder, words, told, capsys):
    for name in ("one.png", "two.png"):
        picture(folder / "in" / name)
    (folder / "empty").mkdir()
    assert main(["tint", *words]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert sorted(p.name for p in folder.iterdir()) == ["empty", "in"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gone.png"], "gone.png is not a file"),
        (["photo.png", "--way", "rod"], "did you mean red"),
        (["photo.png", "-o", "out.tiff"], "let it end in .png, .jpg or .mp4"),
        (["photo.png", "--rate", "nought"], "rate is 'nought'; choose a number"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(photo, words, told, capsys):
    assert main(["tint", *words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("phosphene: ")
    assert told in error
    assert error.count("\n") == 1


def test_an_error_after_the_first_picture_leaves_that_picture(photo, folder, capsys):
    assert main(["tint", "photo.png", "--words", "late"]) == 1
    error = capsys.readouterr().err
    assert "not finite at step 3; lower the rate; photo-tint.png has step 2 of 5" in error
    assert recipes.read(folder / "photo-tint.png")["step"] == 2


def test_stopped_by_hand_keeps_the_picture_so_far(photo, folder, monkeypatch, capsys):
    def stopped(*_):
        yield Frame(Image.new("RGB", (8, 8)), 3, 9, recipe={"method": "tint", "arguments": {}})
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "start", stopped)
    assert main(["tint", "photo.png"]) == 130
    assert "stopped; photo-tint.png has step 3 of 9" in capsys.readouterr().err
    assert recipes.read(folder / "photo-tint.png")["step"] == 3


def test_stopped_by_hand_ends_a_folder_too(folder, monkeypatch):
    for name in ("one.png", "two.png"):
        picture(folder / "in" / name)
    begun = []

    def stopped(method, arguments):
        begun.append(Path(arguments["image"]).name)
        yield Frame(Image.new("RGB", (8, 8)), 3, 9)
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "start", stopped)
    assert main(["tint", "in"]) == 130
    assert begun == ["one.png"]


def test_a_result_is_made_again_bit_for_bit_from_the_files_beside_it(photo, folder, capsys):
    assert main(["dream", "photo.png", *quick("dream"), "-o", "dream.png"]) == 0
    photo.rename(folder / "renamed.png")
    assert main(["--repeat", "dream.png"]) == 0
    assert "dream.png: the same picture, bit for bit" in capsys.readouterr().err
    first, again = Image.open("dream.png"), Image.open("dream-again.png")
    assert first.tobytes() == again.tobytes()


def test_a_result_is_made_again_from_files_and_folders_that_are_given(folder, capsys):
    here, there = picture(folder / "a" / "one.png"), folder / "b" / "two.png"
    picture(there, seed=1)
    assert main(["tint", str(here), "--more", str(there), "-o", "c/out.png"]) == 0
    again = ["repeat", "c/out.png", "-o", "again.png"]
    assert main([*again, "a"]) == 1
    assert "More is a picture of 80×60 pixels" in capsys.readouterr().err
    assert main([*again, "a", str(there)]) == 0
    assert main([*again, "nowhere"]) == 1
    assert "'nowhere' does not exist" in capsys.readouterr().err


def test_a_picture_that_was_stopped_is_made_again_as_far_as_it_came(photo, folder):
    frames = tint(photo, steps=5)
    third = [next(frames) for _ in range(3)][-1]
    recipes.save_png(third, folder / "third.png")
    assert main(["--repeat", "third.png", "-q"]) == 0
    assert recipes.read(folder / "third-again.png")["step"] == 3
    assert Image.open("third.png").tobytes() == Image.open("third-again.png").tobytes()


def test_a_difference_is_said_with_what_may_be_its_reason(photo, folder, capsys):
    *_, frame = tint(photo)
    other = Frame(Image.new("RGB", frame.image.size), 5, 5, recipe=frame.recipe)
    recipes.save_png(other, folder / "out.png")
    assert main(["--repeat", "out.png"]) == 0
    told = capsys.readouterr().err
    assert "out.png: not bit for bit the same picture; another device or version" in told
    recipe = {**frame.recipe, "weights": ["others"]}
    recipes.save_png(Frame(other.image, 5, 5, recipe=recipe), folder / "out.png")
    assert main(["--repeat", "out.png"]) == 0
    assert "it was made with other weights" in capsys.readouterr().err


def test_a_file_without_a_recipe_cannot_be_repeated(photo, capsys):
    assert main(["--repeat", "photo.png"]) == 1
    assert "photo.png has no recipe in it" in capsys.readouterr().err


@pytest.mark.parametrize("name", METHODS)
def test_help_names_every_option_with_what_it_takes_and_its_default(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    first = commands.first(METHODS[name])
    for parameter in parameters(METHODS[name]):
        option = parameter.name if parameter.name == first else parameter.name.replace("_", "-")
        assert option in shown
        assert " ".join(parameter.knob.accepts.split()) in shown
    assert "--device" in shown
    assert "--output" in shown


def test_switches_lists_and_words_reach_the_method(photo, folder):
    words = ["--soft", "--words", "100%", "--more", "photo.png", "photo.png", "--steps", "2"]
    assert main(["tint", "photo.png", *words, "-o", "a.png"]) == 0
    arguments = recipes.read(folder / "a.png")["arguments"]
    assert arguments["soft"] is True
    assert arguments["words"] == "100%"
    assert len(arguments["more"]) == 2
    assert main(["tint", "photo.png", "--no-soft", "-o", "a.png"]) == 0
    assert recipes.read(folder / "a.png")["arguments"]["soft"] is False


def test_a_picture_may_stand_after_the_options_even_where_it_may_be_left_out(photo, folder):
    assert main(["invert", *quick("invert"), "--steps", "1", "photo.png", "-q"]) == 0
    assert (folder / "photo-invert.png").is_file()
    assert main(["visualize", "--size", "64", "--steps", "1", "goose", "-q"]) == 0
    assert recipes.read(folder / "goose-visualize.png")["arguments"]["target"] == "goose"


@pytest.mark.parametrize("words", [["--stepz", "3"], ["--step", "3"], ["second.png"]])
def test_an_option_that_does_not_exist_is_refused(photo, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["tint", "photo.png", *words])
    assert "unrecognized arguments" in capsys.readouterr().err


def test_the_command_is_installed_and_draws_no_bar_where_no_terminal_is(photo, folder):
    script = Path(sys.executable).with_name("phosphene")
    words = ["dream", "photo.png", *quick("dream"), "-o", "d.png"]
    done = subprocess.run([script, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "d.png\n", "")


def test_a_method_that_makes_no_picture_says_so(photo, monkeypatch):
    monkeypatch.setattr(commands, "start", lambda *_: iter(()))
    with pytest.raises(InputError, match="made no picture"):
        commands.make((frame for frame in ()), commands.Output.named(None, "a"), "a", True)
