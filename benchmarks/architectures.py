"""Forty architectures of timm with random weights: do they load, agree with timm, have gradients?

    python benchmarks/architectures.py

No weights are needed: what is asked is whether the network that this package prepares (batch
norms folded, traced, cut at a tap) is still the one that timm builds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from phosphene.errors import PhospheneError
from tests.networks.random_weights import Check, check

NAMES = (
    *("resnet18", "resnet50", "resnetblur50", "seresnet50", "skresnet18", "resnext50_32x4d"),
    *("regnety_002", "regnetx_002", "densenet121", "vgg16_bn", "inception_v3", "dla34"),
    *("efficientnet_b0", "tf_efficientnetv2_b0", "mobilenetv3_small_100", "mobilenetv4_conv_small"),
    *("mnasnet_100", "ghostnet_100", "rexnet_100", "hrnet_w18_small", "repvgg_a0", "cspresnet50"),
    *("convnext_atto", "convnextv2_atto", "poolformer_s12", "edgenext_xx_small", "mobilevit_xxs"),
    *("vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "eva02_tiny_patch14_336"),
    *("swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "maxvit_rmlp_pico_rw_256"),
    *("coatnet_nano_rw_224", "coatnet_0_rw_224", "xcit_nano_12_p16_224", "cait_xxs24_224"),
    *("levit_128s", "pvt_v2_b0", "mixer_s32_224"),
)


def line(name: str) -> tuple[bool, str]:
    """Whether an architecture passes, and its row of the table."""
    started = time.perf_counter()
    try:
        result: Check = check(f"timm/{name}")
    except PhospheneError as error:
        return False, f"| {name} | {error} | | | |"
    seconds = time.perf_counter() - started
    passed = result.error < 1e-4 and result.gradient > 0
    shape = "×".join(str(length) for length in result.shape)
    return passed, f"| {name} | {result.tap} | {shape} | {result.error:.0e} | {seconds:.1f} s |"


def main() -> None:
    """Print a row for each architecture, and how many pass."""
    print("| architecture | default layer | its maps | logits against timm's | time |")
    print("|---|---|---|---|---|")
    passed = 0
    for name in NAMES:
        good, row = line(name)
        passed += good
        print(row, flush=True)
    print(f"\n{passed} of {len(NAMES)} agree to 1e-4 and have gradients at the pixels.")


if __name__ == "__main__":
    main()
