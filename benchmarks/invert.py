"""What each layer keeps of the photographs, and how long it takes to read it back.

    python benchmarks/invert.py table NETWORK FOLDER     error, PSNR and SSIM per tap, means
    python benchmarks/invert.py speed NETWORK PICTURE    one layer, the walk, a plain loop

The plain loop is written as the well-known scripts do it: for each layer the whole network runs
with a hook on the layer, its weights keep their gradients, and Adam changes the pixels for as
many steps. Pictures are 224 pixels on the longer side.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from phosphene import images, load_network, losses, metrics, weights, zoo
from phosphene.frame import Frame
from phosphene.methods.invert import invert
from phosphene.methods.invert_layers import WALKS, invert_layers

SIZE = 224
LOOP_STEPS = 120
SINGLE = {"vgg19": "relu4_1", "efficientnet_lite0": "blocks.3.2"}


def table(network: str, folder: str) -> None:
    """One row per tap of the walk: means over the photographs, least and greatest PSNR."""
    photographs = sorted(Path(folder).glob("*.jpg"))
    print(f"{network}, {len(photographs)} photographs, {SIZE} px, {device()}\n")
    print("| tap | normalized error | PSNR, dB | least | most | SSIM | seconds |")
    print("|---|---|---|---|---|---|---|")
    for tap in WALKS[network]:
        found = [timed(invert(path, network=network, layer=tap, size=SIZE)) for path in photographs]
        rows = [(frame.metrics, taken) for frame, _, taken in found]
        psnr = [row["PSNR, dB"] for row, _ in rows]
        error = statistics.mean(row["feature error"] for row, _ in rows)
        ssim = statistics.mean(row["SSIM"] for row, _ in rows)
        taken = statistics.mean(seconds for _, seconds in rows)
        print(
            f"| {tap} | {error:.2g} | {statistics.mean(psnr):.1f} | {min(psnr):.1f} "
            f"| {max(psnr):.1f} | {ssim:.3f} | {taken:.1f} |",
            flush=True,
        )


def speed(network: str, picture: str) -> None:
    """First preview and result of one layer; the walk against the plain loop over its taps."""
    load_network(network)
    print(f"{network}, {SIZE} px, {device()}\n")
    print("| what | first preview, s | result, s | mean PSNR, dB |")
    print("|---|---|---|---|")
    tap = SINGLE[network]
    frame, first, taken = timed(invert(picture, network=network, layer=tap, size=SIZE))
    print(f"| {tap} alone | {first:.2f} | {taken:.1f} | {frame.metrics['PSNR, dB']:.1f} |")
    frame, first, ours = timed(invert_layers(picture, network=network, size=SIZE))
    psnr = [value for name, value in frame.metrics.items() if name.endswith(", dB")]
    print(f"| walk over {len(psnr)} | {first:.2f} | {ours:.1f} | {statistics.mean(psnr):.1f} |")
    begun = time.perf_counter()
    found = [plain(network, picture, name) for name in WALKS[network]]
    theirs = time.perf_counter() - begun
    print(f"| plain loop | - | {theirs:.1f} | {statistics.mean(found):.1f} |")
    print(f"\nThe walk is {theirs / ours:.1f} times faster.")


def timed(frames: Iterator[Frame]) -> tuple[Frame, float, float]:
    """The last frame, the seconds to the first and to the last."""
    begun = time.perf_counter()
    frame = next(frames)
    first = time.perf_counter() - begun
    for frame in frames:  # noqa: B007
        pass
    return frame, first, time.perf_counter() - begun


def plain(network: str, picture: str, tap: str) -> float:
    """PSNR of a plain inversion: whole network, hook, float32, Adam on pixels, no preparation."""
    body, mean, std = as_built(network)
    kept: dict[str, Tensor] = {}
    if tap == "logits":
        body.register_forward_hook(lambda _m, _i, out: kept.update(at=out))
    else:
        body.get_submodule(tap).register_forward_hook(lambda _m, _i, out: kept.update(at=out))
    original = images.to_tensor(images.load(picture, SIZE))
    body((original - mean) / std)
    target = kept["at"].detach().clone()
    pixels = nn.Parameter(torch.full_like(original, 0.5))
    optimizer = torch.optim.Adam([pixels], 0.05)
    for _ in range(LOOP_STEPS):
        optimizer.zero_grad()
        body((pixels - mean) / std)
        loss = losses.content(kept["at"], target) + 0.1 * losses.tv(pixels)
        loss.backward()
        optimizer.step()
    return metrics.psnr(pixels.detach().clamp(0, 1), original)


def as_built(network: str) -> tuple[nn.Module, Tensor, Tensor]:
    """The network as its library builds it, whole, with the weights that we use."""
    plan = zoo.blueprint(network)
    state = weights.load(weights.fetch(network), torch.device("cpu"))
    if network != "vgg19":
        state = dict(zip(plan.body.state_dict(), state.values(), strict=True))
    body = copy.deepcopy(plan.body)
    body.load_state_dict(state)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (plan.mean, plan.std))
    return body.eval(), mean, std


def device() -> str:
    """What it runs on."""
    cuda = torch.cuda.is_available()
    return torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    what, *arguments = sys.argv[1:] or ["help"]
    if what not in ("table", "speed") or len(arguments) != 2:
        sys.exit(__doc__)
    (table if what == "table" else speed)(*arguments)
