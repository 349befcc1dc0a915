"""One form of a page without a server: what a run, Stop and Reset leave in its components."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from phosphene import images
from phosphene.errors import InputError, WeightsError
from phosphene.frame import Frame, Glimpses, Panel, Table
from phosphene.methods import recipes
from tests.apps import PAGES, tabs_of
from tests.tint import tint
from tests.ui.forms import downloads, final, values_for, view

gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import (  # noqa: E402
    events,
    footers,
    glimpses,
    layout,
    play,
    runs,
    stages,
    uploads,
    views,
    visits,
)


def test_looks_with_a_picture_show_it_and_the_others_stay_words(form_for, picture, tmp_path):
    for name in ("deep_red", "top_5"):
        Image.open(picture).save(tmp_path / f"{name}.jpg")
    presets = {"Deep red": {"amount": 1.0}, "Top 5 %": {}, "<Plain>": {}}
    form = form_for(presets=presets, looks=tmp_path)
    assert list(form.tab.thumbnails) == ["Deep red", "Top 5 %"]
    drawn = form.looks.html_template
    assert drawn.count("<img") == 2
    assert drawn.count('loading="lazy"') == 2
    assert 'aria-label="&lt;Plain&gt;"' in drawn
    assert "<img" not in form_for(presets=presets).looks.html_template


@pytest.mark.parametrize("app", PAGES)
def test_the_looks_of_a_tab_all_have_pictures_or_none_has(app):
    for tab in tabs_of(app):
        assert set(tab.thumbnails) in (set(), set(tab.presets)), tab.name


@pytest.fixture
def results(picture, tmp_path):
    """What the example `ramp` and the look `Deep` made."""
    folder = tmp_path / "results" / "tint"
    folder.mkdir(parents=True)
    for name in ("ramp", "look-deep"):
        Image.open(picture).save(folder / f"{name}.jpg")
    return folder


def test_a_page_opens_with_what_its_first_example_made(form_for, picture, results):
    examples = [{"image": str(picture)}]
    assert view(form_for(examples=examples), stages.Picture).stage.value is None
    form = form_for(examples=examples, results=results.parent)
    assert form.tab.opening == results / "ramp.jpg"
    assert view(form, stages.Picture).stage.value is not None
    assert "first example" in form.status.value


def after(form, values, extra=()):
    """What an event leaves in each input and output, by the component."""
    return dict(zip([*form.inputs, *form.outputs, *extra], values, strict=True))


def test_an_example_shows_what_it_made_at_once(form_for, picture, results, tmp_path):
    other = tmp_path / "other.png"
    Image.new("RGB", (64, 64), "green").save(other)
    examples = [{"image": str(picture)}, {"image": str(other)}]
    form = form_for(examples=examples, results=results.parent)
    stage = view(form, stages.Picture).stage
    values = values_for(form, image=str(other))
    page = after(form, events._offered(form, "image", 0, *values))
    assert page[form.inputs[0]] == str(picture)
    assert page[stage] == str(results / "ramp.jpg")
    assert "Made beforehand" in page[form.status]
    page = after(form, events._offered(form, "image", 1, *values))
    assert page[form.inputs[0]] == str(other)
    assert not isinstance(page[stage], str), "nothing was made of it"


def test_a_look_shows_its_result_and_runs_on_ones_own_picture(
    form_for, picture, results, tmp_path, monkeypatch
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))  # where uploads are
    gr.set_static_paths([picture])
    presets = {"Deep": {"amount": 1.0}, "Pale": {"amount": 0.1}}
    examples = [{"image": str(picture)}]
    form = form_for(examples=examples, results=results.parent, presets=presets)
    amount = form.named["amount"][1]
    stage = view(form, stages.Picture).stage

    def chosen(look, path):
        values = values_for(form, image=str(path))
        return after(form, events._look(form, look, *values), [form.asked])

    copy = tmp_path / "uploaded.png"
    copy.write_bytes(picture.read_bytes())
    for path in (picture, copy):
        page = chosen(0, path)
        assert page[amount] == 1.0
        assert page[stage] == str(results / "look-deep.jpg")
        assert not page[form.asked]
    assert chosen(1, picture)[form.asked], "it was not made beforehand"
    own = tmp_path / "own.png"
    Image.new("RGB", (64, 64), "green").save(own)
    assert chosen(0, own)[form.asked]


def test_continue_runs_again_from_the_last_result_exactly(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=3)
    page = final(play.run(form, values))
    last = page[form.run_state]
    assert page[form.resume].visible
    assert last.last is None, "only the result is kept"
    first = Image.open(io.BytesIO(last.result)).convert("RGB")
    tinted = Image.blend(images.load(picture, 96), Image.new("RGB", (96, 64), "red"), 0.8)
    assert first.tobytes() == tinted.tobytes()

    again = final(play.run(form, values, last))[form.run_state]
    second = Image.open(io.BytesIO(again.result)).convert("RGB")
    assert second.tobytes() == Image.blend(tinted, Image.new("RGB", (96, 64), "red"), 0.8).tobytes()


def test_a_run_that_cannot_continue_keeps_the_result_and_a_new_run_drops_it(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=2)
    last = final(play.run(form, values))[form.run_state]
    refused = play.run(form, values_for(form, way="pink"), last)
    assert next(refused)[form.resume].visible
    with pytest.raises(gr.Error, match="pink"):
        next(refused)
    stream_of = play.run(form, values)
    started = next(stream_of)
    stream_of.close()
    assert not started[form.resume].visible
    assert not started[form.run_state].result


def test_stop_makes_the_last_picture_the_result_and_comes_last(form_for, picture):
    form = form_for()
    updates = play.run(form, values_for(form, image=str(picture), steps=50))
    started = next(updates)
    assert started[form.stop].interactive
    assert not started[form.reset].interactive, "two runs would share the page"
    assert not play.stop(started[form.run_state]).interactive
    page = final(updates)
    assert "step 1 of 50 · stopped" in page[form.status]
    assert page[form.run].interactive
    assert page[form.reset].interactive
    assert page[downloads(form).buttons["png"]].interactive


def test_stop_at_the_very_end_changes_nothing(form_for, picture):
    form = form_for()
    page = final(play.run(form, values_for(form, image=str(picture), steps=2)))
    assert not play.stop(page[form.run_state]).interactive
    assert not play.stop(None).interactive
    assert "done in" in page[form.status]


def test_stop_ends_a_download_without_an_error(form_for, picture, monkeypatch):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture), steps=2)
    last = final(play.run(form, values))[form.run_state]

    def fetch(parameters, run, report):
        play.stop(run)
        raise WeightsError("the rest of the file never came")

    monkeypatch.setattr(play, "fetch_weights", fetch)
    page = final(play.run(form, values, last))
    assert "Stopped" in page[form.status]
    assert page[form.resume].visible, "the result of before is still there"


def test_nothing_to_continue_from_is_one_sentence(form_for, picture):
    form = form_for(resume="image")
    values = values_for(form, image=str(picture))
    with pytest.raises(gr.Error, match="press Run"):
        list(play.run(form, values, runs.Run("", {})))


def test_a_result_is_kept_only_where_a_page_goes_on_from_it(form_for, picture):
    form = form_for()
    page = final(play.run(form, values_for(form, image=str(picture), steps=2)))
    assert not page[form.resume].visible
    assert not page[form.run_state].result


def outcome_of(picture, folder, **parts):
    """The end of a run of two steps whose last frame has these parts."""
    frames = list(tint(str(picture), steps=2))
    run = runs.Run("tint", {"image": str(picture)})
    for frame in frames:
        run.keep(frame)
    run.last = replace(frames[-1], **parts)
    return views.Outcome(run.last, run, run.close_film(), folder)


def panels_of(picture):
    plain = list(tint(str(picture), steps=2))
    return (
        Panel(plain[0].image, "your picture", "as it is"),
        Panel(plain[1].image, "relu1_1", "nearly <exact>", {"amount": 0.5}),
    )


def test_panels_are_moved_through_in_the_browser(form_for, picture, tmp_path):
    form = form_for(views=[ui.PanelSlider("Depth"), ui.Picture()])
    slider = view(form, stages.PanelSlider)
    page = form.result(outcome_of(picture, tmp_path, panels=panels_of(picture)))
    assert page[slider.place].visible
    assert page[form.chooser].selected == "Depth"
    assert page[slider.slider].maximum == 2
    with Image.open(page[slider.gallery][1][0]) as second:
        assert second.tobytes() == panels_of(picture)[1].image.tobytes()
    assert page[slider.picture] == page[slider.gallery][0][0], "the first panel is filled"
    first, second = page[slider.caption].split("</div>")[:2]
    assert "your picture<p>as it is" in first
    assert " hidden" in second
    assert "relu1_1<p>nearly &lt;exact&gt;" in second


def test_a_view_with_nothing_to_show_is_not_seen(form_for, picture, tmp_path):
    form = form_for(examples=[{"image": str(picture)}])
    empty = [stages.Panels, stages.Tables]
    page = form.result(outcome_of(picture, tmp_path))
    assert [page[view(form, kind).place].visible for kind in empty] == [False, False]
    assert page[view(form, stages.Compare).place].visible
    assert page[form.chooser].selected == "Picture"
    table = Table("How sure", ("class", "probability"), (("<b>cat", 0.25),))
    page = form.result(outcome_of(picture, tmp_path, panels=panels_of(picture), tables=(table,)))
    assert [page[view(form, kind).place].visible for kind in empty] == [True, True]
    assert "&lt;b&gt;cat" in page[view(form, stages.Tables).page]


def test_pictures_of_other_shapes_are_not_compared(form_for, picture, tmp_path):
    form = form_for(examples=[{"image": str(picture)}])
    square = Image.new("RGB", (64, 64))
    page = form.result(outcome_of(picture, tmp_path, image=square))
    assert not page[view(form, stages.Compare).place].visible


def test_the_view_of_the_running_result_is_in_front_at_run(form_for):
    form = form_for(views=[ui.Film(), ui.Picture(), ui.Plot()])
    assert form.started()[form.chooser].selected == "Picture"


def test_a_film_is_shown_where_a_method_makes_one(form_for, picture, tmp_path):
    form = form_for(views=[ui.Film(), ui.Picture()])
    film = view(form, stages.Film)
    assert not form.result(outcome_of(picture, tmp_path))[film.place].visible
    run = runs.Run("tint", {"image": str(picture)})
    for frame in tint(str(picture), steps=3):
        run.keep(replace(frame, rate=8.0))
    page = form.result(views.Outcome(run.last, run, run.close_film(), tmp_path))
    assert page[film.place].visible
    assert page[form.chooser].selected == "Film"
    assert page[film.video].constructor_args["value"].endswith(".mp4")


def test_a_method_of_one_frame_has_no_curve_no_steps_and_no_film(form_for, picture, tmp_path):
    form = form_for()
    run = runs.Run("tint", {"image": str(picture)})
    run.keep(Frame(images.load(picture, 96)))
    outcome = views.Outcome(run.last, run, run.close_film(), tmp_path)
    page = form.result(outcome)
    assert not page[view(form, stages.Plot).place].visible
    assert not page[view(form, stages.Steps).place].visible
    later = form.later(outcome)
    assert not later[downloads(form).buttons["mp4"]].interactive


def test_the_methods_own_files_are_offered_under_their_own_names(form_for, picture, tmp_path):
    form = form_for()
    outcome = outcome_of(picture, tmp_path, files={"../relu1_1.bin": b"numbers"})
    offered = form.result(outcome)[downloads(form).files]
    assert offered.visible
    assert [file["orig_name"] for file in offered.value] == ["relu1_1.bin"]
    assert not form.result(outcome_of(picture, tmp_path))[downloads(form).files].visible


def test_reset_forgets_the_result_and_hides_what_came_with_it(form_for):
    form = form_for(
        resume="image",
        presets={"Deep": {"amount": 1.0}},
        views=[ui.PanelSlider("Depth"), ui.Picture()],
    )
    values = events.cleared(form)
    shown = dict(zip([*form.inputs, form.looks, *form.outputs], values, strict=True))
    assert shown[form.run_state] is None
    assert shown[form.looks] is None
    hidden = (form.resume, downloads(form).files, view(form, stages.PanelSlider).place)
    assert not any(shown[part].visible for part in hidden)
    assert shown[view(form, stages.Picture).place].visible


def test_before_and_after_are_one_file_where_they_can_be_compared(form_for, picture, tmp_path):
    form = form_for(examples=[{"image": str(picture)}])
    button = downloads(form).buttons["card"]
    outcome = outcome_of(picture, tmp_path)
    with Image.open(form.later(outcome)[button].value["path"]) as card:
        assert card.height > 2 * outcome.frame.image.height
    square = outcome_of(picture, tmp_path, image=Image.new("RGB", (64, 64)))
    assert not form.later(square)[button].interactive
    assert "card" not in downloads(form_for(views=[ui.Picture()])).buttons


def test_a_result_is_made_large_from_itself_while_there_is_room(form_for, picture):
    form = form_for(resume="image")
    page = final(play.run(form, values_for(form, image=str(picture), steps=2, size=128)))
    assert page[form.large].visible
    last = page[form.run_state]
    assert last.size == 128
    page = final(play.run(form, values_for(form, steps=2), last, size=256))
    with Image.open(io.BytesIO(page[form.run_state].result)) as large:
        assert max(large.size) == 256
    page = final(play.run(form, values_for(form, image=str(picture), size=512)))
    assert not page[form.large].visible, "512 is the most that this method takes"
    assert page[form.resume].visible


def test_what_the_browser_kept_comes_back_and_other_files_do_not(form_for, picture, monkeypatch):
    form = form_for()
    monkeypatch.setattr(uploads.gradio_utils, "get_upload_folder", lambda: str(picture.parent))
    visit = {"query": "?steps=7", "pictures": [str(picture)], "result": "/etc/hostname"}
    values, result = visits._recalled(form, visit, ["image"], "")
    assert values == {"steps": 7, "image": str(picture)}
    assert result is None
    for nonsense in (None, [], "text", {"pictures": [3]}):
        assert visits._recalled(form, nonsense, ["image"], "")[1] is None


def test_the_settings_of_a_picture_of_ours_fill_the_form_that_made_it(form_for, picture):
    form = form_for()
    *_, frame = tint(str(picture), steps=3, way="blue")
    recipe = recipes.metadata(frame)
    chosen, values = visits._of_recipe(recipe, [form])
    assert chosen is form
    assert (values["steps"], values["way"]) == (3, "blue")
    assert "image" not in values
    with pytest.raises(InputError, match="made by other"):
        visits._of_recipe({**recipe, "method": "other"}, [form])
    with pytest.raises(InputError, match="steps is 9999"):
        visits._of_recipe({**recipe, "arguments": {"steps": 9999}}, [form])


def test_a_click_on_a_class_of_the_verdict_asks_about_it_where_the_tab_says_how(form_for):
    def clicks(**options):
        with gr.Blocks() as demo:
            form = layout.form_of(ui.Tab("Tint", tint, **options))
            restored = demo.load(None, None, None)
            events.connect(form, restored)
        bars = view(form, footers.Verdict).bars
        found = [f for f in demo.fns.values() if (bars._id, "select") in f.targets]
        return form, bars, found

    _, bars, none = clicks()
    assert none == []
    assert bars.label == "What the network sees"
    form, bars, (asked,) = clicks(asks="words")
    assert asked.outputs == [form.named["words"][1]]
    assert "click on a class" in bars.label
    assert asked.fn(gr.SelectData(None, {"index": 0, "value": "pagoda"})) == "pagoda"


def test_a_tab_may_begin_with_other_values_than_its_method(form_for):
    form = form_for(defaults={"steps": 7})
    assert form.named["steps"][1].value == 7
    assert form.named["amount"][1].value == 0.8


def test_a_click_on_a_map_reads_the_value_of_its_file(tmp_path):
    np.save(tmp_path / "map.npy", np.arange(12, dtype=np.float32).reshape(3, 4))
    shown = np.zeros((30, 40, 3), np.uint8)
    click = gr.SelectData(None, {"index": [25, 19], "value": None})
    words = events._reading(shown, [str(tmp_path / "map.npy")], click)
    assert "row 1, column 2: 6" in words
    edge = gr.SelectData(None, {"index": [40, 30], "value": None})
    assert "row 2, column 3: 11" in events._reading(shown, [str(tmp_path / "map.npy")], edge)
    assert "row" not in str(events._reading(shown, None, click))


def test_a_drag_on_a_map_sums_the_values_of_its_region(tmp_path):
    np.save(tmp_path / "map.npy", np.arange(12, dtype=np.float32).reshape(3, 4))
    files = [str(tmp_path / "map.npy")]
    words = events._region("0.5, 0, 1, 0.3333", files)
    assert "rows 0 to 0, columns 2 to 3: sum 5, mean 2.5" in words
    assert "8% of the whole map on 17% of its pixels" in words
    for nothing in ("", "0.5, 0.5, 0.5, 0.9", "a, b, c, d", "1, 2"):
        assert "rows" not in str(events._region(nothing, files))
    assert "rows" not in str(events._region("0, 0, 1, 1", None))


def test_runs_of_many_visitors_are_computed_in_one_thread_a_place(picture, monkeypatch):
    seen, places, plain = set(), runs.turns().places, runs.run_method

    def told(name, arguments):
        for item in plain(name, arguments):
            thread = threading.current_thread().name
            yield replace(item, note=thread) if isinstance(item, Frame) else item

    monkeypatch.setattr(runs, "run_method", told)

    def visit():
        run = runs.checked(tint, {"image": str(picture), "steps": 2})
        list(runs.frames(run))
        seen.add(run.last.note)

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {name.rpartition("-")[0] for name in seen} == {"desk"}
    assert len(seen) <= places


def test_the_pointer_finds_what_a_result_or_a_picture_made_beforehand_holds(
    form_for, picture, results
):
    sheet = Glimpses.of(Image.new("RGB", (32, 32), "red"), 2, (0, 0, 0.5, 1))
    glimpses.keep([sheet, sheet], results / "opening.jpg")
    Image.open(picture).save(results / "opening.jpg")
    form = form_for(views=[ui.Chart("Map")], results=results.parent)
    found = view(form, stages.Chart).found
    assert found.value.count("<i ") == 2
    assert "gradio_api/file=" in found.value
    assert "data:image" not in found.value
    assert (results / "opening.1.webp").read_bytes() == sheet.sheet
    page = form.result(outcome_of(picture, results, glimpses=(sheet,)))
    assert 'data-box="0.00000 0.00000 0.50000 1.00000"' in page[found]
    assert "data:image/webp;base64," in page[found]
    assert form.cleared()[found] == ""
    other = results / "other.jpg"
    assert form.premade(other, "words")[found] == "", "nothing of another picture stays"


def test_a_page_opens_with_the_view_that_has_something_to_show(form_for, results):
    views = [stages.PanelSlider("Depth"), stages.Picture("Poster")]
    form = form_for(views=views, results=results.parent)
    assert form.chooser.selected == "Poster"
