"""A PNG knows how it was made, and makes it again from the same files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import phosphene
from phosphene import InputError
from phosphene.frame import Frame
from phosphene.methods import recipes
from tests.tint import tint


def last(frames):
    *_, frame = frames
    return frame


@pytest.fixture
def photo(tmp_path):
    """A photograph as a file."""
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_png_holds_its_recipe_as_json_in_a_text_chunk(photo, tmp_path):
    frame = last(tint(str(photo), steps=2))
    saved = recipes.save_png(frame, tmp_path / "out.png")
    with Image.open(saved) as picture:
        recipe = json.loads(picture.text["phosphene"])
    assert recipe == recipes.read(saved) == recipes.metadata(frame)
    assert recipe["phosphene"] == phosphene.__version__
    assert recipe["method"] == "tint"
    assert recipe["step"] == 2
    assert recipe["arguments"]["steps"] == 2
    assert recipe["arguments"]["image"]["size"] == [80, 60]
    assert str(photo) not in json.dumps(recipe)


@pytest.mark.parametrize("given", ["path", "text", "picture", "array", "bytes"])
def test_a_recipe_is_filled_from_the_file_however_the_picture_was_given(given, photo, tmp_path):
    values = {
        "path": photo,
        "text": str(photo),
        "picture": Image.open(photo),
        "array": np.asarray(Image.open(photo)),
        "bytes": photo.read_bytes(),
    }
    frame = last(tint(values[given], steps=1, size=64))
    recipe = recipes.read(recipes.save_png(frame, tmp_path / "out.png"))
    other = tmp_path / "other.png"
    Image.new("RGB", (80, 60)).save(other)
    filled = recipes.filled(recipe, [other, tmp_path / "gone.png", photo])
    assert filled["arguments"]["image"] == str(photo)
    assert last(phosphene.repeat(filled)).image.tobytes() == frame.image.tobytes()


def test_a_path_is_a_file_even_where_it_is_relative_but_a_text_never_is(photo, monkeypatch):
    monkeypatch.chdir(photo.parent)
    frame = last(tint("photo.png", steps=1, words=str(photo)))
    arguments = recipes.metadata(frame)["arguments"]
    assert set(arguments["image"]) == {"sha256", "size"}
    assert arguments["words"] == str(photo)


def test_several_pictures_are_filled_each_with_its_own(photo, tmp_path):
    second = tmp_path / "second.png"
    Image.new("RGB", (20, 20), "red").save(second)
    frame = Frame(
        Image.new("RGB", (8, 8)),
        recipe={"method": "tint", "arguments": {"image": photo, "more": [second, photo]}},
    )
    filled = recipes.filled(recipes.metadata(frame), [second, photo])
    assert filled["arguments"] == {"image": str(photo), "more": [str(second), str(photo)]}


def test_the_picture_that_is_not_there_is_named(photo):
    frame = last(tint(photo, steps=1))
    words = r"Your picture is a picture of 80×60 pixels with SHA-256 \w{12}… that is not here; name"
    with pytest.raises(InputError, match=words):
        recipes.filled(recipes.metadata(frame), [])


def test_files_are_not_opened_where_no_picture_is_missing(photo):
    recipe = {"method": "tint", "arguments": {"steps": 3}}

    def files():
        pytest.fail("looked through")
        yield photo

    assert recipes.filled(recipe, files()) == recipe


def test_a_recipe_of_a_method_that_is_gone_names_those_that_exist():
    with pytest.raises(InputError, match="unknown method 'dreem'; did you mean dream"):
        recipes.filled({"method": "dreem", "arguments": {}}, [])


def chunk(path, **text):
    info = PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)


def test_a_file_without_a_recipe_says_what_is_wrong_with_it(tmp_path):
    def told(name):
        with pytest.raises(InputError) as error:
            recipes.read(tmp_path / name)
        return str(error.value)

    assert "gone.png is not a file" in told("gone.png")
    (tmp_path / "words.png").write_text("words")
    assert "words.png is not a picture" in told("words.png")
    chunk(tmp_path / "plain.png")
    assert "plain.png has no recipe" in told("plain.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    assert "photo.jpg has no recipe" in told("photo.jpg")
    for text in ("{", "[]", '{"method": "dream"}'):
        chunk(tmp_path / "torn.png", phosphene=text)
        assert "the recipe in torn.png cannot be read" in told("torn.png")
    whole = tmp_path / "cut.png"
    Image.effect_noise((64, 64), 9).save(whole)
    whole.write_bytes(whole.read_bytes()[:900])
    assert "cut.png is damaged" in told("cut.png")


def test_weights_are_those_of_the_run_and_no_network_is_loaded_to_name_them(monkeypatch):
    monkeypatch.setattr("phosphene.networks.loading.load_network", lambda *_: pytest.fail("loaded"))
    recipe = {"method": "dream", "arguments": {"network": "vgg19"}, "weights": ["vgg19 · file"]}
    frame = Frame(Image.new("RGB", (8, 8)), recipe=recipe)
    assert recipes.metadata(frame)["weights"] == ["vgg19 · file"]
    assert "weights" not in recipes.metadata(Frame(frame.image, recipe={"method": "dream"}))
