"""What a stranger sends: calls by hand, without the client that would mend or refuse them first."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

META = {"_type": "gradio.FileData"}
TAGS = '<img src=//evil.example/x onerror=alert(1)><form action="//evil.example"><input></form>'


def file(path: str, **more: Any) -> dict[str, Any]:
    """A file as a call names it."""
    return {"path": path, "meta": META, **more}


def asked(url: str, path: str, body: Any = None, raw: bytes | None = None) -> tuple[int, str]:
    """Status and text of a request; a body makes it a POST."""
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    request = Request(f"{url.rstrip('/')}{path}", data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def called(url: str, name: str, arguments: Any) -> tuple[str, Any]:
    """How a call of a method ends: `complete`, `error` or `refused`, and with what."""
    status, text = asked(url, f"/gradio_api/call/v2/{name}", arguments)
    if status != 200:
        return "refused", json.loads(text)["detail"]
    status, text = asked(url, f"/gradio_api/call/{name}/{json.loads(text)['event_id']}")
    assert status == 200
    events = [block.split("\n") for block in text.strip().split("\n\n")]
    kind, data = events[-1][0].removeprefix("event: "), events[-1][1].removeprefix("data: ")
    return kind, json.loads(data)


def sentence(ended: tuple[str, Any]) -> str:
    """The sentence that a call was refused with."""
    kind, data = ended
    assert kind in ("error", "refused"), ended
    words = data["error"] if isinstance(data, dict) else data
    assert isinstance(words, str), ended
    return words


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, -1e308, 10**400, 2**63, 0.1, "", " ", "0", "²", "１２", "½"),
    *("nan", "inf", "1e999", "true", "\x00", "\ud7ff", "../../etc/passwd", "/etc/passwd", TAGS),
    *("$(reboot)", "{{7*7}}", "${7*7}", "__import__('os')", "%s%n", "'; DROP TABLE x; --"),
    *([], [[]], [None], [1, "a", {}], {}, {"a": {"b": []}}, {"path": "/etc/passwd"}),
    *(file("/etc/passwd"), file("../../../etc/passwd"), file("file:///etc/passwd"), file("")),
    *(file("http://127.0.0.1:9/a.png"), file("https://127.0.0.1:9/a.png"), file("//x/y.png")),
    *({"url": "http://127.0.0.1:9/", "meta": META}, {"path": 7, "meta": META}, [file("/proc/mem")]),
    *("x" * 100_000, ["x" * 9999] * 20, list(range(5000)), "blocks.4 + " * 900 + "blocks.4"),
)


def malformed(parameters: list[dict[str, Any]], good: dict[str, Any], seed: int) -> dict[str, Any]:
    """A call of an endpoint, as its own schema has it, with one to three values that are odd."""
    draw = random.Random(seed)
    call = dict(good)
    for parameter in draw.sample(parameters, k=min(len(parameters), draw.randint(1, 3))):
        call[parameter["parameter_name"]] = _odd(parameter.get("type") or {}, draw)
    return call


def _odd(schema: dict[str, Any], draw: random.Random) -> Any:
    """A value that a schema does not have, or one at its very edge."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and draw.random() < 0.3:
        return draw.choice([low - 1, high + 1, low - 1e-9, str(low), f"{low}²", -low, high * 1e9])
    if schema.get("enum") and draw.random() < 0.3:
        name = draw.choice(schema["enum"])
        return draw.choice([name.upper(), f" {name}", f"{name}\x00", [name], name[:-1]])
    return draw.choice(ODD)
