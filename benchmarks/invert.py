"""Feature inversion: how near the pictures come, and the time against a plain loop.

    python benchmarks/invert.py quality NETWORK FOLDER FILE.csv ITERATIONS [TAP...]
    python benchmarks/invert.py table FILE.csv
    python benchmarks/invert.py curve TAP...
    python benchmarks/invert.py speed [PICTURE]

`quality` goes on where it ended. `curve` follows VGG-19 on the koala.

The plain loop is the well-known scripts': one layer after the other, the whole network in float32
with its weights' gradients on, Adam on the pixels, 200 iterations a layer; its whole walk is 2000
times the mean of a few iterations. For the same error it runs on until it has it, for 200
iterations or 60 s at most.
"""

from __future__ import annotations

import csv
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from phosphene import Frame, images, invert, invert_layers, load_network
from phosphene.methods.feature_inversion.search import PER_STEP
from phosphene.methods.feature_inversion.walk import route
from phosphene.networks import weights, zoo
from phosphene.optimize import losses

SIZE, THREADS = 224, 2
MARKS = (24, 32, 48, 96)
"""Iterations at which a curve is read; they are whole steps of the search."""
USUAL, TIMED = 200, 4
"""Iterations of the plain loop, and of it those that are timed."""
LONGEST = 60
"""Seconds for which the plain loop may look for the same error."""

KOALA = Path(__file__).parent.parent / "apps" / "feature_inversion" / "examples" / "koala.jpg"
COLUMNS = ("network", "picture", "tap", "iterations", "psnr", "ssim", "error")


def quality(name: str, folder: str, table: str, iterations: str, *taps: str) -> None:
    """Append a row for every picture and tap that the table lacks."""
    path = Path(table)
    rows = read(path)
    if not rows:
        path.write_text(",".join(COLUMNS) + "\n")
    known = {(row["network"], row["picture"], row["tap"]) for row in rows}
    for picture in sorted(Path(folder).glob("*.jpg")):
        wanted = taps or route(load_network(name), 10)
        for tap in (tap for tap in wanted if (name, picture.stem, tap) not in known):
            *_, frame = invert(picture, network=name, layer=tap, size=SIZE, steps=int(iterations))
            found = (frame.metrics[key] for key in ("PSNR, dB", "SSIM", "feature error"))
            with path.open("a") as file:
                csv.writer(file, lineterminator="\n").writerow(
                    [name, picture.stem, tap, iterations, *(f"{figure:.5f}" for figure in found)]
                )


def read(path: Path) -> list[dict[str, str]]:
    """The rows so far."""
    if not path.exists():
        return []
    with path.open() as file:
        return list(csv.DictReader(file))


def table(path: str) -> None:
    """Means over the pictures, a row for every tap."""
    rows = read(Path(path))
    for name in dict.fromkeys(row["network"] for row in rows):
        print(f"\n{name}\n\n| tap | PSNR, dB | worst | SSIM | error | iterations | pictures |")
        print("|---|---|---|---|---|---|---|")
        own = [row for row in rows if row["network"] == name]
        for tap in route(load_network(name), 10):
            mine = [row for row in own if row["tap"] == tap]
            if mine:
                psnr, ssim, error = (
                    [float(row[column]) for row in mine] for column in ("psnr", "ssim", "error")
                )
                print(
                    f"| {tap} | {statistics.mean(psnr):.1f} | {min(psnr):.1f} "
                    f"| {statistics.mean(ssim):.3f} | {statistics.mean(error):.4f} "
                    f"| {mine[0]['iterations']} | {len(mine)} |"
                )


def curve(*taps: str) -> None:
    """PSNR in dB and seconds so far after some iterations."""
    torch.set_num_threads(THREADS)
    print(f"| tap | {' | '.join(map(str, MARKS))} iterations |\n|{'---|' * (len(MARKS) + 1)}")
    for tap in taps:
        # The first step is a glance along the gradient.
        found = {
            PER_STEP * (frame.step - 1): f"{frame.metrics['PSNR, dB']:.1f}, {frame.seconds:.0f} s"
            for frame in invert(KOALA, layer=tap, size=SIZE, steps=max(MARKS))
        }
        print(f"| {tap} | {' | '.join(found.get(mark, '') for mark in MARKS)} |", flush=True)


