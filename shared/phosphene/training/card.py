"""What a training leaves: weights in diffusers' format, a card with its figures, two pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from phosphene.images.charts import chart
from phosphene.images.metrics import psnr, ssim
from phosphene.images.sheets import sheet
from phosphene.networks import autoencoders
from phosphene.networks.autoencoder import kl_divergence, saved
from phosphene.networks.autoencoders import neighbors, stored
from phosphene.networks.autoencoders.datasets import Dataset, dataset
from phosphene.training.fit import Training, cross_entropy, noisy

SHOWN = 10
"""Held-out pictures on the sheet."""
HEAD = """---
library_name: diffusers
license: apache-2.0
tags:
  - autoencoder
  - phosphene
---
"""
"""What the Hub reads of a card."""


def write(training: Training, out: Path | None = None) -> Path:
    """Save the model in 16 bits, its card and its pictures; the folder they are in."""
    plan = training.plan
    folder = keep_weights(training, out)
    found = figures(training, dataset(plan.data), dataset(plan.data, "held out"))
    (folder / "README.md").write_text(card(training, found), encoding="utf-8")
    losses(training).save(folder / "loss.jpg", quality=88)
    samples(training, dataset(plan.data, "held out")).save(folder / "sheet.jpg", quality=88)
    return folder


def keep_weights(training: Training, out: Path | None = None) -> Path:
    """Save the model in 16 bits, and its data's codes; the folder they are in."""
    folder = keep_model(training, out)
    keep_codes(folder, training.plan.data)
    return folder


def keep_model(training: Training, out: Path | None = None) -> Path:
    """Save the model in 16 bits; the folder it is in."""
    plan = training.plan
    folder = out / plan.name if out else Path(autoencoders.__file__).parent / plan.name
    folder.mkdir(parents=True, exist_ok=True)
    model = training.model.eval().half()
    nn.Module.to(model, memory_format=torch.contiguous_format)  # what safetensors takes
    model.save_pretrained(folder)
    training.model.float()  # measured as it was saved
    (folder / "__init__.py").write_text(f'"""{plan.about}."""\n', encoding="utf-8")
    return folder


def keep_codes(folder: Path, data: str) -> Path:
    """The codes of the data's own pictures, beside the weights in a folder that gave them."""
    model = saved(folder)
    found = stored.compute(model.encode, model.decode, dataset(data), dataset(data, "held out"))
    checksum = hashlib.sha256((folder / autoencoders.WEIGHTS).read_bytes()).hexdigest()
    return stored.write(found, folder, checksum)


@torch.no_grad()
def figures(training: Training, known: Dataset, held: Dataset) -> dict[str, float]:
    """Measures of the model on pictures that it was not trained on."""
    model, plan = training.model, training.plan
    generator = torch.Generator().manual_seed(0)
    given = noisy(held.pictures, plan.noise, generator)
    mean, log_variance = model.encode(given)
    rebuilt = model.decode(mean)
    found = alike(rebuilt, held.pictures)
    if plan.posterior == "normal":
        draws = [
            mean + torch.randn(mean.shape, generator=generator) * (0.5 * log_variance).exp()
            for _ in range(5)
        ]
        terms = [cross_entropy(model.logits(z), held.pictures).mean() for z in draws]
        found["KL"] = float(kl_divergence(mean, log_variance).mean())
        found["ELBO"] = -float(torch.stack(terms).mean()) - found["KL"]
    codes = torch.cat([model.encode(part)[0] for part in torch.split(known.pictures, 1000)])
    own = model.encode(held.pictures)[0]
    found["10-NN"] = neighbors.accuracy(own.flatten(1), held.labels, codes.flatten(1), known.labels)
    return found


def alike(rebuilt: Tensor, clean: Tensor) -> dict[str, float]:
    """PSNR and SSIM of pictures (N, C, H, W), each the mean over them."""
    pairs = list(zip(rebuilt[:, None], clean[:, None], strict=True))
    return {
        "PSNR": sum(psnr(a, b) for a, b in pairs) / len(pairs),
        "SSIM": sum(ssim(a, b) for a, b in pairs) / len(pairs),
    }


UNITS = {
    "PSNR": "{:.2f} dB",
    "SSIM": "{:.3f}",
    "KL": "{:.2f} nats",
    "ELBO": "{:.1f} nats",
    "10-NN": "{:.1%}",
}
MEANT = {
    "PSNR": "of the reconstruction, the mean over pictures",
    "SSIM": "of the reconstruction, the mean over pictures",
    "KL": "of the posterior from the prior N(0, I)",
    "ELBO": "evidence lower bound, pixels as probabilities",
    "10-NN": "held-out pictures whose ten nearest codes vote for their own class",
}


def card(training: Training, found: dict[str, float]) -> str:
    """The model card, in the Hub's format."""
    plan = training.plan
    known, held = dataset(plan.data), dataset(plan.data, "held out")
    rows = "\n".join(
        f"| {name} | {UNITS[name].format(value)} | {MEANT[name]} |" for name, value in found.items()
    )
    noise = f" Gaussian noise of deviation {plan.noise:g} was added to what the encoder sees."
    return f"""{HEAD}
# {plan.name}

{plan.about}: {training.pictures.shape[-1]} pixels squared, codes of \
{training.model.config.latent_channels} numbers, \
{sum(p.numel() for p in training.model.parameters()):,} parameters in 16 bits.

Made by `python -m phosphene.training {plan.name}`: {plan.steps} steps of {plan.batch} pictures, \
seed {plan.seed}, AdamW with a learning rate of {plan.rate:g} that ends at nothing, pictures \
turned, scaled and shifted a little.{noise if plan.noise else ""} It took {training.seconds:.0f} \
seconds on one core.

## Data

{known.source}. License: {known.license}. {len(known.pictures):,} pictures were trained on, \
{len(held.pictures):,} held out.

## On the pictures held out

| measure | value | |
|---|---|---|
{rows}

![Loss over the steps](loss.jpg)

Held-out pictures, what the encoder saw, and what the decoder made of it:

![Reconstructions](sheet.jpg)
"""


def losses(training: Training) -> Image.Image:
    """The terms of the loss over the steps, in nats; the first tenth of the way is left out."""
    history = training.history
    shown = history[max(0, len(history) // 20) :] or history
    lines = {"reconstruction": [m.rebuilt for m in shown]}
    if training.plan.posterior == "normal":
        lines |= {"KL": [m.kl for m in shown], "together": [m.loss for m in shown]}
    top = max(max(values) for values in lines.values())
    ticks = [str(m.step) for m in shown]
    return chart(lines, ticks, "step", high=top, percent=False)


@torch.no_grad()
def samples(training: Training, held: Dataset) -> Image.Image:
    """Pictures of each class, as the encoder saw them, and as they were rebuilt."""
    model, plan = training.model, training.plan
    first = [int((held.labels == c).nonzero()[0]) for c in range(len(held.names))][:SHOWN]
    clean = held.pictures[first]
    given = noisy(clean, plan.noise, torch.Generator().manual_seed(0))
    rebuilt = model.decode(model.encode(given)[0])
    rows = torch.cat([clean, given, rebuilt]).expand(-1, 3, -1, -1)
    return sheet(rows.repeat_interleave(2, 2).repeat_interleave(2, 3), len(first))
