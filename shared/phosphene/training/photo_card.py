"""What the training on photographs leaves: weights, a card with its figures, two pictures."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from phosphene.frame import Panel
from phosphene.images import to_image
from phosphene.images.metrics import psnr, ssim
from phosphene.images.sheets import contact_sheet
from phosphene.training.card import HEAD, keep_model, losses
from phosphene.training.fit import Training
from phosphene.training.photos import CROP, HELD, LEARNED, photo

SIZE = 256


def write(training: Training, out: Path | None = None) -> Path:
    """Save the model in 16 bits, its card and its pictures; the folder they are in."""
    folder = keep_model(training, out)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("block_out_channels", None)  # which diffusers writes and, reading it, warns of
    (folder / "config.json").write_text(f"{json.dumps(config, indent=2)}\n", encoding="utf-8")
    pairs = {name: (x, rebuilt(training, x)) for name in HELD for x in [photo(name, SIZE)]}
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {psnr(y, x):.2f} dB | {ssim(y, x):.3f} |"
        for name, (x, y) in pairs.items()
    )
    (folder / "README.md").write_text(card(training, rows), encoding="utf-8")
    losses(training).save(folder / "loss.jpg", quality=88)
    sheet(pairs).save(folder / "sheet.jpg", quality=88)
    return folder


@torch.no_grad()
def rebuilt(training: Training, x: Tensor) -> Tensor:
    """A picture (1, 3, H, W) there and back, its sides cut to multiples of 4."""
    height, width = (side // 4 * 4 for side in x.shape[-2:])
    decoded: Tensor = training.model.decode(
        training.model.encode(2 * x[..., :height, :width] - 1).latents
    ).sample
    whole = x.clone()
    whole[..., :height, :width] = (decoded / 2 + 0.5).clamp(0, 1)
    return whole


def sheet(pairs: dict[str, tuple[Tensor, Tensor]]) -> Image.Image:
    """Pictures held out, and what was made of them."""
    panels = [
        Panel(to_image(picture), caption)
        for x, y in pairs.values()
        for picture, caption in ((x, "held out"), (y, "rebuilt"))
    ]
    return contact_sheet(panels, 2)


def card(training: Training, rows: str) -> str:
    """The model card, in the Hub's format."""
    plan = training.plan
    count = sum(p.numel() for p in training.model.parameters())
    return f"""{HEAD}
# {plan.name}

{plan.about}, of the class AutoencoderTiny: a quarter of the picture's sides, four numbers a \
place, {count:,} parameters in 16 bits. It shows what can be done with the code of a large \
autoencoder where none can be fetched; it is no replacement of one.

Made by `python -m phosphene.training {plan.name}` in a checkout: {plan.steps} steps of \
{plan.batch} pieces of {CROP} by {CROP} pixels, seed {plan.seed}, AdamW with a learning rate of \
{plan.rate:g} that ends at nothing. It took {training.seconds:.0f} seconds on one core.

## Data

{len(LEARNED)} photographs and paintings of the app style_transfer, in the public domain, CC0 or \
CC-BY; their authors are named in its `examples/SOURCES.md`. Learned from: \
{", ".join(name.removeprefix("styles/") for name in LEARNED)}.

## On pictures held out, at {SIZE} pixels

| picture | PSNR | SSIM |
|---|---|---|
{rows}

![Loss over the steps](loss.jpg)

![Reconstructions](sheet.jpg)
"""
