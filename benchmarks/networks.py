"""What preparing a network is worth: forward and backward as built, prepared, in bfloat16.

    python benchmarks/networks.py

EfficientNet-Lite0 whole and VGG-19 to relu5_1, one random square picture of 512 pixels, the
variants in turn, medians of several rounds; differences against float32 as built. "Plain
convolutions" are PyTorch's and timm's own, without Winograd's and without padding that copies
nothing; everything else is prepared.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from _tables import Options, main
from _tools import as_built
from torch import Tensor, nn

from phosphene.networks import weights
from phosphene.networks.network import Network

DOCUMENT = "README.md"
SIZE, ROUNDS = 512, 5
PLAIN = "PHOSPHENE_PLAIN_CONVOLUTIONS"

Run = Callable[[Tensor], Tensor]


def built(name: str) -> Run:
    """The network as its library builds it: no folding, no layout, weights not frozen."""
    architecture = as_built(name)
    body = architecture.body
    if isinstance(body, nn.Sequential):
        body = body[: 1 + list(dict(body.named_children())).index("relu5_1")]
    shift, scale = (
        torch.tensor(values).view(1, 3, 1, 1) for values in (architecture.mean, architecture.std)
    )
    return lambda x: body((x - shift) / scale)


def prepared(name: str, dtype: torch.dtype, tap: str, plain: bool = False) -> Run:
    """Ours: folded, frozen, channels-last, stopping at the tap, in the precision named."""
    os.environ[PLAIN] = str(int(plain))
    network = Network(
        name,
        as_built(name),
        source=weights.fetch(name),
        device=torch.device("cpu"),
        dtype=dtype,
    )
    del os.environ[PLAIN]
    return lambda x: network.acts(x, [tap])[tap].float()


def once(run: Run, x: Tensor) -> tuple[float, Tensor, Tensor]:
    """Milliseconds, the output and the gradient."""
    x = x.clone().requires_grad_()
    started = time.perf_counter()
    value = run(x)
    value.square().mean().backward()
    assert x.grad is not None
    return (time.perf_counter() - started) * 1000, value.detach(), x.grad


def networks(options: Options) -> Iterator[str]:
    """A row for each variant of both networks."""
    size, rounds = (64, 1) if options.smoke else (SIZE, ROUNDS)
    x = torch.rand((1, 3, size, size), generator=torch.Generator().manual_seed(0))
    yield "| network | variant | ms | against as built | output differs | gradient differs |"
    yield "|---|---|---|---|---|---|"
    for name, tap in (("efficientnet_lite0", "logits"), ("vgg19", "relu5_1")):
        runs = {
            "as built": built(name),
            "prepared, float32": prepared(name, torch.float32, tap),
            "the same, plain convolutions": prepared(name, torch.float32, tap, plain=True),
            "prepared, bfloat16": prepared(name, torch.bfloat16, tap),
        }
        times: dict[str, list[float]] = {variant: [] for variant in runs}
        results = {variant: once(run, x)[1:] for variant, run in runs.items()}
        for _ in range(rounds):
            for variant, run in runs.items():
                times[variant].append(once(run, x)[0])
        base, reference = statistics.median(times["as built"]), results["as built"]
        for variant in runs:
            taken = statistics.median(times[variant])
            apart = [
                ((value - expected).norm() / expected.norm()).item()
                for value, expected in zip(results[variant], reference, strict=True)
            ]
            yield (
                f"| {name} | {variant} | {taken:.0f} | {base / taken:.2f} times faster "
                f"| {apart[0]:.1e} | {apart[1]:.1e} |"
            )


PARTS = {"networks": networks}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