def timed(frames: Iterator[Frame]) -> tuple[float, float, Frame]:
    """Seconds to the first frame and to the last, and the last."""
    begun = time.perf_counter()
    frame = next(frames)
    first = time.perf_counter() - begun
    for later in frames:
        frame = later
    return first, time.perf_counter() - begun, frame


class Plain:
    """Inversion as the well-known scripts write it."""

    def __init__(self, name: str) -> None:
        """The network as its library builds it: nothing folded, frozen or cut."""
        plan = zoo.architecture(name)
        state = weights.load(weights.fetch(name), torch.device("cpu"))
        if name != "vgg19":
            state = dict(zip(plan.body.state_dict(), state.values(), strict=True))
        plan.body.load_state_dict(state)
        self.body = plan.body.eval()
        self.mean, self.std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (plan.mean, plan.std)
        )

    def run(self, tap: str, picture: str, steps: int, error: float = 0.0) -> tuple[float, float]:
        """Seconds taken and error left after `steps`, or once the error is as small as told."""
        original = images.to_tensor(images.load(picture, SIZE))
        found: list[torch.Tensor] = []
        part = self.body if tap == "logits" else self.body.get_submodule(tap)
        hook = part.register_forward_hook(lambda _, __, out: found.append(out))
        with torch.no_grad():
            self.body((original - self.mean) / self.std)
        target = found.pop()
        x = torch.rand_like(original).requires_grad_()
        optimizer = torch.optim.Adam([x], 0.05)
        begun, left = time.perf_counter(), 1.0
        for _ in range(steps):
            optimizer.zero_grad()
            self.body((x - self.mean) / self.std)
            far = losses.content(found.pop(), target)
            left = float(far.detach())
            if left <= error:
                break
            (far + 0.1 * losses.tv(x)).backward()
            optimizer.step()
        hook.remove()
        return time.perf_counter() - begun, left


def speed(picture: str = str(KOALA)) -> None:
    """Our walks and one layer; the plain loop for the same walks, and to the same error."""
    torch.set_num_threads(THREADS)
    first, whole, frame = timed(invert(picture, layer="relu4_1", size=SIZE))
    print(f"invert vgg19 relu4_1: first picture {first:.1f} s, result {whole:.1f} s", end=", ")
    print(f"{frame.metrics['PSNR, dB']:.1f} dB, error {frame.metrics['feature error']:.4f}")
    for name, tap in (("efficientnet_lite0", "blocks.1.1"), ("vgg19", "relu3_1")):
        first, whole, _ = timed(invert_layers(picture, network=name, size=SIZE))
        each = Plain(name).run(tap, picture, TIMED)[0] / TIMED
        theirs = 10 * USUAL * each
        print(f"walk {name}: first {first:.1f} s, 10 layers {whole:.1f} s;", end=" ")
        print(f"plain {each:.2f} s an iteration, {theirs:.0f} s for 10 times {USUAL}:", end=" ")
        print(f"{theirs / whole:.1f} times")
        _, mine, frame = timed(
            invert_layers(picture, network=name, layers=(tap,), size=SIZE, steps=96)
        )
        _, decibels, error = frame.tables[0].rows[0]
        most = min(USUAL, int(LONGEST / each))
        seconds, left = Plain(name).run(tap, picture, most, error)
        print(f"{name} {tap}: {mine:.1f} s to error {error:.4f} ({decibels:.1f} dB);", end=" ")
        print(f"plain {seconds:.1f} s to {left:.4f}: {seconds / mine:.1f} times")


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["speed"]
    {"quality": quality, "table": table, "curve": curve, "speed": speed}[what](*rest)
