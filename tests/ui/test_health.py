"""GET /health says how busy the server is; a run leaves one line in the log, with no picture."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from phosphene.hosting.turns import Turns
from phosphene.version import __version__

pytest.importorskip("gradio")

from phosphene.ui import health, runs
from tests.tint import tint


def get(path):
    answer, passed = [], []

    async def inside(scope, receive, send):
        passed.append(scope["path"])

    async def send(message):
        answer.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    asyncio.run(health.Middleware(inside)(scope, None, send))
    return (json.loads(answer[1]["body"]) if answer else None), passed


def test_it_counts_those_who_run_and_those_who_wait(monkeypatch):
    queue = Turns(1)
    monkeypatch.setattr(runs, "turns", lambda: queue)
    with queue.joined("a") as first, queue.joined("b"):
        list(queue.wait(first))
        told, _ = get("/health")
    assert told.pop("seconds") >= 0
    assert told == {"status": "ok", "version": __version__, "running": 1, "waiting": 1}
    assert (get("/health")[0]["running"], get("/health")[0]["waiting"]) == (0, 0)


def test_everything_else_goes_on():
    assert get("/gradio_api/info") == (None, ["/gradio_api/info"])


@pytest.mark.parametrize(
    ("words", "stop", "ended"),
    [(None, False, "done"), (None, True, "stopped"), ("late", False, "cut short")],
)
def test_a_run_is_one_line_of_json_with_an_id_and_no_picture(picture, caplog, words, stop, ended):
    run = runs.checked(tint, {"image": str(picture), "steps": 4, "words": words})
    with caplog.at_level(logging.INFO, logger="phosphene.ui.runs"):
        for _ in runs.frames(run):
            run.stopping = stop
    (line,) = [json.loads(r.getMessage()) for r in caplog.records if r.name == "phosphene.ui.runs"]
    assert set(line) == {"run", "method", "ended", "step", "steps", "size", "seconds", "waited"}
    assert (line["run"], line["method"], line["ended"]) == (run.id, "tint", ended)
    assert str(picture) not in json.dumps(line)
    other = runs.checked(tint, {"image": str(picture)})
    assert other.id != run.id
