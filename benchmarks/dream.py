"""DeepDream and visualization against other tools: one network, one size, one run.

    pip install --no-deps --target /tmp/peers torch-lucent==0.1.8 kornia==0.4.1 decorator
    pip install --target /tmp/peers ipython tqdm
    PYTHONPATH=/tmp/peers python benchmarks/dream.py [DEVICE] [LARGEST]

torchvision's GoogLeNet with random weights (speed does not depend on them), mean of channel 5
of inception4c. torch-lucent renders with its own loop; where it is not installed its row is
left out. "plain dream" is the usual DeepDream program: a hook on the layer, weights not frozen,
the whole network run, three Gaussian blurs of the gradient. Milliseconds per step are medians
between forwards of the network, the first two left out. Then: seconds to the first preview and
to the result of the default dream at 512 pixels, and peak memory over picture size to LARGEST
(2048) pixels, each in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from phosphene import dream, networks, transforms, weights, zoo
from phosphene.canvas import Fourier, Pixels, blur
from phosphene.descend import descend
from phosphene.gradients import Conditioner
from phosphene.networks import Network

PHOTO = Path(__file__).parents[1] / "apps/deepdream/examples/summer_palace.jpg"
STEPS, CHANNEL, TAP = 10, 5, "inception4c"
_moments: list[float] = []


def googlenet() -> nn.Module:
    body = torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False)
    torch.manual_seed(0)
    for module in body.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return body.eval()


def ours(device: str) -> Network:
    plan = zoo.Blueprint(googlenet(), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    source = weights.fetch("efficientnet_lite0")
    where = torch.device(device)
    return Network("googlenet", plan, source=source, device=where, dtype=torch.float32)


def timed(run: Callable[[], None]) -> float:
    """Milliseconds between forwards, the first two left out."""
    _moments.clear()
    run()
    gaps = [b - a for a, b in pairwise(_moments)]
    return 1000 * statistics.median(gaps[2:])


def tick(*_: object) -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    _moments.append(time.perf_counter())


def our_channel(net: Network, side: int) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(0)
    canvas = Fourier(side, side, generator=generator, device=net.device)
    shake = transforms.robust()

    def loss(x: Tensor) -> dict[str, Tensor]:
        tick()
        return {"channel": -net.acts(shake(x, generator), [TAP])[TAP][:, CHANNEL].mean()}

    return lambda: list(descend(canvas, loss, steps=STEPS)) and None


def our_dream(net: Network, side: int) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(0)
    canvas = Pixels(torch.rand(1, 3, side, side, generator=generator).to(net.device))
    roll = transforms.jitter(16)

    def loss(x: Tensor) -> dict[str, Tensor]:
        tick()
        return {"layer": -net.acts(roll(x, generator), [TAP])[TAP].square().mean()}

    steps = descend(
        canvas, loss, steps=STEPS, optimizer="gradient", condition=Conditioner(), lr=0.01
    )
    return lambda: list(steps) and None


def plain_dream(body: nn.Module, side: int, device: str) -> Callable[[], None]:
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


def lucent(body: nn.Module, side: int) -> Callable[[], None] | None:
    try:
        from lucent.optvis import param, render
    except ImportError as error:
        print(f"torch-lucent is left out: {error}", file=sys.stderr)
        return None
    body.register_forward_pre_hook(tick)
    return lambda: render.render_vis(
        body,
        f"{TAP}:{CHANNEL}",
        param_f=lambda: param.image(side),
        thresholds=(STEPS,),
        progress=False,
        show_image=False,
    )


def rows(device: str) -> Iterator[str]:
    net = ours(device)
    for side in (224, 512):
        mine, dreams = timed(our_channel(net, side)), timed(our_dream(net, side))
        other = lucent(googlenet().to(device), side)
        if other:
            yield row(f"channel, {side} px", mine, "torch-lucent 0.1.8", timed(other))
        theirs = timed(plain_dream(googlenet().to(device), side, device))
        yield row(f"dream, {side} px", dreams, "plain dream", theirs)


def row(task: str, mine: float, peer: str, theirs: float) -> str:
    return f"| {task} | {mine:.0f} | {peer} | {theirs:.0f} | {theirs / mine:.1f} |"


def default_dream(size: int, device: str, **options: int) -> tuple[float, float]:
    """Seconds to the first preview and to the result."""
    begun = time.perf_counter()
    first = 0.0
    for _ in dream(PHOTO, size=size, device=device, **options):
        first = first or time.perf_counter() - begun
    return first, time.perf_counter() - begun


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--memory"]:
        default_dream(int(arguments[1]), "cpu", steps=1, octaves=2)
        # Not getrusage: its peak is inherited from the parent process.
        status = Path("/proc/self/status").read_text()
        print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
        return
    device = arguments[0] if arguments else "cpu"
    largest = int(arguments[1]) if len(arguments) > 1 else 2048
    torch.set_num_threads(2)
    print("| task | ours, ms a step | peer | ms a step | times faster |\n|---|---|---|---|---|")
    for row in rows(device):
        print(row, flush=True)
    networks.load_network("efficientnet_lite0", device=device)
    default_dream(64, device)
    first, whole = default_dream(512, device)
    print(f"\nDefault dream at 512 pixels: first preview {first:.2f} s, result {whole:.2f} s.")
    print("\n| size | peak memory, MB |\n|---|---|")
    for size in [s for s in (512, 1024, 2048, 4096) if s <= largest]:
        command = [sys.executable, __file__, "--memory", str(size)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {size} | {found.stdout.strip()} |", flush=True)


if __name__ == "__main__":
    main()
