"""What preparing a network is worth: forward and backward as built, prepared, in bfloat16.

    python benchmarks/networks.py [SIZE]

EfficientNet-Lite0 whole and VGG-19 to relu5_1, one random square picture of SIZE (512)
pixels, the variants in turn, medians of several rounds; differences against float32.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from phosphene import load_network
from phosphene.networks import weights, zoo

ROUNDS = 7


def as_built(name: str) -> Callable[[Tensor], Tensor]:
    """The network as its library builds it: no folding, no layout, weights not frozen."""
    plan = zoo.architecture(name)
    body = plan.body
    state = weights.load(weights.fetch(name), torch.device("cpu"))
    if name != "vgg19":
        state = dict(zip(body.state_dict(), state.values(), strict=True))
    body.load_state_dict(state)
    body.eval()
    if isinstance(body, nn.Sequential):
        body = body[: 1 + list(dict(body.named_children())).index("relu5_1")]
    shift, scale = (torch.tensor(values).view(1, 3, 1, 1) for values in (plan.mean, plan.std))
    return lambda x: body((x - shift) / scale)


def prepared(name: str, dtype: torch.dtype, tap: str) -> Callable[[Tensor], Tensor]:
    """Ours: folded, frozen, channels-last, stopping at the tap, in the precision named."""
    network = load_network(name, device="cpu")
    other = copy.copy(network)
    other._modules = dict(network._modules)
    other.body = copy.deepcopy(network.body).to(dtype)
    other.dtype, other._walks = dtype, {}
    if dtype != network.dtype and dtype == torch.float32:  # undo the rounding of the weights
        other.body.load_state_dict(weights.load(weights.fetch(name), torch.device("cpu")))
    return lambda x: other.acts(x, [tap])[tap].float()


def once(run: Callable[[Tensor], Tensor], x: Tensor) -> tuple[float, Tensor, Tensor]:
    x = x.clone().requires_grad_()
    begun = time.perf_counter()
    value = run(x)
    value.square().mean().backward()
    assert x.grad is not None
    return (time.perf_counter() - begun) * 1000, value.detach(), x.grad


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    x = torch.rand((1, 3, size, size), generator=torch.Generator().manual_seed(0))
    print("| network | variant | ms | against as built | output differs | gradient differs |")
    print("|---|---|---|---|---|---|")
    for name, tap in (("efficientnet_lite0", "logits"), ("vgg19", "relu5_1")):
        runs = {
            "as built": as_built(name),
            "prepared, float32": prepared(name, torch.float32, tap),
            "prepared, bfloat16": prepared(name, torch.bfloat16, tap),
        }
        times: dict[str, list[float]] = {variant: [] for variant in runs}
        results = {variant: once(run, x)[1:] for variant, run in runs.items()}
        for _ in range(ROUNDS):
            for variant, run in runs.items():
                times[variant].append(once(run, x)[0])
        base, reference = statistics.median(times["as built"]), results["as built"]
        for variant in runs:
            taken = statistics.median(times[variant])
            apart = [
                ((found - expected).norm() / expected.norm()).item()
                for found, expected in zip(results[variant], reference, strict=True)
            ]
            print(
                f"| {name} | {variant} | {taken:.0f} | {base / taken:.2f} times faster "
                f"| {apart[0]:.1e} | {apart[1]:.1e} |"
            )


if __name__ == "__main__":
    main()
