"""DeepDream and visualization against other tools: one network, one size, one run.

    pip install --no-deps --target /tmp/peers torch-lucent==0.1.8 torch-dreams==4.0.0 \
        kornia==0.4.1 decorator ipython traitlets tqdm opencv-python-headless
    PYTHONPATH=/tmp/peers python benchmarks/dream.py [--only speed|default|memory]

torchvision's GoogLeNet with random weights (speed does not depend on them), mean of channel 5
of inception4c. torch-lucent and torch-dreams render with their own loops, each against ours with
the same padding and range of sizes; a peer that is not installed is left out. "plain dream" is
the usual DeepDream program: a hook on the layer, weights not frozen, the whole network run, three
Gaussian blurs of the gradient. Each tool has a process of its own and they run in turn, several
rounds; milliseconds per step are medians between forwards of the network, the first two left out,
and a ratio is the median of the rounds' ratios. Then: seconds to the first preview and to the
result of the default dream at 512 pixels, and peak memory over picture size, each size in a process
of its own.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch
import torchvision
from _tools import Tool, in_turn, medians, peak, said, serve
from torch import Tensor, nn

from phosphene import dream, load_network
from phosphene.images.filters import blur
from phosphene.networks import weights, zoo
from phosphene.networks.network import Network
from phosphene.optimize import transforms
from phosphene.optimize.canvas import Fourier, Pixels
from phosphene.optimize.descend import descend
from phosphene.optimize.gradients import Conditioner

PHOTO = Path(__file__).parents[1] / "apps/deepdream/examples/summer_palace.jpg"
STEPS, CHANNEL, TAP, THREADS = 10, 5, "inception4c", 2
UNITS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
OURS = "ours beside "
_moments: list[float] = []

Run = Callable[[], object]


def googlenet(device: str) -> nn.Module:
    body = torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False)
    torch.manual_seed(0)
    for module in body.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return body.eval().to(device)


def ours(device: str) -> Network:
    plan = zoo.Blueprint(googlenet("cpu"), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    source = weights.fetch("efficientnet_lite0")
    where = torch.device(device)
    return Network("googlenet", plan, source=source, device=where, dtype=torch.float32)


def timed(run: Run) -> float:
    """Milliseconds between forwards, the first two left out."""
    _moments.clear()
    run()
    gaps = [b - a for a, b in pairwise(_moments)]
    return 1000 * statistics.median(gaps[2:])


def tick(*_: object) -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    _moments.append(time.perf_counter())


def our_channel(net: Network, side: int, padding: int) -> Run:
    """The channel, grown with the padding, sizes and turns of a peer."""
    generator = torch.Generator().manual_seed(0)
    canvas = Fourier(side, side, generator=generator, device=net.device)
    shake = transforms.robust(8, padding)

    def loss(x: Tensor) -> dict[str, Tensor]:
        tick()
        return {"channel": -net.acts(shake(x, generator), [TAP])[TAP][:, CHANNEL].mean()}

    return lambda: list(descend(canvas, loss, steps=STEPS))


def our_dream(net: Network, side: int) -> Run:
    generator = torch.Generator().manual_seed(0)
    canvas = Pixels(torch.rand(1, 3, side, side, generator=generator).to(net.device))
    roll = transforms.jitter(16)

    def loss(x: Tensor) -> dict[str, Tensor]:
        tick()
        return {"layer": -net.acts(roll(x, generator), [TAP])[TAP].square().mean()}

    steps = descend(
        canvas, loss, steps=STEPS, optimizer="gradient", condition=Conditioner(), lr=0.01
    )
    return lambda: list(steps)


def plain_dream(device: str, side: int) -> Run:
    body = googlenet(device)
    x = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    kept: dict[str, Tensor] = {}
    body.inception4c.register_forward_hook(lambda m, i, o: kept.update(layer=o))

    def run() -> None:
        picture = x
        for _ in range(STEPS):
            tick()
            picture = picture.detach().requires_grad_()
            body(torch.roll(picture, (3, -5), (-2, -1)))
            kept["layer"].square().mean().backward()
            smooth = sum(blur(picture.grad, sigma) for sigma in (0.5, 1.0, 2.0)) / 3
            picture = (picture + 0.09 * smooth / smooth.std()).clamp(-2.5, 2.5)

    return run


def lucent(device: str, side: int) -> Run:
    from lucent.optvis import param, render

    body = googlenet(device)
    body.register_forward_pre_hook(tick)
    return lambda: render.render_vis(
        body,
        f"{TAP}:{CHANNEL}",
        param_f=lambda: param.image(side),
        thresholds=(STEPS,),
        progress=False,
        show_image=False,
    )


def torch_dreams(device: str, side: int) -> Run:
    from torch_dreams import Dreamer

    body = googlenet(device)
    body.register_forward_pre_hook(tick)
    return lambda: Dreamer(body, quiet=True, device=device).render(
        [body.inception4c],
        width=side,
        height=side,
        iters=STEPS,
        rotate_degrees=5,
        scale_min=0.9,
        scale_max=1.1,
        custom_func=lambda layers: -layers[0][..., CHANNEL, :, :].mean(),
    )


PEERS = {"plain dream": "dream", "torch-lucent 0.1.8": "channel", "torch-dreams 4.0.0": "channel"}


def made(tool: str, device: str, side: int) -> Callable[[], Run]:
    """Runs of a peer or of ours beside it, each made anew, for hooks that nobody removes."""
    peer = tool.removeprefix(OURS)
    if tool == peer:
        builders = dict(zip(PEERS, (plain_dream, lucent, torch_dreams), strict=True))
        return partial(builders[peer], device, side)
    net = ours(device)
    if PEERS[peer] == "dream":
        return partial(our_dream, net, side)
    return partial(our_channel, net, side, 12 if "lucent" in peer else 0)


def answer(tool: str, device: str, side: int) -> None:
    """Time a run of the tool whenever asked."""
    with warnings.catch_warnings(action="ignore"):
        make = made(tool, device, side)
        serve(lambda: timed(make()))


def speed(device: str, rounds: int) -> Iterator[str]:
    yield "| task | ours, ms a step | peer | ms a step | times faster |\n|---|---|---|---|---|"
    for side in (224, 512):
        for peer, task in PEERS.items():
            options = "--device", device, "--side", str(side), "--tool"
            tools = {
                name: Tool(__file__, *options, name, keep=name != peer)
                for name in (OURS + peer, peer)
            }
            found = list(in_turn(tools, rounds))
            if any(peer in times for times in found):
                mine, other, ratio = medians(found, OURS + peer, peer)
                yield f"| {task}, {side} px | {mine:.0f} | {peer} | {other:.0f} | {ratio:.1f} |"


def default_dream(size: int, device: str, **options: int) -> tuple[float, float]:
    """Seconds to the first preview and to the result."""
    begun = time.perf_counter()
    first = 0.0
    for _ in dream(PHOTO, size=size, device=device, **options):
        first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


def default(device: str, rounds: int) -> Iterator[str]:
    load_network("efficientnet_lite0", device=device)
    default_dream(64, device)
    runs = [default_dream(512, device) for _ in range(rounds)]
    first, whole = (statistics.median(column) for column in zip(*runs, strict=True))
    yield f"Default dream at 512 pixels: first preview {first:.2f} s, result {whole:.2f} s."


def memory(largest: int) -> Iterator[str]:
    yield "| size | peak memory, MB |\n|---|---|"
    for size in [s for s in (512, 1024, 2048, 4096) if s <= largest]:
        yield f"| {size} | {said(__file__, '--peak', str(size))} |"


def machine() -> str:
    """The processor, and which of the units that matter it has."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    lines = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
    named = {name.strip(): value.split() for name, value in lines.items()}
    flags, name = named.get("flags", []), " ".join(named.get("model name", []))
    units = ", ".join(f"{unit} {'yes' if unit in flags else 'no'}" for unit in UNITS)
    return f"{name}; {units}; PyTorch {torch.__version__}, {THREADS} threads"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("speed", "default", "memory"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=4096)
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--side", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    if options.peak:
        default_dream(options.peak, "cpu", steps=1, octaves=2)
        print(peak())
        return
    if options.tool:
        answer(options.tool, options.device, options.side)
        return
    print(machine())
    parts = {
        "speed": speed(options.device, options.rounds),
        "default": default(options.device, options.rounds),
        "memory": memory(options.largest),
    }
    for name, lines in parts.items():
        for line in lines if options.only in (None, name) else ():
            print(line, flush=True)


if __name__ == "__main__":
    main()
