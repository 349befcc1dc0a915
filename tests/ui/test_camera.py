"""A camera painted live: by a stand-in for the stream, without a browser."""

from __future__ import annotations

import base64
import gc
import io
from types import SimpleNamespace

import av
import pytest
from PIL import Image

from phosphene.frame import Frame
from tests.tint import tint

gr = pytest.importorskip("gradio")

from phosphene import images, ui  # noqa: E402
from phosphene.ui import camera, footers, layout, stages, uploads  # noqa: E402


def red(**arguments):
    """What a painter of this camera answers with: the picture under as much red as is asked for."""
    picture = arguments["image"]
    return Frame(Image.blend(picture, Image.new("RGB", picture.size, "red"), arguments["amount"]))


class Stream:
    """A browser that sends pictures, and a clock."""

    def __init__(self, demo):
        self.now = 0.0
        self.roll = camera.ROLLS["somebody"] = camera.Roll("tint", red, lambda: self.now)
        with demo:
            self.form = camera_form()
            camera.connect(self.form, demo)

    def values(self, picture, **changes):
        defaults = [getattr(control, "value", None) for control in self.form.inputs]
        given = {"image": picture, **changes}
        names = [p.name for p in self.form.tab.parameters]
        return [given.get(name, value) for name, value in zip(names, defaults, strict=True)]

    def send(self, level, seconds=0.1, **changes):
        """One picture of a gray level; what the page is told: it painted, and the status."""
        values = self.values(Image.new("RGB", (64, 48), (level,) * 3), **changes)
        url, words, self.roll = camera.painted(self.form, self.roll, values, "somebody")
        self.now += seconds
        return url, words


def camera_form():
    views = [ui.Live(), ui.Snapshot(), ui.Film()]
    tab = ui.Tab("Camera", tint, views=views, stream=lambda: red)
    return layout.form_of(tab)


@pytest.fixture
def stream(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    camera.ROLLS.clear()
    return Stream(gr.Blocks())


def opened(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2])))


def test_each_picture_is_painted_with_the_settings_as_they_are_then(stream):
    before, _ = stream.send(100, amount=0.0)
    after, words = stream.send(100, amount=1.0)
    assert opened(before).getpixel((9, 9))[0] == pytest.approx(100, abs=6)
    assert opened(after).getpixel((9, 9))[0] > 245
    assert "pictures a second" in words


def test_a_bounded_number_of_pictures_is_kept_and_none_of_long_ago(stream):
    for _ in range(250):
        stream.send(90, seconds=0.05)
    assert len(stream.roll.pictures) <= camera.KEPT
    stream.now += 60
    stream.send(90)
    assert len(stream.roll.pictures) == 1


def views_of(stream, updates):
    kinds = (stages.Film, camera.Snapshot, footers.Downloads)
    return [next(v for v in stream.form.views if isinstance(v, kind)) for kind in kinds]


def test_a_snapshot_is_the_newest_picture_with_its_settings(stream):
    stream.send(20, amount=0.0)
    stream.send(200, amount=0.5)
    (first,) = camera.taken(stream.form, stream.roll, False)
    film, snapshot, downloads = views_of(stream, first)
    assert film.video not in first
    png = downloads.buttons["png"]
    assert png in first
    assert snapshot.stage in first
    assert first[stream.form.chooser].selected == "Snapshot"
    assert stream.roll.last.recipe["arguments"]["amount"] == 0.5


def test_the_last_seconds_are_a_film_as_fast_as_they_came(stream, monkeypatch):
    for number in range(20):
        stream.send(10 * number, seconds=0.2)
    shown = {}
    for updates in camera.taken(stream.form, stream.roll, True):
        film, *_ = views_of(stream, updates)
        if film.video in updates:
            with av.open(updates[film.video].constructor_args["value"]) as container:
                shown["rate"] = float(container.streams.video[0].average_rate)
                shown["pictures"] = sum(1 for _ in container.decode(video=0))
    assert shown["rate"] == pytest.approx(5, abs=0.3)
    assert shown["pictures"] >= 20


def test_before_the_camera_has_shown_anything_a_snapshot_says_so(stream):
    with pytest.raises(gr.Error, match="start it first"):
        next(camera.taken(stream.form, None, False))


def test_what_is_wrong_is_said_and_the_camera_goes_on(stream):
    url, words = stream.send(90, amount=9.0)
    assert not isinstance(url, str)
    assert "ph-error" in words
    assert "choose a number" in words
    assert isinstance(stream.send(90)[0], str)


def test_a_closed_page_keeps_nothing(stream):
    stream.roll = None  # the page's first picture
    stream.send(90)
    roll = stream.roll
    assert len(roll.pictures) == 1
    camera.closed(SimpleNamespace(session_hash="somebody"))
    assert not roll.pictures
    assert roll.last is None
    assert not camera.ROLLS
    stream.roll = None
    stream.send(90)
    stream.roll = None
    gc.collect()
    assert not camera.ROLLS  # one that nobody holds is not held here


def test_a_stream_hands_in_pictures_and_no_files(stream, tmp_path):
    control = stream.form.inputs[0]
    data = io.BytesIO()
    Image.new("RGB", (32, 24), "blue").save(data, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
    shot = uploads._as_shot(control, SimpleNamespace(url=url, path=None))
    assert images.load(shot).size == (32, 24)
    assert uploads._as_shot(control, None) is None
    for wrong in ("file:///etc/passwd", "data:text/html;base64,AAAA", url[:-9] + "?", url[:60]):
        with pytest.raises(gr.Error, match="no picture of a camera"):
            uploads._as_shot(control, SimpleNamespace(url=wrong, path=None))
    huge = "data:image/jpeg;base64," + "A" * uploads.LARGEST_SHOT
    with pytest.raises(gr.Error, match="no picture of a camera"):
        uploads._as_shot(control, SimpleNamespace(url=huge, path=None))


def test_a_camera_has_no_endpoint_and_no_run_button(picture):
    tabs = [
        ui.Tab("Tint", tint, examples=[{"image": str(picture)}]),
        ui.Tab("Camera", tint, views=[ui.Live(), ui.Snapshot(), ui.Film()], stream=lambda: red),
    ]
    demo = ui.page("Tinted", "A picture turns red.", tabs=tabs)
    named = [fn.api_name for fn in demo.fns.values() if fn.api_visibility == "public"]
    assert named == ["tint"]
    (stream,) = [fn for fn in demo.fns.values() if fn.connection == "stream"]
    assert stream.api_visibility == "private"
