"""Uploads are refused by size and rate before they are read; a visitor is an address."""

from __future__ import annotations

import asyncio
import json

import pytest

pytest.importorskip("gradio")

from phosphene.ui import arrivals, visitor


class Site:
    """An app that reads what it is sent, behind the limits, at a time of its own."""

    def __init__(self):
        self.now, self.reached = 0.0, 0
        self.app = arrivals.Middleware(self.inside, lambda: self.now)

    async def inside(self, scope, receive, send):
        self.reached += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def post(self, size, host="1.2.3.4", path="/gradio_api/upload", **headers):
        """The status and the sentence of an upload that announces so many MB."""
        sent = {"content-length": str(int(size * 1e6)), **headers} if size is not None else headers
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "client": (host, 1),
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        }
        answer = []

        async def send(message):
            answer.append(message)

        async def receive():
            raise AssertionError("a refused upload was read")

        asyncio.run(self.app(scope, receive, send))
        body = json.loads(answer[1]["body"])
        return answer[0]["status"], body.get("detail", "")


@pytest.fixture
def site(monkeypatch):
    for name in ("SPACE_ID", "PHOSPHENE_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PHOSPHENE_UPLOAD_RATE", "10")
    monkeypatch.setenv("PHOSPHENE_UPLOAD_TOTAL", "25")
    return Site()


def test_a_visitor_has_so_much_a_minute_and_others_are_not_held_up(site):
    assert site.post(6)[0] == 200
    status, words = site.post(6)
    assert (status, words[:28]) == (429, "more than 10 MB in a minute;")
    assert site.post(6, host="5.6.7.8")[0] == 200
    site.now = 61
    assert site.post(6)[0] == 200


def test_all_together_have_so_much_an_hour(site):
    assert [site.post(9, host=f"1.1.1.{i}")[0] for i in range(3)] == [200, 200, 429]
    site.now = 3601
    assert site.post(9, host="1.1.1.9")[0] == 200


def test_an_upload_that_hides_its_size_is_refused(site):
    assert site.post(None)[0] == 411
    assert site.post(None, **{"content-length": "-5"})[0] == 411
    assert site.reached == 0


def test_only_uploads_are_counted(site):
    assert [site.post(9, path="/gradio_api/queue/join")[0] for _ in range(4)] == [200] * 4


def test_no_limits_let_all_through(site, monkeypatch):
    monkeypatch.setenv("PHOSPHENE_UPLOAD_RATE", "0")
    monkeypatch.setenv("PHOSPHENE_UPLOAD_TOTAL", "0")
    assert [site.post(30)[0] for _ in range(3)] == [200] * 3


def test_behind_a_proxy_the_address_is_what_the_proxy_wrote_last(monkeypatch):
    sent = {"x-forwarded-for": "6.6.6.6, 9.8.7.6"}
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.delenv("PHOSPHENE_PROXY", raising=False)
    assert visitor.address("1.2.3.4", sent) == "1.2.3.4"  # anybody can write that header
    assert visitor.address("127.0.0.1", {}) == ""
    monkeypatch.setenv("SPACE_ID", "ada/tiny")
    assert visitor.address("10.0.0.1", sent) == "9.8.7.6"
    assert visitor.address("10.0.0.1", {}) == "10.0.0.1"
