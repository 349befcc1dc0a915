"""What loading a large network takes: seconds, and host memory at its highest.

    python benchmarks/loading.py

Networks with random weights, saved as safetensors into a temporary folder, each loaded in a process
of its own, the ways in turn: ours, and the library's own from the same file. "Whole" is what a
visitor waits for: checksum, the layers found, batch norms folded, the layout for speed. Memory is
the most that the process held while loading above what it held before, pages of the file included.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from _tables import Options, main
from _tools import said

DOCUMENT = "loading.md"
CLASSIFIERS = ("timm/resnet152.a1_in1k",)
SMALL = "timm/resnet10t.c3_in1k"
AUTOENCODER = "someone/large"
KL = {
    "_class_name": "AutoencoderKL",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
"""As Stable Diffusion's: 84 million weights."""


def save(name: str, folder: Path) -> None:
    """Random weights where PHOSPHENE_WEIGHTS is looked for."""
    import timm
    from safetensors.torch import save_file

    if name == AUTOENCODER:
        from diffusers import AutoencoderKL

        model = AutoencoderKL.from_config(KL)
        model.save_pretrained(folder / name)
        (folder / name / "config.json").write_text(json.dumps(KL))
        return
    model = timm.create_model(name.removeprefix("timm/"), pretrained=False)
    save_file(model.state_dict(), folder / f"{name.replace('/', '_')}.safetensors")


def ours(name: str, folder: Path, device: str) -> Callable[[], Any]:
    """The whole of ours."""
    os.environ["PHOSPHENE_WEIGHTS"] = str(folder)
    from phosphene.networks.autoencoder import load_autoencoder
    from phosphene.networks.loading import load_network

    load = load_autoencoder if name == AUTOENCODER else load_network
    return lambda: load(name, device=device)


def read(name: str, folder: Path, device: str) -> Callable[[], Any]:
    """The weights alone, as ours has them before the rest."""
    os.environ["PHOSPHENE_WEIGHTS"] = str(folder)
    from phosphene.networks import loading, weights

    source = weights.fetch(name)
    return lambda: loading._architecture(name, source, torch.device(device))


def library(name: str, folder: Path, device: str) -> Callable[[], Any]:
    """timm's own way, or diffusers'."""
    import timm

    if name == AUTOENCODER:
        from diffusers import AutoencoderKL

        return lambda: AutoencoderKL.from_pretrained(folder / name).to(device)
    file = str(folder / f"{name.replace('/', '_')}.safetensors")
    options = {"pretrained": True, "pretrained_cfg_overlay": {"file": file}}
    return lambda: timm.create_model(name.removeprefix("timm/"), **options).to(device).eval()


WAYS = {"ours, whole": ours, "ours, weights read": read, "the library's own": library}


def memory(field: str) -> float:
    """MB of this process, from what Linux tells of it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def measure(way: str, name: str, folder: str, device: str) -> None:
    """Print seconds and MB of one loading."""
    load = WAYS[way](name, Path(folder), device)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before, began = memory("VmRSS"), time.perf_counter()
    kept = load()
    if device != "cpu":
        torch.cuda.synchronize()
    taken = time.perf_counter() - began
    del kept
    print(taken, memory("VmHWM") - before)


def loading(options: Options) -> Iterator[str]:
    """A row for each network and way."""
    names = (SMALL,) if options.smoke else (*CLASSIFIERS, AUTOENCODER)
    yield "| network | file, MB | way | s | host memory, MB |"
    yield "|---|---|---|---|---|"
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            said(__file__, "save", name, folder)
            (file,) = Path(folder).rglob("*.safetensors")
            size = file.stat().st_size / 1e6
            ways = [way for way in WAYS if name != AUTOENCODER or way != "ours, weights read"]
            taken: dict[str, list[list[float]]] = {way: [] for way in ways}
            for _ in range(options.rounds):
                for way in ways:
                    line = said(__file__, "measure", way, name, folder, options.device)
                    taken[way].append([float(text) for text in line.split()])
            for way in ways:
                seconds, peak = (statistics.median(c) for c in zip(*taken[way], strict=True))
                yield f"| {name} | {size:.0f} | {way} | {seconds:.2f} | {peak:.0f} |"


PARTS = {"loading": loading}

if __name__ == "__main__":
    if sys.argv[1:2] == ["save"]:
        save(sys.argv[2], Path(sys.argv[3]))
        print("saved")
    elif sys.argv[1:2] == ["measure"]:
        measure(*sys.argv[2:])
    else:
        main(__file__, DOCUMENT, PARTS)
