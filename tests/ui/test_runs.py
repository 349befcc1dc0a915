"""One form of a page without a server: what a run, Stop and Reset leave in its components."""

from __future__ import annotations

import io
import runpy
from dataclasses import replace

import pytest
from PIL import Image

from phosphene import images
from phosphene.errors import WeightsError
from phosphene.hosting import space as deploy
from tests.tint import tint

gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import controls, layout, running, stream  # noqa: E402
from phosphene.ui import events as wiring  # noqa: E402


@pytest.fixture
def form_for(monkeypatch, tmp_path):
    """Options of a tab over `tint` -> its form, without a server."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))

    def make(**options):
        with gr.Blocks():
            return layout.form_of(ui.Tab("Tint", tint, **options))

    return make


def test_presets_with_a_picture_show_it_and_the_others_stay_words(form_for, picture, tmp_path):
    for name in ("deep_red", "top_5"):
        Image.open(picture).save(tmp_path / f"{name}.jpg")
    presets = {"Deep red": {"amount": 1.0}, "Top 5 %": {}, "Plain": {}}
    form = form_for(presets=presets, looks=tmp_path)
    assert list(form.tab.thumbnails) == ["Deep red", "Top 5 %"]
    assert "ph-looks" in form.preset.elem_classes
    style = layout.looks("scope", form.tab)
    assert '[data-testid="Deep red-radio-label"]' in style
    assert style.count("data:image/jpeg;base64,") == 2
    assert "ph-looks" not in form_for(presets=presets).preset.elem_classes


@pytest.mark.parametrize("app", ["deepdream", "feature_inversion", "style_transfer"])
def test_the_looks_of_a_tab_all_have_pictures_or_none_has(app, monkeypatch):
    tabs = []
    monkeypatch.setattr(ui, "page", lambda *_, **options: tabs.extend(options["tabs"]))
    runpy.run_path(str(deploy.ROOT / "apps" / app / "app.py"))
    shown = [(set(tab.thumbnails), set(tab.presets)) for tab in tabs if tab.thumbnails]
    assert shown
    assert all(pictures == looks for pictures, looks in shown)


def test_a_page_opens_with_what_its_first_example_makes(form_for, picture, tmp_path):
    assert "ph-opening" not in form_for(looks=tmp_path).stage.elem_classes
    Image.open(picture).save(tmp_path / "tint.jpg")
    form = form_for(looks=tmp_path)
    assert form.stage.elem_classes[1:] == ["ph-opening", "ph-opening-tint"]
    assert form.stage.value is None


def values_for(form, **chosen):
    return [chosen.get(p.name, controls.to_form(p, p.default)) for p in form.tab.parameters]


def final(form, updates):
    """What a run leaves in each component, by the component."""
    return {part: value for update in updates for part, value in update.items()}


def test_continue_runs_again_from_the_last_result_exactly(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=3)
    page = final(form, running.run(form, values))
    last = page[form.record]
    assert page[form.proceed].visible
    assert last.last is None, "only the result is kept"
    first = Image.open(io.BytesIO(last.result)).convert("RGB")
    tinted = Image.blend(images.load(picture, 96), Image.new("RGB", (96, 64), "red"), 0.8)
    assert first.tobytes() == tinted.tobytes()

    again = final(form, running.run(form, values, last))[form.record]
    second = Image.open(io.BytesIO(again.result)).convert("RGB")
    assert second.tobytes() == Image.blend(tinted, Image.new("RGB", (96, 64), "red"), 0.8).tobytes()


def test_a_run_that_cannot_continue_keeps_the_result_and_a_new_run_drops_it(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=2)
    last = final(form, running.run(form, values))[form.record]
    refused = running.run(form, values_for(form, way="pink"), last)
    assert next(refused)[form.proceed].visible
    with pytest.raises(gr.Error, match="pink"):
        next(refused)
    stream_of = running.run(form, values)
    started = next(stream_of)
    stream_of.close()
    assert not started[form.proceed].visible
    assert not started[form.record].result


def test_stop_makes_the_last_picture_the_result_and_comes_last(form_for, picture):
    form = form_for()
    updates = running.run(form, values_for(form, image=str(picture), steps=50))
    started = next(updates)
    assert started[form.stop].interactive
    assert not started[form.reset].interactive, "two runs would share the page"
    assert not running.stop(started[form.record]).interactive
    page = final(form, updates)
    assert "step 1 of 50 · stopped" in page[form.status]
    assert page[form.run].interactive
    assert page[form.reset].interactive
    assert page[form.png].interactive


def test_stop_at_the_very_end_changes_nothing(form_for, picture):
    form = form_for()
    page = final(form, running.run(form, values_for(form, image=str(picture), steps=2)))
    assert not running.stop(page[form.record]).interactive
    assert not running.stop(None).interactive
    assert "done in" in page[form.status]


def test_stop_ends_a_download_without_an_error(form_for, picture, monkeypatch):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=2)
    last = final(form, running.run(form, values))[form.record]

    def fetch(form, run, report):
        running.stop(run)
        raise WeightsError("the rest of the file never came")

    monkeypatch.setattr(running, "fetch_weights", fetch)
    page = final(form, running.run(form, values, last))
    assert "Stopped" in page[form.status]
    assert page[form.proceed].visible, "the result of before is still there"


def test_nothing_to_continue_from_is_one_sentence(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture))
    with pytest.raises(gr.Error, match="press Run"):
        list(running.run(form, values, stream.Run("", {})))


def test_a_result_is_kept_only_where_a_page_goes_on_from_it(form_for, picture):
    form = form_for()
    page = final(form, running.run(form, values_for(form, image=str(picture), steps=2)))
    assert not page[form.proceed].visible
    assert not page[form.record].result


def test_panels_are_moved_through_and_files_are_offered(form_for, picture):
    seen = {}
    form = form_for(scrub="Depth")
    plain = list(tint(str(picture), steps=2))
    rich = replace(
        plain[-1],
        panels=(("your picture", plain[0].image), ("relu1_1", plain[1].image)),
        notes=("as it is", "nearly <exact>"),
        files={"../relu1_1.bin": b"numbers"},
    )
    run = stream.Run("tint", {"image": str(picture)}, last=rich)
    for update in running.finished(form, run):
        for part, value in update.items():
            seen[part] = value
            if part is form.files:
                assert [file["orig_name"] for file in value.value] == ["relu1_1.bin"]
            if part is form.gallery:
                assert [caption for _, caption in value][:2] == ["your picture", "relu1_1"]
                with Image.open(value[1][0]) as second:
                    assert second.tobytes() == plain[1].image.tobytes()
    assert seen[form.files].visible
    assert seen[form.depth.view].visible
    assert seen[form.depth.place].maximum == 2
    first, second = seen[form.depth.caption].split("</div>")[:2]
    assert "your picture<p>as it is" in first
    assert " hidden" in second
    assert "relu1_1<p>nearly &lt;exact&gt;" in second


def test_reset_forgets_the_result_and_hides_what_came_with_it(form_for):
    form = form_for(resume="image", scrub="Depth", presets={"Deep": {"amount": 1.0}})
    values = wiring.cleared(form)
    shown = dict(zip([*form.inputs, form.preset, *form.outputs], values, strict=True))
    assert shown[form.record] is None
    assert shown[form.preset] is None
    for part in (form.proceed, form.files, form.depth.view):
        assert not shown[part].visible


def test_a_result_without_panels_and_files_shows_neither(form_for, picture):
    form = form_for(scrub="Depth")
    page = final(form, running.run(form, values_for(form, image=str(picture), steps=2)))
    assert not page[form.files].visible
    assert not page[form.depth.view].visible
