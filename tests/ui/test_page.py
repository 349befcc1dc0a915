"""The page frame, driven as programs drive it, over a small method with a knob of each kind."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch
from PIL import Image
from safetensors.torch import save

from phosphene import dream, invert, vary_style
from phosphene.errors import InputError
from phosphene.hosting import space
from phosphene.knobs import parameters
from phosphene.methods import METHODS
from phosphene.networks import weights
from tests.tint import CLOSED, tint

gradio_client = pytest.importorskip("gradio_client")
gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import export, html, runs  # noqa: E402

REMOTE = {"path": "http://127.0.0.1:9/a.png", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def url(picture, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        tab = ui.Tab("Tint", tint, {"Deep": {"amount": 1.0}}, [{"image": str(picture)}], "Try it.")
        demo = ui.page("Tint", "A picture turns red.", [("Paper", "https://arxiv.org")], [tab])
        options = ui.launch_options(server_port=None, share=False, quiet=True)
        _, address, _ = demo.launch(prevent_thread_lock=True, **options)
        yield address
        demo.close()


@pytest.fixture
def client(url):
    return gradio_client.Client(url, verbose=False, analytics_enabled=False, download_files=False)


@pytest.fixture
def upload(picture):
    return gradio_client.handle_file(str(picture))


def test_the_endpoint_has_the_methods_name_and_parameters(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert list(endpoints) == ["/tint"]
    given = {p["parameter_name"]: p for p in endpoints["/tint"]["parameters"]}
    assert list(given) == [p.name for p in parameters(tint)]
    assert not given["image"]["parameter_has_default"]
    assert given["steps"]["parameter_default"] == 5
    assert given["way"]["type"]["enum"] == ["red", "green", "blue"]


def test_frames_stream_and_the_last_one_is_a_picture_that_tells_how_it_was_made(client, upload):
    job = client.submit(image=upload, steps=6, pause=0.25, api_name="/tint")
    results = list(job)
    steps = [facts["step"] for _, facts, *_ in results]
    assert len(results) >= 3
    assert steps == sorted(steps)
    assert steps[-1] == 6
    with urlopen(results[-1][0]["url"]) as answer:
        info = json.loads(Image.open(answer).info["phosphene"])
    assert info["method"] == "tint"
    assert info["arguments"]["steps"] == 6
    assert info["arguments"]["image"]["size"] == [120, 80]
    assert len(info["arguments"]["image"]["sha256"]) == 64


def test_the_endpoint_gives_panels_tables_and_files_too(client, upload):
    _, facts, panels, files = client.predict(image=upload, rich=True, api_name="/tint")
    assert facts["panels"] == [{"caption": "before", "note": "as <it> was", "sets": {"amount": 0}}]
    assert facts["tables"][0]["rows"] == [["red", 0.5]]
    assert [panel["caption"] for panel in panels] == ["before"]
    with urlopen(files[0]["url"]) as answer:
        assert answer.read() == b"numbers"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"steps": 900}, "steps is 900; choose a whole number from 1 to 500"),
        ({"steps": "many"}, "steps is 'many'; choose a whole number from 1 to 500"),
        ({"way": "pink"}, "unknown way 'pink'"),
        ({"soft": "perhaps"}, "soft is 'perhaps'; choose true or false"),
        ({"image": None}, "Your picture is missing; choose one first"),
        ({"words": "crash"}, runs.SORRY),
        ({"image": {"path": "x", "url": "data:image/png;base64,AA"}}, "Upload the picture as a"),
        ({"image": {"path": "/etc/hostname"}}, "Upload the picture as a file"),
        ({"image": REMOTE}, "Upload a file; addresses are not fetched"),
        ({"more": [REMOTE]}, "Upload a file; addresses are not fetched"),
        ({"table": REMOTE}, "Upload a file; addresses are not fetched"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(client, upload, wrong, sentence):
    with pytest.raises(gradio_client.exceptions.AppError) as caught:
        client.predict(**{"image": upload, **wrong}, api_name="/tint")
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_file_that_is_no_picture_is_one_sentence(client, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    with pytest.raises(gradio_client.exceptions.AppError, match="picture"):
        client.predict(image=gradio_client.handle_file(str(bad)), api_name="/tint")


def test_an_error_midway_keeps_the_last_good_picture(client, upload):
    _, facts, *_ = client.predict(image=upload, words="late", api_name="/tint")
    assert facts["step"] == 2
    assert "not finite" in facts["note"]


def test_two_users_at_once_each_get_their_own(client, url, upload):
    other = gradio_client.Client(url, verbose=False, analytics_enabled=False, download_files=False)
    jobs = [
        user.submit(image=upload, steps=steps, pause=0.05, api_name="/tint")
        for user, steps in ((client, 7), (other, 9))
    ]
    assert [job.result(timeout=20)[1]["step"] for job in jobs] == [7, 9]


def test_cancel_closes_the_generator(client, upload):
    while CLOSED.acquire(blocking=False):
        pass
    job = client.submit(image=upload, steps=500, pause=0.1, api_name="/tint")
    while not job.outputs():
        time.sleep(0.05)
    job.cancel()
    assert CLOSED.acquire(timeout=5)


def test_a_run_ends_at_its_budget_with_the_picture_so_far(monkeypatch, picture):
    monkeypatch.setenv("PHOSPHENE_BUDGET", "0.2")
    arguments = {"image": str(picture), "steps": 500, "pause": 0.05}
    run = runs.Run("tint", arguments)
    with closing(runs.frames(run)) as frames:
        list(frames)
    assert run.last is not None
    assert run.last.step < 20
    assert "0.2 seconds" in run.note


def test_a_film_stays_bounded_and_ends_with_the_result(picture):
    run = runs.Run("tint", {"image": str(picture), "steps": 300})
    list(runs.frames(run))
    film = run.close_film()
    assert len(film) <= runs.KEPT + 1
    assert film[-1][0] == 300


def test_nothing_is_left_beside_the_cache(client, upload):
    def ours():
        return {path.name for path in Path(tempfile.gettempdir()).glob("phosphene-*")}

    before = ours()
    client.predict(image=upload, api_name="/tint")
    deadline = time.monotonic() + 5
    while ours() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not ours() - before


@pytest.mark.parametrize("encode", [export.mp4, export.webp])
def test_films_hold_every_picture_whatever_its_size(encode, tmp_path):
    frames = [export.jpeg(Image.new("RGB", (65, 47), (level, 0, 0))) for level in (0, 120, 240)]
    path = encode(frames, tmp_path / f"film.{encode.__name__}")
    if encode is export.webp:
        with Image.open(path) as film:
            assert film.n_frames == 3
    else:
        import av

        with av.open(str(path)) as film:
            assert sum(1 for _ in film.decode(video=0)) == 3 + export.HOLD


def test_the_plot_escapes_names_and_draws_a_line_per_term():
    drawn = html.plot([{"<b>": 1.0, "tv": 2.0}, {"<b>": float("nan"), "tv": 0.001}])
    assert "<b>" not in drawn
    assert drawn.count("<polyline") == 2
    assert "log scale" in drawn


def test_time_is_spoken():
    assert html.format_duration(0.2) == "under 1 s"
    assert html.format_duration(3.4) == "3 s"
    assert html.format_duration(130) == "2 min 10 s"


def test_the_badge_names_who_made_the_weights_and_escapes_them():
    credit = weights.at_hand("vgg19").credit
    assert "Simonyan and Zisserman, Visual Geometry Group, Oxford" in credit
    drawn = html.badge([credit, "<b>other"], "CPU")
    assert credit in drawn
    assert "&lt;b&gt;other · CPU" in drawn


def test_the_badge_of_a_result_tells_the_weights_that_the_run_read(picture):
    *_, frame = invert(picture, layer="relu1_1", size=64, steps=8)
    assert [text.split(" · ")[0] for text in frame.recipe["weights"]] == [
        "vgg19",
        "efficientnet_lite0",  # it is asked what the picture shows
    ]


def test_a_method_made_of_other_methods_names_the_weights_that_those_read(picture):
    *_, frame = vary_style(
        picture, picture, thing="start", size=96, steps=3, network="efficientnet_lite0"
    )
    names = {text.split(" · ")[0] for text in frame.recipe["weights"]}
    assert names == {"efficientnet_lite0", "arbitrary_predict", "arbitrary_transform"}


def test_opening_a_page_loads_no_network(picture):
    script = (
        "import runpy; runpy.run_path('apps/gallery/app.py');"
        "from phosphene.networks import loading; from phosphene.ui import follow;"
        "from phosphene.knobs import LayerChoice;"
        "print(follow._update([LayerChoice()], True, 'vgg19', 'relu4_2')[0], loading._loaded)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=space.ROOT, capture_output=True, text=True, check=True
    )
    assert "vgg19 · embedded" in done.stdout
    assert done.stdout.strip().endswith("OrderedDict()")


@pytest.mark.parametrize("variable", ["PORT", "GRADIO_SERVER_PORT"])
@pytest.mark.parametrize("value", ["seventy", "70000", "-1"])
def test_a_port_that_does_not_exist_is_one_sentence(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as caught:
        ui.launch_options()
    assert caught.value.code == (
        f"{variable} is {value!r}; choose a whole number from 1 to 65535, or leave it unset"
    )


def test_gradio_does_not_read_a_wrong_port_before_us():
    environment = {**os.environ, "GRADIO_SERVER_PORT": "seventy"}
    command = [sys.executable, "-c", "import phosphene.ui"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("GRADIO_SERVER_PORT is 'seventy'; choose")
    assert "Traceback" not in done.stderr


def test_launch_options_read_the_environment_and_keep_visitors_private(monkeypatch):
    monkeypatch.setenv("PORT", "7999")
    monkeypatch.setenv("SHARE", "1")
    options = ui.launch_options()
    assert options["server_port"] == 7999
    assert options["share"] is True
    assert options["enable_monitoring"] is False
    assert options["run_history"] is False
    assert options["show_error"] is False


def test_the_method_is_registered_for_pickled_runs():
    assert METHODS["tint"] is tint


def test_the_gallery_opens_every_app_that_starts_and_survives_one_that_does_not(tmp_path):
    gallery = Path(__file__).parents[2] / "apps" / "gallery" / "app.py"
    for name, text in {
        "gallery": gallery.read_text(),
        "good": "from phosphene import ui\ndemo = ui.page('Good <b>', 'An idea.')\n",
        "bad": "raise RuntimeError\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(text)
    site = runpy.run_path(str(tmp_path / "gallery" / "app.py"))
    assert [folder.name for folder in site["apps"]] == ["good"]
    assert [name for name, *_ in site["demo"].pages] == ["", "good"]
    blocks = site["demo"].blocks.values()
    shown = [str(getattr(b, name, "")) for b in blocks for name in ("value", "html_template")]
    assert any("Good &lt;b&gt;" in text for text in shown)
    assert not any("Good <b>" in text for text in shown)


def test_a_download_reports_its_progress_before_the_run(hub):
    """The page shows how far the weights of a network of the Hub have come."""
    data = save({"w": torch.zeros(1000)})
    hub.push("timm/resnet18.a1_in1k", {"model.safetensors": data})
    reports = []
    run = runs.Run("dream", {"network": "timm/resnet18.a1_in1k"})
    runs.fetch_weights(
        parameters(dream), run, lambda part, desc, unit: reports.append((part, desc))
    )
    assert reports[-1] == ((len(data), len(data)), "Downloading timm/resnet18.a1_in1k")
    unknown = runs.Run("dream", {"network": "no such"})
    runs.fetch_weights(parameters(dream), unknown, reports.append)

    hub.push("timm/resnet26.bt_in1k", {"model.safetensors": data})
    stopped = runs.Run("dream", {"network": "timm/resnet26.bt_in1k"}, stopping=True)
    with pytest.raises(InputError, match="stopped"):
        runs.fetch_weights(parameters(dream), stopped, pytest.fail)
