"""What an operator asks of a server: a clean end, a login, networks that are warm."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from urllib.request import urlopen

import httpx
import pytest

from phosphene import limits
from phosphene.__main__ import main
from phosphene.errors import InputError
from phosphene.hosting import ending, login, space
from tests.tint import tint

gradio_client = pytest.importorskip("gradio_client")
gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import health, runs, warmup  # noqa: E402


@pytest.fixture
def stopping(monkeypatch):
    """The end of a server, undone afterwards."""
    monkeypatch.setattr(ending, "AFTER", 0.0)
    monkeypatch.setattr(ending, "LAST", 1.0)
    yield
    ending.reset()


def test_new_runs_are_refused_and_those_that_work_end_by_themselves(stopping, picture, monkeypatch):
    monkeypatch.setenv("PHOSPHENE_SHUTDOWN", "30")
    run = runs.checked(tint, {"image": str(picture), "steps": 12, "pause": 0.1})
    worker = threading.Thread(target=lambda: list(runs.frames(run)))
    worker.start()
    while not runs.turns().busy()[0]:
        time.sleep(0.01)
    ending.begin(lambda: sum(runs.turns().busy()))
    with pytest.raises(InputError, match="about to stop; try again in a minute"):
        runs.checked(tint, {"image": str(picture)})
    worker.join(5)
    assert run.last.step == 12
    assert run.note == ""


def test_a_run_that_is_out_of_time_ends_with_the_picture_that_it_has(
    stopping, picture, monkeypatch
):
    monkeypatch.setenv("PHOSPHENE_SHUTDOWN", "0.3")
    run = runs.checked(tint, {"image": str(picture), "steps": 500, "pause": 0.05})
    worker = threading.Thread(target=lambda: list(runs.frames(run)))
    worker.start()
    while not runs.turns().busy()[0]:
        time.sleep(0.01)
    ending.begin(lambda: sum(runs.turns().busy()))
    worker.join(5)
    assert not worker.is_alive()
    assert 0 < run.last.step < 100
    assert run.note == runs.STOPPED


def test_health_sends_nobody_any_more_to_a_server_that_ends(stopping):
    answer = []

    async def send(message):
        answer.append(message)

    def asked():
        answer.clear()
        scope = {"type": "http", "method": "GET", "path": "/health", "headers": []}
        asyncio.run(health.Middleware(None)(scope, None, send))
        return answer[0]["status"], json.loads(answer[1]["body"])["status"]

    assert asked() == (200, "ok")
    ending.begin(lambda: 0)
    assert asked() == (503, "stopping")


SERVER = """
import sys
sys.path.insert(0, {root!r})
from phosphene import ui
from tests.tint import tint

demo = ui.page("Tint", "", tabs=[ui.Tab("Tint", tint, examples=[{{"image": {picture!r}}}])])
demo.launch(**ui.launch_options(demo))
"""


def test_a_served_app_told_to_stop_finishes_what_it_works_on_and_ends(picture, tmp_path):
    script = SERVER.format(root=str(space.ROOT), picture=str(picture))
    more = {"PHOSPHENE_SHUTDOWN": "20", "PHOSPHENE_WARMUP": "0", "SHARE": "", "PORT": ""}
    environment = {**os.environ, **more, "GRADIO_TEMP_DIR": str(tmp_path)}
    server = subprocess.Popen(
        [sys.executable, "-u", "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = next(line for line in server.stdout if "http://" in line)
        url = line.split()[-1]
        client = gradio_client.Client(url, verbose=False, download_files=False)
        upload = gradio_client.handle_file(str(picture))
        job = client.submit(image=upload, steps=20, pause=0.1, size=64, api_name="/tint")
        while not job.outputs():
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        assert job.result(timeout=20)[1]["step"] == 20
        assert server.wait(20) == 0
        assert "Traceback" not in server.stdout.read()
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def named(monkeypatch, picture, tmp_path, caplog):
    """The address of a page that asks for a name and a password."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("PHOSPHENE_WARMUP", "0")
    monkeypatch.setenv("PHOSPHENE_LOGIN", "ada:lovelace,bob:x:y")
    monkeypatch.setattr(login, "PAUSE", 0.0)
    caplog.set_level(logging.INFO)
    demo = ui.page("Tint", "", tabs=[ui.Tab("Tint", tint, examples=[{"image": str(picture)}])])
    options = {"server_port": None, "share": False, "quiet": True, "prevent_thread_lock": True}
    demo.launch(**ui.launch_options(demo, **options))
    yield demo.local_url
    demo.close()


