"""Pictures by one process and by workers, and what a thousand would take on ten GPU machines.

    pip install 'phosphene[ray]'
    python benchmarks/workers.py [throughput|paper]

throughput: so many dreams at 256 pixels, here in turn with all threads, and by a pool of one and of
two workers that share the cores; each way has processes of its own. The pictures are the same.
paper: what starting, loading and sending cost, measured here on a CPU, and from them the time of a
thousand pictures on ten machines with a GPU each, for a method that takes so long there. That is
arithmetic, not a measurement.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from _tables import THREADS, Options, main, prepare
from _tools import said

from phosphene import dream
from phosphene.hosting import cluster
from phosphene.hosting.cluster import Wish
from phosphene.hosting.workers import Pool
from phosphene.knobs import check

PHOTO = Path(__file__).parents[1] / "apps/deepdream/examples/summer_palace.jpg"
DOCUMENT = "workers.md"
PICTURES, SIZE = 12, 256
THOUSAND, MACHINES = 1000, 10
GPU_SECONDS = (0.5, 2.0, 10.0)


def settings(seed: int, size: int) -> dict[str, Any]:
    return {"image": str(PHOTO), "size": size, "seed": seed}


def here(pictures: int, size: int) -> dict[str, Any]:
    """Seconds to the first picture, for each after it, and a digest of all."""
    begun = time.perf_counter()
    ends, shown = [], hashlib.sha256()
    for seed in range(pictures + 1):
        (*_, frame) = dream(**settings(seed, size))
        shown.update(frame.image.tobytes())
        ends.append(time.perf_counter())
    return {
        "start": 0.0,
        "first": ends[0] - begun,
        "each": (ends[-1] - ends[0]) / pictures,
        "shown": shown.hexdigest()[:12],
        "threads": torch.get_num_threads(),
    }


def pooled(count: int, pictures: int, size: int) -> dict[str, Any]:
    """The same by workers: each has a first picture, then they share the rest."""
    begun = time.perf_counter()
    pool = Pool(Wish(count))
    pool._ready.wait()
    ready = time.perf_counter()
    made: dict[int, bytes] = {}

    def work(place: int, seeds: Iterator[int]) -> None:
        for seed in seeds:
            arguments = check(dream, settings(seed, size))
            for frame in pool.run("dream", arguments, place):
                last = frame
            made[seed] = last.image.tobytes()

    def all_work(lanes: list[Iterator[int]]) -> None:
        threads = [threading.Thread(target=work, args=lane) for lane in enumerate(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_work([iter([0]) for _ in range(count)])
    warm = time.perf_counter()
    shared = locked(range(1, pictures + 1))
    all_work([shared] * count)
    over = time.perf_counter()
    pool.close()
    shown = hashlib.sha256(b"".join(made[seed] for seed in range(pictures + 1)))
    return {
        "start": ready - begun,
        "first": warm - ready,
        "each": (over - warm) / pictures,
        "shown": shown.hexdigest()[:12],
        "threads": max(1, cluster.cores() // count),
    }


class locked:  # noqa: N801
    """An iterator that several threads share."""

    def __init__(self, items: range) -> None:
        self._items, self._guard = iter(items), threading.Lock()

    def __iter__(self) -> locked:
        return self

    def __next__(self) -> int:
        with self._guard:
            return next(self._items)


def measured(count: int, options: Options) -> dict[str, Any]:
    """One way in a process of its own; 0 workers: no pool."""
    pictures, size = (2, 64) if options.smoke else (PICTURES, SIZE)
    told: dict[str, Any] = json.loads(
        said(__file__, "--time", f"{count}", f"{pictures}", f"{size}")
    )
    return told


def throughput(options: Options) -> Iterator[str]:
    """A row for each way."""
    yield "| by | threads each | s to start | s to the first picture | pictures a minute | times |"
    yield "|---|---|---|---|---|---|"
    digests, alone = [], 0.0
    for count in (0, 1, 2):
        told = measured(count, options)
        alone = alone or told["each"]
        name = f"{count} worker{'s' * (count > 1)}" if count else "this process"
        digests.append(told["shown"])
        yield (
            f"| {name} | {told['threads']} | {told['start']:.1f} | {told['first']:.1f} "
            f"| {60 / told['each']:.1f} | {alone / told['each']:.2f} |"
        )
    same = "the same bits" if len(set(digests)) == 1 else "not the same bits"
    yield ""
    yield f"On {cluster.cores()} cores; {same} each way."


def paper(options: Options) -> Iterator[str]:
    """What is measured, and what follows from it."""
    alone, sent = (measured(count, options) for count in (0, 1))
    each = max(0.0, sent["each"] - alone["each"])
    start, load = sent["start"], sent["first"] - sent["each"]
    yield (
        f"Measured on a CPU: {start:.1f} s until a worker is there, {load:.1f} s for its network, "
        f"{each:.3f} s a picture for sending it and its frames."
    )
    yield ""
    yield f"| s a picture on a GPU | {THOUSAND} on one machine, min | on {MACHINES}, min | times |"
    yield "|---|---|---|---|"
    for seconds in GPU_SECONDS:
        one = load + THOUSAND * seconds
        many = start + load + -(-THOUSAND // MACHINES) * (seconds + each)
        yield f"| {seconds:g} | {one / 60:.1f} | {many / 60:.1f} | {one / many:.1f} |"


PARTS = {"throughput": throughput, "paper": paper}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--time"]:
        prepare()
        torch.set_num_threads(min(THREADS, cluster.cores()))
        workers, pictures, size = map(int, sys.argv[2:5])
        result = pooled(workers, pictures, size) if workers else here(pictures, size)
        with suppress(BrokenPipeError):
            print(json.dumps(result))
    else:
        main(__file__, DOCUMENT, PARTS)
