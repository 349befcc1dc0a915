"""Feature inversion: PSNR and error at every tap, and the time against a plain loop.

    python benchmarks/invert.py quality vgg19 PICTURES...
    python benchmarks/invert.py speed PICTURE
    python benchmarks/invert.py            (the speed on the koala)

The plain loop is the well-known scripts': float32, the whole network with its weights' gradients
on, Adam on the pixels, one layer after the other, as many steps as ours has evaluations.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import torch

from phosphene import device as devices
from phosphene import images, invert_layers, load_network, losses, networks
from phosphene.methods.invert_layers import route

SIZE, STEPS = 224, 96

KOALA = Path(__file__).parent.parent / "apps" / "feature_inversion" / "examples" / "koala.jpg"


def quality(name: str, pictures: list[str]) -> None:
    rows: dict[str, list[float]] = {}
    for picture in pictures:
        *_, frame = invert_layers(picture, network=name, size=SIZE, steps=160)
        for key, value in frame.metrics.items():
            rows.setdefault(key, []).append(value)
    print("| tap | PSNR, dB | normalized error |\n|---|---|---|")
    for tap in route(load_network(name), 10):
        decibels, error = (statistics.mean(rows[f"{tap}, {kind}"]) for kind in ("dB", "error"))
        print(f"| {tap} | {decibels:.1f} | {error:.4f} |")


def ours(picture: str) -> None:
    for _ in invert_layers(picture, size=SIZE, steps=STEPS):
        pass


def plain(picture: str, steps: int) -> None:
    """Ten layers, one after the other, in full."""
    fast, devices.fast_bfloat16 = devices.fast_bfloat16, lambda _: False
    network = networks._load("vgg19", devices.pick(), "max")
    devices.fast_bfloat16 = fast
    body = network.body.requires_grad_(True).to(memory_format=torch.contiguous_format)
    original = images.to_tensor(images.load(picture, SIZE), network.device)
    for tap in route(network, 10):
        found: dict[str, torch.Tensor] = {}
        hook = body.get_submodule(tap).register_forward_hook(
            lambda _, __, out, found=found: found.update(out=out)
        )
        body((original - network.mean) / network.std)
        target = found["out"].detach()
        x = torch.rand_like(original).requires_grad_()
        optimizer = torch.optim.Adam([x], 0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            body((x - network.mean) / network.std)
            (losses.content(found["out"], target) + 0.1 * losses.tv(x)).backward()
            optimizer.step()
        hook.remove()


def speed(picture: str) -> None:
    ours(picture)
    begun = time.perf_counter()
    ours(picture)
    mine = time.perf_counter() - begun
    begun = time.perf_counter()
    plain(picture, 8)
    theirs = (time.perf_counter() - begun) / 8 * STEPS
    print(f"walk of 10 taps: {mine:.1f} s; plain loop {theirs:.1f} s; {theirs / mine:.1f} times")


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["speed", str(KOALA)]
    quality(rest[0], rest[1:]) if what == "quality" else speed(rest[0])
