"""Feature inversion: how near the pictures come, and the time against a plain loop.

    python benchmarks/invert.py [curve|speed]
    python benchmarks/invert.py vgg19 efficientnet_lite0

curve: PSNR and seconds so far after some iterations, VGG-19 on the koala.
speed: our walks and single layers, and the plain loop for the same. It is the well-known scripts':
    one layer after the other, the whole network in float32 with its weights' gradients on, Adam on
    the pixels, 200 iterations a layer; its whole walk is 2000 times the mean of a few iterations.
    For the same error it runs on until it has it, for 200 iterations or 60 s at most.
By name alone, because they take an hour and more:
vgg19, efficientnet_lite0: how near each layer comes, the mean over the app's photographs. Figures
    are kept in build/inversions.csv, so that a run goes on where it ended; delete it to begin anew.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from _tables import HERE, Options, main
from _tools import as_built

from phosphene import Frame, images, invert, invert_layers
from phosphene.methods.feature_inversion.search import FEATURE_ERROR, LIKENESS, PER_STEP, STRUCTURE
from phosphene.optimize import losses

DOCUMENT = "invert.md"
SIZE = 224
MARKS = (24, 32, 48, 96)
"""Iterations at which a curve is read; they are whole steps of the search."""
USUAL, TIMED = 200, 4
"""Iterations of the plain loop, and of it those that are timed."""
LONGEST = 60
"""Seconds for which the plain loop may look for the same error."""

EXAMPLES = HERE.parent / "apps" / "feature_inversion" / "examples"
KOALA = EXAMPLES / "koala.jpg"
KEPT = HERE.parent / "build" / "inversions.csv"
COLUMNS = ("network", "picture", "layer", "iterations", "psnr", "ssim", "error")
GOALS = {"relu2_1": 36, "relu3_1": 28, "relu4_1": 20}
"""PSNR in dB that an inversion of VGG-19 should come to."""
ITERATIONS = {
    "vgg19": {
        **dict.fromkeys(("relu1_1", "relu1_2"), 32),
        **{"relu2_1": 360, "relu2_2": 32, "relu3_1": 160, "relu3_3": 32, "relu4_1": 160},
        **dict.fromkeys(("relu4_3", "relu5_1", "relu5_3"), 32),
    },
    "efficientnet_lite0": {
        **dict.fromkeys(("conv_stem", "blocks.0.0", "blocks.1.1", "blocks.2.1"), 160),
        **dict.fromkeys(("blocks.3.2", "blocks.4.2", "blocks.5.3", "blocks.6.0"), 160),
        **dict.fromkeys(("global_pool", "logits"), 192),
    },
}


def quality(options: Options, name: str) -> Iterator[str]:
    """A row for each layer of a network, as soon as all photographs are inverted."""
    yield "| layer | goal, dB | PSNR, dB | worst | SSIM | error | iterations | pictures |"
    yield "|---|---|---|---|---|---|---|---|"
    photos = sorted(EXAMPLES.glob("*.jpg"))
    for layer, iterations in ITERATIONS[name].items():
        if options.smoke:
            rows = [inverted(photos[0], name, layer, 8, 96)]
        else:
            rows = [kept(photo, name, layer, iterations) for photo in photos]
        psnr, ssim, error = (
            [float(row[column]) for row in rows] for column in ("psnr", "ssim", "error")
        )
        yield (
            f"| {layer} | {GOALS.get(layer, '')} | {statistics.mean(psnr):.1f} | {min(psnr):.1f} "
            f"| {statistics.mean(ssim):.3f} | {statistics.mean(error):.4f} "
            f"| {iterations} | {len(rows)} |"
        )


def kept(photo: Path, name: str, layer: str, iterations: int) -> dict[str, str]:
    """A row of the kept figures, made now if there is none."""
    KEPT.parent.mkdir(exist_ok=True)
    rows = list(csv.DictReader(KEPT.read_text().splitlines())) if KEPT.exists() else []
    asked = (name, photo.stem, layer, str(iterations))
    for row in rows:
        if tuple(row[column] for column in COLUMNS[:4]) == asked:
            return row
    row = inverted(photo, name, layer, iterations, SIZE)
    with KEPT.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if not rows:
            writer.writeheader()
        writer.writerow(row)
    return row


def inverted(photo: Path, name: str, layer: str, iterations: int, size: int) -> dict[str, str]:
    """How near an inversion comes, under the names of the columns."""
    *_, frame = invert(photo, network=name, layer=layer, size=size, steps=iterations)
    figures = (f"{frame.metrics[key]:.5f}" for key in (LIKENESS, STRUCTURE, FEATURE_ERROR))
    return dict(zip(COLUMNS, (name, photo.stem, layer, str(iterations), *figures), strict=True))


def curve(options: Options) -> Iterator[str]:
    """A row for each layer."""
    marks, size = (MARKS[:1], 64) if options.smoke else (MARKS, SIZE)
    yield f"| layer | {' | '.join(map(str, marks))} iterations |\n|{'---|' * (len(marks) + 1)}"
    for layer in ("relu2_1", "relu3_1", "relu4_1", "relu5_1"):
        frames = invert(KOALA, layer=layer, size=size, steps=max(marks), device=options.device)
        # The first step is a warm-up along the gradient.
        cells = {
            PER_STEP * (frame.step - 1): f"{frame.metrics[LIKENESS]:.1f}, {frame.seconds:.0f} s"
            for frame in frames
        }
        yield f"| {layer} | {' | '.join(cells.get(mark, '') for mark in marks)} |"


def timed(frames: Iterator[Frame]) -> tuple[float, float, Frame]:
    """Seconds to the first frame and to the last, and the last."""
    started = time.perf_counter()
    frame = next(frames)
    first = time.perf_counter() - started
    for later in frames:
        frame = later
    return first, time.perf_counter() - started, frame


class Plain:
    """Inversion as the well-known scripts write it."""

    def __init__(self, name: str, size: int) -> None:
        """The network as its library builds it: nothing folded, frozen or cut."""
        architecture = as_built(name)
        self.body = architecture.body
        self.original = images.to_tensor(images.load(KOALA, size))
        self.mean, self.std = (
            torch.tensor(values).view(1, 3, 1, 1)
            for values in (architecture.mean, architecture.std)
        )

    def run(self, layer: str, steps: int, error: float = 0.0) -> tuple[float, float]:
        """Seconds taken and error left after `steps`, or once the error is as small as told."""
        outputs: list[torch.Tensor] = []
        part = self.body.get_submodule(layer)
        hook = part.register_forward_hook(lambda _, __, out: outputs.append(out))
        with torch.no_grad():
            self.body((self.original - self.mean) / self.std)
        target = outputs.pop()
        x = torch.rand_like(self.original).requires_grad_()
        optimizer = torch.optim.Adam([x], 0.05)
        started, left = time.perf_counter(), 1.0
        for _ in range(steps):
            optimizer.zero_grad()
            self.body((x - self.mean) / self.std)
            distance = losses.content(outputs.pop(), target)
            left = float(distance.detach())
            if left <= error:
                break
            (distance + 0.1 * losses.tv(x)).backward()
            optimizer.step()
        hook.remove()
        return time.perf_counter() - started, left


def speed(options: Options) -> Iterator[str]:
    """Our walks and single layers; the plain loop for the same walks, and to the same error."""
    size = 96 if options.smoke else SIZE
    steps = {"steps": 8} if options.smoke else {}
    yield "| task | ours: first picture | ours: result | plain loop | times faster |"
    yield "|---|---|---|---|---|"
    for name, layer in (("efficientnet_lite0", "blocks.1.1"), ("vgg19", "relu3_1")):
        first, whole, _ = timed(invert_layers(KOALA, network=name, size=size, **steps))
        each = Plain(name, size).run(layer, TIMED)[0] / TIMED
        plain = 10 * USUAL * each
        yield (
            f"| {name}, walk of 10 layers | {first:.1f} s | {whole:.1f} s "
            f"| {plain:.0f} s for 10 × {USUAL} iterations | {plain / whole:.1f} |"
        )
        _, whole, frame = timed(
            invert_layers(KOALA, network=name, layers=(layer,), size=size, **{"steps": 96, **steps})
        )
        error = float(frame.tables[0].rows[0][-1])
        most = TIMED if options.smoke else min(USUAL, int(LONGEST / each))
        seconds, left = Plain(name, size).run(layer, most, error)
        short = left > error
        yield (
            f"| {name} `{layer}` to error {error:.4f} | | {whole:.1f} s | {seconds:.1f} s"
            f"{f', and only at {left:.4f}' if short else ''} "
            f"| {'over ' if short else ''}{seconds / whole:.1f} |"
        )
    first, whole, frame = timed(invert(KOALA, layer="relu4_1", size=size, **steps))
    decibels = frame.metrics[LIKENESS]
    yield f"| vgg19 `relu4_1`, {decibels:.1f} dB | {first:.1f} s | {whole:.1f} s | | |"


PARTS = {
    "curve": curve,
    "speed": speed,
    **{name: partial(quality, name=name) for name in ITERATIONS},
}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS, by_name=tuple(ITERATIONS))
