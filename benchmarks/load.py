"""Many visitors at once: what they wait for, whether each gets what is theirs, what is left behind.

    python benchmarks/load.py                               # 50 visitors, five minutes
    VISITORS=12 SECONDS=90 python benchmarks/load.py

The gallery is served as `make run` does, in a process of its own. Visitors come from addresses of
their own, choose an app, look at the picture as it forms, and stay to the end, stop, or leave in
the middle, as people do. Every result that comes to its end is compared, pixel for pixel, with that
of the same call made alone before anybody came.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import httpx
from _tables import Options, main
from PIL import Image

import phosphene
from phosphene.hosting import space
from phosphene.knobs import Picture, parameters
from phosphene.methods import METHODS

DOCUMENT = "load.md"
CALLS = (
    *("dream", "visualize", "stylize", "invert", "fool", "attribute", "compare"),
    *("sample", "traverse", "reconstruct", "latent_map", "texture"),
)
"""Methods that visitors choose from, each with its quick settings."""
PICTURES = ("cat", "flower")
STAYS, STOPS = 0.7, 0.15
"""The share of those who wait for the end, and who press Stop; the others leave."""
THINKS = (0.5, 4.0)
"""Seconds between two runs of a visitor."""
PATIENCE = 300.0


@dataclass(frozen=True)
class Job:
    """One call: a method with its settings, the same each time."""

    method: str
    picture: str
    seed: int

    def arguments(self, uploaded: str) -> dict[str, Any]:
        """As the endpoint takes them."""
        known = parameters(METHODS[self.method])
        given = {p.name: p.knob.quick for p in known if p.knob.quick is not None}
        file = {"path": uploaded, "meta": {"_type": "gradio.FileData"}}
        needed = [p.name for p in known if isinstance(p.knob, Picture) and p.required]
        if self.method in ("invert", "reconstruct"):
            needed = ["image"]
        return {**given, **dict.fromkeys(needed, file), "seed": self.seed}


@dataclass
class Told:
    """What the visitors saw."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)


class Visitor:
    """Somebody at an address of their own."""

    def __init__(self, url: str, number: int) -> None:
        self.url, self.draw = url, random.Random(number)
        self.headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"}
        self.files: dict[str, str] = {}

    def upload(self, picture: str) -> str:
        """Where a picture lies on the server, sent once."""
        if picture not in self.files:
            path = space.ROOT / "apps" / "deepdream" / "examples" / f"{picture}.jpg"
            answer = httpx.post(
                f"{self.url}/gradio_api/upload",
                files={"files": (path.name, path.read_bytes())},
                headers=self.headers,
                timeout=PATIENCE,
            )
            self.files[picture] = answer.json()[0]
        return self.files[picture]

    def run(self, job: Job, leave: str = "") -> tuple[str, float, float, str]:
        """How a run ended, seconds to the first picture and to the end, the result's digest.

        `leave`: "stop" presses Stop after the first picture, "leave" closes the page then.
        """
        body = job.arguments(self.upload(job.picture))
        began, first = time.monotonic(), 0.0
        call = f"{self.url}/gradio_api/call"
        joined = httpx.post(
            f"{call}/v2/{job.method}", json=body, headers=self.headers, timeout=PATIENCE
        )
        if joined.status_code != 200:
            return f"refused: {joined.text[:100]}", 0, time.monotonic() - began, ""
        event = joined.json()["event_id"]
        kind = ""
        with _stream(f"{call}/{job.method}/{event}", self.headers) as lines:
            for line in lines:
                if line.startswith("event: "):
                    kind = line[7:].strip()
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                    now = time.monotonic() - began
                    if kind == "error":
                        return f"error: {data}", first, now, ""
                    if kind == "complete":
                        return "done", first or now, now, _digest(data[0]["url"])
                    if kind == "generating" and data and data[0] and not first:
                        first = now
                        if leave:
                            break
            if leave == "stop":
                asked = {"session_hash": event, "fn_index": 0, "event_id": event}
                httpx.post(
                    f"{self.url}/gradio_api/cancel",
                    json=asked,
                    headers=self.headers,
                    timeout=PATIENCE,
                )
        words = {"stop": "stopped", "leave": "left"}.get(leave, "cut off")
        return words, first, time.monotonic() - began, ""


@contextmanager
def _stream(url: str, headers: dict[str, str]) -> Iterator[Iterator[str]]:
    """The lines of an answer as they come; the connection is closed in the end, read or not."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
    connection.request("GET", parts.path, headers=headers)
    answer = connection.getresponse()
    try:
        yield (line.decode().rstrip("\n") for line in answer)
    finally:
        if connection.sock:
            connection.sock.close()
        connection.close()


def _digest(url: str) -> str:
    """Of a picture's pixels: its file also tells when it was made."""
    with urlopen(url, timeout=PATIENCE) as answer:
        picture = Image.open(io.BytesIO(answer.read()))
        return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()


