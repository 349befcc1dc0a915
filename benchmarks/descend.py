"""What the loop costs over a bare hand-written one, per step.

    python benchmarks/descend.py

The same work both times: EfficientNet-Lite0 to blocks.4 at 256 pixels, Adam, clamped.
The two run in turn, several times; the ratio of the medians is what counts.
"""

from __future__ import annotations

import statistics
import time

import torch

from phosphene import load_network
from phosphene.optimize import losses
from phosphene.optimize.canvas import Pixels, noise
from phosphene.optimize.descend import descend

STEPS, ROUNDS, SIZE, TAP = 40, 9, 256, "blocks.4"


def main() -> None:
    network = load_network()
    start = noise(SIZE, SIZE, generator=torch.Generator().manual_seed(0)).to(network.device)

    def bare() -> None:
        x = start.clone().requires_grad_()
        optimizer = torch.optim.Adam([x], 0.01)
        for _ in range(STEPS):
            optimizer.zero_grad(set_to_none=True)
            losses.norm(network.acts(x, [TAP])[TAP]).backward()
            optimizer.step()
            with torch.no_grad():
                x.clamp_(0, 1)

    def ours() -> None:
        def loss(x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {TAP: losses.norm(network.acts(x, [TAP])[TAP])}

        for _ in descend(Pixels(start), loss, steps=STEPS, lr=0.01):
            pass

    times: dict[str, list[float]] = {"bare": [], "descend": []}
    for run in (bare, ours):
        run()  # warm up
    for _ in range(ROUNDS):
        for name, run in (("bare", bare), ("descend", ours)):
            begun = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - begun) / STEPS * 1000)
    bare_ms, ours_ms = (statistics.median(times[name]) for name in ("bare", "descend"))
    ratios = [o / b for o, b in zip(times["descend"], times["bare"], strict=True)]
    print("| loop | ms per step |\n|---|---|")
    print(f"| bare | {bare_ms:.2f} |\n| descend, previews included | {ours_ms:.2f} |")
    print(f"\ncost over the bare loop: {100 * (statistics.median(ratios) - 1):+.1f} % per step")


if __name__ == "__main__":
    main()
