"""DeepDream and visualization against other tools: one network, one size, one run.

    pip install --no-deps --target /tmp/peers torch-lucent==0.1.8 torch-dreams==4.0.0 \
        kornia==0.4.1 decorator ipython traitlets tqdm opencv-python-headless
    PYTHONPATH=/tmp/peers python benchmarks/dream.py [speed|default|memory]

speed: torchvision's GoogLeNet with random weights (speed does not depend on them), mean of channel
5 of inception4c. torch-lucent and torch-dreams render with their own loops, each against ours with
the same padding and range of sizes; a peer that is not installed is named as such. "plain dream" is
the usual DeepDream program: a hook on the layer, weights not frozen, the whole network run, three
Gaussian blurs of the gradient. Each tool has a process of its own and they run in turn, several
rounds; milliseconds per step are medians between forwards of the network, the first two left out,
and a ratio is the median of the rounds' ratios.
default: seconds to the first preview and to the result of the default dream at 512 pixels.
memory: peak memory over picture size, two octaves of one step, each size in a process of its own.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch
import torchvision
from _tables import Options, main, prepare
from _tools import Tool, absent, compared, in_turn, peak, said, serve
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
DOCUMENT = "dream.md"
STEPS, CHANNEL, TAP = 10, 5, "inception4c"
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
    architecture = zoo.Architecture(googlenet("cpu"), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    source = weights.fetch("efficientnet_lite0")
    where = torch.device(device)
    return Network("googlenet", architecture, source=source, device=where, dtype=torch.float32)


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
    activations: dict[str, Tensor] = {}
    body.inception4c.register_forward_hook(lambda m, i, o: activations.update(layer=o))

    def run() -> None:
        picture = x
        for _ in range(STEPS):
            tick()
            picture = picture.detach().requires_grad_()
            body(torch.roll(picture, (3, -5), (-2, -1)))
            activations["layer"].square().mean().backward()
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


def speed(options: Options) -> Iterator[str]:
    """A row for each peer at each size."""
    yield "| task | ours, ms a step | peer | ms a step | times faster |\n|---|---|---|---|---|"
    for side in (96,) if options.smoke else (224, 512):
        for peer, task in PEERS.items():
            if why := absent(peer):
                yield f"| {task}, {side} px | | {peer} | {why} | |"
                continue
            worker = __file__, "worker", "speed", options.device, str(side)
            mine = OURS + peer
            tools = {name: Tool(*worker, name, keep=name != peer) for name in (mine, peer)}
            rounds = list(in_turn(tools, options.rounds))
            taken, ratio = compared(rounds, mine, peer)
            ours = statistics.median(times[mine] for times in rounds)
            yield f"| {task}, {side} px | {ours:.0f} | {peer} | {taken} | {ratio} |"


def default_dream(size: int, device: str, **options: int) -> tuple[float, float]:
    """Seconds to the first preview and to the result."""
    started = time.perf_counter()
    first = 0.0
    for _ in dream(PHOTO, size=size, device=device, **options):
        first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


def default(options: Options) -> Iterator[str]:
    """The default dream, its network loaded."""
    size = 96 if options.smoke else 512
    load_network("efficientnet_lite0", device=options.device)
    default_dream(64, options.device)
    runs = [default_dream(size, options.device) for _ in range(options.rounds)]
    first, whole = (statistics.median(column) for column in zip(*runs, strict=True))
    yield "| size | first preview, s | result, s |\n|---|---|---|"
    yield f"| {size} | {first:.2f} | {whole:.2f} |"


def memory(options: Options) -> Iterator[str]:
    """A row for each size."""
    yield "| size | peak memory, MB |\n|---|---|"
    for size in (128,) if options.smoke else (512, 1024, 2048, 4096):
        yield f"| {size} | {said(__file__, 'worker', 'memory', str(size))} |"


def work(part: str, *arguments: str) -> None:
    """What a process of its own does."""
    prepare()
    if part == "memory":
        default_dream(int(arguments[0]), "cpu", steps=1, octaves=2)
        print(peak())
    else:
        device, side, tool = arguments
        answer(tool, device, int(side))


PARTS = {"speed": speed, "default": default, "memory": memory}

if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(*sys.argv[2:])
    else:
        main(__file__, DOCUMENT, PARTS)
