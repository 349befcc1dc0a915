"""What the loop costs over a bare hand-written one, per step.

    python benchmarks/descend.py

The same work both times: EfficientNet-Lite0 to blocks.4 at 256 pixels, Adam, clamped.
The two run in turn, several times; the median of the rounds' ratios is what counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch
from _tables import Options, main

from phosphene import load_network
from phosphene.optimize import losses
from phosphene.optimize.canvas import Pixels, noise
from phosphene.optimize.descend import descend

DOCUMENT = "README.md"
STEPS, ROUNDS, SIZE, TAP = 40, 9, 256, "blocks.4"


def loop(options: Options) -> Iterator[str]:
    """Milliseconds per step of both loops."""
    network = load_network(device=options.device)
    size, steps, rounds = (64, 4, 1) if options.smoke else (SIZE, STEPS, ROUNDS)
    start = noise(size, size, generator=torch.Generator().manual_seed(0)).to(network.device)

    def bare() -> None:
        x = start.clone().requires_grad_()
        optimizer = torch.optim.Adam([x], 0.01)
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            losses.norm(network.acts(x, [TAP])[TAP]).backward()
            optimizer.step()
            with torch.no_grad():
                x.clamp_(0, 1)

    def ours() -> None:
        def loss(x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {TAP: losses.norm(network.acts(x, [TAP])[TAP])}

        for _ in descend(Pixels(start), loss, steps=steps, lr=0.01):
            pass

    times: dict[str, list[float]] = {"bare": [], "descend": []}
    for run in (bare, ours):
        run()  # warm up
    for _ in range(rounds):
        for name, run in (("bare", bare), ("descend", ours)):
            started = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - started) / steps * 1000)
    bare_ms, ours_ms = (statistics.median(times[name]) for name in ("bare", "descend"))
    ratios = [o / b for o, b in zip(times["descend"], times["bare"], strict=True)]
    yield "| loop | ms per step |\n|---|---|"
    yield f"| bare | {bare_ms:.2f} |\n| descend, previews included | {ours_ms:.2f} |"
    share = 100 * (statistics.median(ratios) - 1)
    yield f"\nCost over the bare loop: {share:+.1f} % per step (the median of the rounds' ratios)."


PARTS = {"loop": loop}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
