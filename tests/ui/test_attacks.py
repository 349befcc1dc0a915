"""What strangers tried, refused: each in one sentence, nothing of this machine given away."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.tint import tint
from tests.ui.strangers import META, TAGS, asked, called, file, malformed, sentence

gradio_client = pytest.importorskip("gradio_client")
gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import guard, notices, permalinks, play, runs, uploads, visits  # noqa: E402

SECRET = "a secret of this machine"


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("home") / "secret.png"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def demo(picture, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PHOSPHENE_WARMUP", "0")
        tab = ui.Tab("Tint", tint, {"Deep": {"amount": 1.0}}, [{"image": str(picture)}])
        page = ui.page("Tint", "A picture turns red.", tabs=[tab])
        options = ui.launch_options(
            page, server_port=None, share=False, quiet=True, prevent_thread_lock=True
        )
        page.launch(**options)
        yield page
        page.close()


@pytest.fixture(scope="module")
def url(demo):
    return demo.local_url


@pytest.fixture
def sent(url, picture):
    """A picture of ours that was uploaded, as a call names it."""
    with picture.open("rb") as opened:
        answer = httpx.post(f"{url}gradio_api/upload", files={"files": (picture.name, opened)})
    return file(answer.json()[0])


PLACES = ["/etc/passwd", "/proc/self/environ", "../../../../etc/passwd", "file:///etc/passwd"]


@pytest.mark.parametrize("place", [*PLACES, "SECRET"])
@pytest.mark.parametrize("parameter", ["image", "mask", "table", "more"])
def test_no_file_of_this_machine_is_read_through_any_file_parameter(
    url, sent, secret, parameter, place
):
    place = str(secret) if place == "SECRET" else place
    forms = [file(place), {"path": place}, place, file(place, url=f"{url}gradio_api/file={place}")]
    for form in forms:
        value = [form] if parameter == "more" else form
        words = sentence(called(url, "tint", {"image": sent, parameter: value}))
        assert SECRET not in words
        assert len(words) < 200
    status, text = asked(url, f"/gradio_api/file={place}")
    assert status in (403, 404)
    assert SECRET not in text


@pytest.mark.parametrize(
    "value",
    [
        *("bare string", 7, [], {}, {"meta": META}, {"path": 7, "meta": META}, ["a", "b"]),
        *({"path": None, "meta": META}, {"path": "x", "meta": {"_type": "other"}}, [[{}]], True),
        *(file("http://127.0.0.1:9/a.png"), file("x", url="http://127.0.0.1:9/a.png")),
        *({"url": "data:image/png;base64,AAAA", "meta": META}, file("a\x00b"), file("x" * 5000)),
    ],
)
def test_whatever_stands_where_a_picture_belongs_is_refused_in_a_sentence(url, value):
    words = sentence(called(url, "tint", {"image": value}))
    assert words.startswith(("Upload ", "Your picture is missing", "The call does not fit"))


def test_no_address_is_asked_for_whatever_a_call_names(url, sent):
    """A server that counts who comes: nobody does."""
    import http.server

    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    inside = f"http://127.0.0.1:{server.server_port}/latest/meta-data.png"
    for name in ("image", "mask", "table", "more"):
        for form in (
            file(inside),
            {"path": inside},
            {"url": inside},
            inside,
            file("x", url=inside),
        ):
            called(url, "tint", {"image": sent, name: [form] if name == "more" else form})
    asked(url, f"/gradio_api/proxy={inside}")
    asked(url, f"/gradio_api/file={inside}")
    server.shutdown()
    server.server_close()
    assert came == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/call/v2/none", {}),
        ("/gradio_api/call/v2/tint", {"no_such": 1}),
        ("/gradio_api/call/none", {"data": []}),
        ("/gradio_api/call/tint", {"data": [1, 2]}),
        ("/gradio_api/call/tint", {"data": "text"}),
        ("/gradio_api/call/tint", []),
        ("/gradio_api/queue/join", {"data": [], "fn_index": 99999, "session_hash": "a"}),
        ("/gradio_api/queue/join", {"data": [], "fn_index": "x", "session_hash": "a"}),
        ("/gradio_api/queue/join", {"data": []}),
        ("/gradio_api/run/none", {"data": []}),
        ("/gradio_api/reset", {"event_id": "none"}),
        ("/gradio_api/cancel", {"session_hash": "a", "fn_index": 1, "event_id": "b"}),
    ],
)
def test_a_request_of_another_shape_is_no_traceback(url, path, body):
    status, text = asked(url, path, body)
    assert status < 500 or "detail" in json.loads(text)
    for trace in ("Traceback", "site-packages", "Error(", 'File "'):
        assert trace not in text
    assert asked(url, "/health")[0] == 200


def test_what_is_not_even_json_is_refused(url):
    for raw in (b"", b"{", b"\xff\xfe", b"[" * 3000):
        status, text = asked(url, "/gradio_api/call/tint", raw=raw)
        assert 400 <= status < 500
        assert "Traceback" not in text


def test_calls_fuzzed_against_the_apps_own_schema_end_in_a_sentence_or_a_picture(url, sent, demo):
    client = gradio_client.Client(url, verbose=False, analytics_enabled=False)
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/tint"]
    good = {"image": sent, "steps": 1, "size": 32}
    ends = []
    for seed in range(100):
        call = malformed(told["parameters"], good, seed)
        if call.get("words") == "crash" or (call.get("pause") or 0) not in (0, 0.0):
            continue
        ended = called(url, "tint", call)
        ends.append(ended[0])
        if ended[0] != "complete":
            words = sentence(ended)
            assert words != runs.SORRY, call
            assert len(words) <= 400, call
            assert "Traceback" not in words
    assert 0 < ends.count("complete") < len(ends)
    assert runs.turns().busy() == (0, 0)


def test_a_value_of_a_million_characters_does_not_come_back(url, sent):
    for name in ("steps", "way", "soft", "words", "amount", "seed"):
        words = sentence(called(url, "tint", {"image": sent, name: "x" * 1_000_000}))
        assert len(words) < 200


def test_notices_and_errors_of_the_page_show_html_as_text(monkeypatch):
    shown = []
    for name in ("Warning", "Info"):
        monkeypatch.setattr(notices.gr, name, lambda text, **_: shown.append(text))
    notices.warn(TAGS)
    notices.tell(TAGS)
    shown.append(notices.failed(runs.InputError(f"unknown way {TAGS}")).message)
    assert all("<" not in text and "&lt;img" in text for text in shown)


@pytest.fixture
def form(picture, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    from phosphene.ui import layout

    gr.set_static_paths([picture])
    with gr.Blocks():
        return layout.form_of(ui.Tab("Tint", tint, examples=[{"image": str(picture)}]))


def test_a_hostile_link_writes_no_html_in_any_of_its_values(form, monkeypatch):
    shown = []
    monkeypatch.setattr(notices.gr, "Warning", shown.append)
    with gr.Blocks() as demo:
        query = gr.Textbox()
        visits._connect_link(form, demo, query, "", True)
    restore = next(fn.fn for fn in demo.fns.values() if fn.inputs == [query])
    from urllib.parse import urlencode

    for name in ("example", "tab", "steps", "way", "words", "soft", TAGS):
        restore("?" + urlencode({name: TAGS}))
    assert len(shown) >= 4
    assert not [text for text in shown if "<" in text]


def test_the_page_shows_an_error_as_text_in_its_status_too(form, picture):
    values = [
        {"image": str(picture), "way": TAGS}.get(p.name, p.default) for p in form.tab.parameters
    ]
    stream = play.run(form, values)
    page = next(stream)
    with pytest.raises(gr.Error) as caught:
        next(stream)
    assert "<" not in caught.value.message
    assert "<img" not in str(page[form.status])


def test_share_opens_no_file_that_was_not_uploaded_or_is_no_example(
    form, secret, picture, monkeypatch, tmp_path
):
    opened = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: opened.append(str(self)) or real(self))
    for text in (
        str(secret),
        "/proc/self/environ",
        "/dev/zero.png",
        "x" * 9000 + ".png",
        "a\0.png",
    ):
        assert permalinks.digest(text) == ""
        values = [text if p.name in ("image", "words") else p.default for p in form.tab.parameters]
        permalinks.link_of(form, values, "")
    assert set(opened) <= {str(picture)}
    copy = tmp_path / "cache" / "abc" / "mine.png"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(real(picture))
    values = [str(copy) if p.name == "image" else p.default for p in form.tab.parameters]
    assert "example=ramp" in permalinks.link_of(form, values, "")


@pytest.mark.parametrize("path", [None, 7, "", "a\0b", "x" * 9000, "/etc/hostname", ["a"], {}])
def test_a_path_that_is_none_is_not_that_of_an_upload(path):
    assert uploads.uploaded(path) is None
    assert uploads.of_the_page(path) is None


def test_a_run_is_not_cut_off_when_thousands_come_after_it(url, demo, sent, monkeypatch):
    """Gradio keeps 2000 sessions and would forget the oldest, whatever it is waiting for."""
    sessions = demo._queue.pending_messages_per_session
    monkeypatch.setattr(sessions, "max_size", 8)
    ended = []
    slow = {"image": sent, "steps": 40, "pause": 0.1, "size": 32}
    thread = threading.Thread(target=lambda: ended.append(called(url, "tint", slow)))
    thread.start()
    time.sleep(0.5)
    for _ in range(20):
        assert called(url, "tint", {"image": sent, "steps": 0})[0] == "error"
    thread.join(30)
    assert ended[0][0] == "complete"
    assert ended[0][1][1]["step"] == 40
    assert len(sessions) <= 9
    assert len(demo._queue.pending_event_ids_session) <= 9


def test_sessions_and_files_are_gone_after_a_while(url, demo, sent):
    from gradio import route_utils

    called(url, "tint", {"image": sent, "steps": 2, "size": 32})
    folder = Path(demo.GRADIO_CACHE)
    assert [p for p in folder.rglob("*") if p.is_file()]
    route_utils.delete_files_created_by_app(demo, age=3600)
    assert [p for p in folder.rglob("*") if p.is_file()], "what is new stays"
    time.sleep(0.01)
    route_utils.delete_files_created_by_app(demo, age=0)
    assert not [p for p in folder.rglob("*") if p.is_file()]
    assert demo.delete_cache == (600, 3600)
    state = next(block for block in demo.blocks.values() if isinstance(block, gr.State))
    assert 0 < state.time_to_live <= 3600


def test_a_page_that_is_malformed_in_a_way_nobody_foresaw_is_still_a_sentence():
    class Function:
        inputs = (1, 2)

    assert guard._words(Function, [1], KeyError("x")).startswith("The call has 1 values, 2 are")
    assert guard._words(Function, [1, 2], KeyError("x")) == guard.UNFIT
    assert len(guard.shortened("x" * 10_000)) == guard.LONGEST


def test_a_request_that_breaks_is_answered_once():
    sent = []

    async def broken(scope, receive, send):
        raise KeyError("/none")

    async def send(message):
        sent.append(message)

    asyncio.run(guard.Middleware(broken)({"type": "http"}, None, send))
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"]) == {"detail": guard.UNFIT}