@contextmanager
def served(log: Path) -> Iterator[tuple[str, int]]:
    """The gallery in a process of its own: its address and the process's number."""
    environment = {
        **os.environ,
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(log.parent / "cache"),
        "PHOSPHENE_PROXY": "1",
        "PYTHONPATH": str(Path(phosphene.__file__).parents[1]),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", str(space.find_app("gallery") / "app.py")],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "http://" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(log.read_text())
            time.sleep(0.2)
        line = next(text for text in log.read_text().splitlines() if "http://" in text)
        yield line.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def held(pid: int) -> dict[str, int]:
    """Memory in MB, threads and open files of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = {name: int(status.split(f"{name}:")[1].split()[0]) for name in ("VmRSS", "Threads")}
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {"MB": numbers["VmRSS"] // 1024, "threads": numbers["Threads"], "open files": files}


def stay(
    visitor: Visitor, jobs: list[Job], alone: dict[Job, str], told: Told, until: float
) -> None:
    """One visitor's hour: runs, thoughts, changes of mind."""
    draw = visitor.draw
    time.sleep(draw.uniform(0, 2))
    while time.monotonic() < until:
        job, chance = draw.choice(jobs), draw.random()
        leave = "" if chance < STAYS else "stop" if chance < STAYS + STOPS else "leave"
        try:
            ended, first, whole, digest = visitor.run(job, leave)
        except (OSError, httpx.HTTPError, http.client.HTTPException, ValueError) as error:
            ended, first, whole, digest = f"broken: {type(error).__name__}: {error}", 0, 0, ""
        with told.guard:
            told.ends[ended.partition(":")[0]] += 1
            if ":" in ended:
                told.wrong.append(f"{job.method}: {ended}")
            if first:
                told.first.append(first)
            if digest:
                told.whole.append(whole)
                if digest != alone[job]:
                    told.wrong.append(f"{job.method}: another's picture")
        time.sleep(draw.uniform(*THINKS))


def load(options: Options) -> Iterator[str]:
    """What was seen, waited for and left behind."""
    visitors = int(os.environ.get("VISITORS", "3" if options.smoke else "50"))
    seconds = float(os.environ.get("SECONDS", "5" if options.smoke else "300"))
    calls = CALLS[:2] if options.smoke else CALLS
    seeds: tuple[int, ...] = (1, 2)
    if visitors <= 20 and not options.smoke:  # fewer runs alone for a short look
        calls, seeds = CALLS[::2], (1,)
    pairs = [(name, seed) for name in calls for seed in seeds]
    jobs = [Job(name, PICTURES[place % 2], seed) for place, (name, seed) in enumerate(pairs)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with served(log) as (url, pid):
            first = Visitor(url, 0)
            alone = {}
            for job in jobs:
                ended, *_, alone[job] = first.run(job)
                if ended != "done":
                    raise SystemExit(f"{job} alone: {ended}\n{log.read_text()}")
            before, told = held(pid), Told()
            until = time.monotonic() + seconds
            people = [
                threading.Thread(target=stay, args=(Visitor(url, n), jobs, alone, told, until))
                for n in range(1, visitors + 1)
            ]
            for person in people:
                person.start()
            for person in people:
                person.join()
            time.sleep(15)  # what was closed is let go of; threads that idle are by the next run
            first.run(jobs[0])
            health = json.loads(urlopen(f"{url}/health").read())
            after, text = held(pid), log.read_text()
    yield from _told(visitors, seconds, told, text)
    yield f"| run or wait afterwards | {health['running']} and {health['waiting']} |"
    for name in before:
        yield f"| {name} before, after | {before[name]}, {after[name]} |"


def _told(visitors: int, seconds: float, told: Told, log: str) -> Iterator[str]:
    yield "| what | how much |"
    yield "|---|---|"
    yield f"| visitors, seconds | {visitors}, {seconds:g} |"
    yield f"| runs | {', '.join(f'{n} {how}' for how, n in sorted(told.ends.items()))} |"
    mixed = sum("another's" in line for line in told.wrong)
    yield f"| results compared with a lone run, not equal | {len(told.whole)}, {mixed} |"
    yield f"| tracebacks in the log | {log.count('Traceback')} |"
    for name, times in (("first picture", told.first), ("result", told.whole)):
        yield f"| s to the {name}: median, 95 %, worst | {_quantiles(times)} |"
    for line in dict.fromkeys(told.wrong):
        print(line, file=sys.stderr)
    for part in dict.fromkeys(log.split("Traceback")[1:]):
        print(part[-1500:], file=sys.stderr)


def _quantiles(times: list[float]) -> str:
    if len(times) < 2:
        return "none"
    high = statistics.quantiles(times, n=20)[-1]
    return f"{statistics.median(times):.1f}, {min(high, max(times)):.1f}, {max(times):.1f}"


PARTS = {"load": load}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