def test_nobody_comes_in_without_the_password_and_no_log_has_it(named, picture, caplog, capsys):
    for path in ("config", "gradio_api/info", "gradio_api/queue/status", "gradio_api/mcp/"):
        assert httpx.get(f"{named}{path}").status_code in (401, 403, 404, 405), path
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    for path in ("gradio_api/mcp/", "gradio_api/mcp/http/"):
        answer = httpx.post(f"{named}{path}", json=call, headers=accept)
        assert answer.status_code in (401, 403, 404, 405), (path, answer.text)
    data = {"data": [], "fn_index": 0, "session_hash": "a"}
    assert httpx.post(f"{named}gradio_api/queue/join", json=data).status_code == 401
    assert httpx.post(f"{named}gradio_api/call/v2/tint", json={}).status_code == 401
    with picture.open("rb") as opened:
        files = {"files": (picture.name, opened)}
        assert httpx.post(f"{named}gradio_api/upload", files=files).status_code == 401
    for pair in (("ada", "wrong"), ("ada", ""), ("eve", "lovelace"), ("", "")):
        form = dict(zip(("username", "password"), pair, strict=True))
        assert httpx.post(f"{named}login", data=form).status_code in (400, 422)
    client = gradio_client.Client(
        named, auth=("ada", "lovelace"), verbose=False, download_files=False
    )
    upload = gradio_client.handle_file(str(picture))
    assert client.predict(image=upload, steps=2, size=64, api_name="/tint")[1]["step"] == 2
    assert httpx.post(f"{named}login", data={"username": "bob", "password": "x:y"}).is_success
    with urlopen(f"{named}health") as answer:
        assert answer.status == 200
    output = capsys.readouterr()
    assert "lovelace" not in caplog.text + output.out + output.err


@pytest.mark.parametrize("text", ["ada", "ada:", ":secret", "ada:secret,", "a:b,secret"])
def test_a_login_that_cannot_be_read_is_one_sentence_without_the_password(monkeypatch, text):
    monkeypatch.setenv("PHOSPHENE_LOGIN", text)
    with pytest.raises(SystemExit) as caught:
        ui.launch_options()
    assert "not of the form name:password" in caught.value.code
    assert "secret" not in caught.value.code


def test_doctor_tells_that_there_is_a_login_and_not_which(monkeypatch, capsys):
    monkeypatch.setenv("PHOSPHENE_LOGIN", "ada:lovelace")
    main(["doctor"])
    text = capsys.readouterr().out
    assert "PHOSPHENE_LOGIN" in text
    assert "ada" not in text.partition("PHOSPHENE_LOGIN")[2].partition("\n")[0]
    assert limits.SHUTDOWN.variable in text


def test_an_app_is_warm_before_its_first_visitor_and_a_site_of_all_is_not(monkeypatch, picture):
    monkeypatch.delenv("PHOSPHENE_WARMUP", raising=False)
    demo = ui.page("Tint", "", tabs=[ui.Tab("Tint", tint, examples=[{"image": str(picture)}])])
    assert warmup.wanted(demo)
    began = []
    monkeypatch.setattr(warmup, "first_picture", lambda tab: began.append(tab.name))
    thread = warmup.after_start(demo)
    thread.join(0.3)
    assert began == [], "it waits until the page is served"
    demo.is_running = True
    thread.join(5)
    assert began == ["Tint"]
    vars(demo)["pages_by_route"] = {"tint": demo}
    assert not warmup.wanted(demo)
    assert warmup.after_start(demo) is None
    del vars(demo)["pages_by_route"]
    monkeypatch.setenv("PHOSPHENE_WARMUP", "0")
    assert not warmup.wanted(demo)


def test_the_warm_up_makes_one_picture_and_what_fails_there_stops_nothing(monkeypatch, picture):
    made = []

    def method(image, steps=7):
        made.append((image, steps))
        yield from ()

    tab = ui.Tab("Tint", tint, examples=[{"image": str(picture)}])
    monkeypatch.setattr(warmup, "start", lambda m, given: method(given["image"], given["steps"]))
    warmup.first_picture(tab)
    assert made == [(str(picture), 5)]
    demo = ui.page("Tint", "", tabs=[tab])
    demo.is_running = True
    monkeypatch.setattr(warmup, "first_picture", lambda tab: 1 / 0)
    warmup.after_start(demo).join(5)
