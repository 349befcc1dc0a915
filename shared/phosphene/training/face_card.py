"""What a training on faces leaves: weights, directions, a card with its figures, two pictures."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from phosphene.images.charts import chart
from phosphene.images.sheets import sheet
from phosphene.networks.autoencoder import kl_divergence
from phosphene.networks.autoencoders import directions
from phosphene.networks.autoencoders.datasets import ATTRIBUTES
from phosphene.networks.autoencoders.directions import Directions
from phosphene.training import drawing
from phosphene.training.card import HEAD, alike, keep_weights
from phosphene.training.faces import DETAIL, FaceTraining, inside
from phosphene.training.judge import Judge, judged, taught

HELD, HELD_SEED = 1000, 2
"""Faces drawn for the card alone, and their seed."""
LABELED = 10_000
"""Faces trained on whose codes the directions are found with."""
CLEAR = 0.3
"""An attribute so far from its middle is there or not; nearer to it nobody can say."""
STEPS = (1.0, 2.0)
"""Along a direction: from one class's mean to the other's, and as far again."""
READ = ("smile", "glasses", "beard")
SHOWN = 10


@torch.no_grad()
def coded(model: torch.nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Means and log-variances (N, D) of uint8 pictures."""
    parts = [model.encode(part.float() / 255) for part in torch.split(pictures, 250)]  # type: ignore[operator]
    means, log_variances = (torch.cat([part[n] for part in parts]).flatten(1) for n in (0, 1))
    return means, log_variances


@torch.no_grad()
def decoded(model: torch.nn.Module, codes: Tensor) -> Tensor:
    """Pictures of flat codes (N, D)."""
    parts = [model.decode(part[..., None, None]) for part in torch.split(codes, 250)]  # type: ignore[operator]
    return torch.cat(parts)


def found_directions(training: FaceTraining) -> Directions:
    """The directions of a model's codes, from faces that it was trained on."""
    codes, _ = coded(training.model, training.pictures[:LABELED])
    return directions.find(codes, training.numbers[:LABELED], ATTRIBUTES)


def figures(training: FaceTraining, found: Directions, judge: Judge) -> dict[str, str]:
    """Measures on faces drawn anew, as lines of the card."""
    pictures, numbers, boxes = map(torch.from_numpy, drawing.faces(HELD, HELD_SEED))
    pictures = pictures.permute(0, 3, 1, 2).contiguous()
    clean = pictures.float() / 255
    means, log_variances = coded(training.model, pictures)
    rebuilt = decoded(training.model, means)
    squared = (rebuilt - clean).square()
    crops = inside(boxes, clean.shape[-1]).float()
    measured = alike(rebuilt, clean)
    lines = {
        "PSNR": f"{measured['PSNR']:.2f} dB",
        "PSNR on the eyes": f"{cropped(squared, crops[:, :1]):.2f} dB",
        "PSNR on the mouth": f"{cropped(squared, crops[:, 1:]):.2f} dB",
        "SSIM": f"{measured['SSIM']:.3f}",
        "KL": f"{float(kl_divergence(means, log_variances).mean()):.1f} nats",
    }
    drawn, again = judged(judge, clean), judged(judge, rebuilt)
    for name in READ:
        column = ATTRIBUTES.index(name)
        clear = numbers[:, column].abs() > CLEAR
        right = [
            float(((told > 0) == (numbers > 0))[clear, column].float().mean())
            for told in (again, drawn)
        ]
        lines[f"{name} read right"] = f"{right[0]:.1%} (of the drawn ones: {right[1]:.1%})"
    return lines


def cropped(squared: Tensor, crops: Tensor) -> float:
    """The mean over pictures of the PSNR inside of crops (N, 1, H, W) that are 0 or 1."""
    errors = (squared.mean(1, keepdim=True) * crops).flatten(1).sum(1) / crops.flatten(1).sum(1)
    return float((-10 * errors.clamp(min=1e-10).log10()).mean())


def flips(training: FaceTraining, found: Directions, judge: Judge) -> dict[str, list[float]]:
    """How often each of `STEPS` along each direction flips what the judge says, both ways."""
    pictures, _, _ = map(torch.from_numpy, drawing.faces(HELD // 2, HELD_SEED + 1))
    means, _ = coded(training.model, pictures.permute(0, 3, 1, 2).contiguous())
    before = judged(judge, decoded(training.model, means))
    shares: dict[str, list[float]] = {}
    for index, name in enumerate(found.names):
        others = torch.cat([found.logistic[:index], found.logistic[index + 1 :]])
        step = directions.alone(found.logistic[index], others)
        away = torch.where(before[:, index : index + 1] > 0, -1.0, 1.0)
        shares[name] = []
        for strength in STEPS:
            after = judged(judge, decoded(training.model, means + strength * away * step))
            flipped = (after[:, index] > 0) != (before[:, index] > 0)
            shares[name].append(float(flipped.float().mean()))
    return shares


def write(training: FaceTraining, out: Path | None = None) -> Path:
    """Save the model in 16 bits, its directions, its card and its pictures; their folder."""
    folder = keep_weights(training, out)
    found = found_directions(training)
    directions.write(found, folder)
    judge = taught(training.pictures[:20_000], training.numbers[:20_000])
    text = card(training, figures(training, found, judge), flips(training, found, judge))
    (folder / "README.md").write_text(text, encoding="utf-8")
    losses(training).save(folder / "loss.jpg", quality=88)
    samples(training, found).save(folder / "sheet.jpg", quality=90)
    return folder


def card(training: FaceTraining, lines: dict[str, str], shares: dict[str, list[float]]) -> str:
    """The model card, in the Hub's format."""
    plan = training.plan
    rows = "\n".join(f"| {name} | {value} |" for name, value in lines.items())
    flipped = "\n".join(
        f"| {name} | {' | '.join(f'{share:.0%}' for share in each)} |"
        for name, each in shares.items()
    )
    size = sum(p.numel() for p in training.model.parameters())
    return f"""{HEAD}
# {plan.name}

{plan.about}: {training.pictures.shape[-1]} pixels squared, codes of \
{training.model.config.latent_channels} numbers, {size:,} parameters in 16 bits.

Made by `python -m phosphene.training {plan.name}`: {plan.steps:,} steps of {plan.batch} pictures, \
seed {plan.seed}, AdamW with a learning rate of {plan.rate:g} that ends at nothing. The variance \
of the pixels is the best one for each batch (arXiv 2006.13202); an error weighs \
{1 + DETAIL:g} times \
as much on eyes and mouth; while it was trained, a linear layer read the attributes off the code. \
It took {training.seconds / 60:.0f} minutes on one core.

## Data

{len(training.pictures):,} faces that this project draws itself from random numbers \
(`training/drawing.py`), each attribute independent of the others: \
{", ".join(ATTRIBUTES)}. No photograph and nobody's face is among them. License: \
Apache-2.0. Eyes and mouths are drawn larger than life.

## On {HELD:,} faces drawn anew

| measure | |
|---|---|
{rows}

An attribute is read by another small network that learned from drawn faces alone, never from a \
reconstruction; faces within {CLEAR:g} of the middle between with and without are left out.

How often a step along an attribute's direction (logistic regression, the other directions \
projected off), away from what a face has, flips what that network says. A step of 1 is as long as \
the way from the mean of those without to the mean of those with; from one end of an attribute to \
the other it is 2:

| attribute | a step of 1 | a step of 2 |
|---|---|---|
{flipped}

![Loss over the steps](loss.jpg)

Faces drawn anew, and what the decoder made of their codes; below, each a step of 1.5 towards a \
smile and towards glasses:

![Reconstructions](sheet.jpg)
"""


def losses(training: FaceTraining) -> Image.Image:
    """The PSNR that the loss sees, over the steps, in dB."""
    pixels = training.pictures[0].numel()
    heard = [-20 / math.log(10) * m.rebuilt / pixels for m in training.history]
    ticks = [str(m.step) for m in training.history]
    low, high = math.floor(min(heard)), math.ceil(max(heard))
    name = "weighted PSNR, dB"
    return chart({name: heard}, ticks, "step", low=low, high=high, percent=False)


def samples(training: FaceTraining, found: Directions) -> Image.Image:
    """Faces drawn anew, rebuilt, smiling and with glasses."""
    pictures, _, _ = map(torch.from_numpy, drawing.faces(SHOWN, HELD_SEED))
    pictures = pictures.permute(0, 3, 1, 2).contiguous()
    codes, _ = coded(training.model, pictures)
    rows = [pictures.float() / 255, decoded(training.model, codes)]
    for name in ("smile", "glasses"):
        step = found.logistic[found.names.index(name)]
        rows.append(decoded(training.model, codes + 1.5 * step))
    large = nn.functional.interpolate(torch.cat(rows), scale_factor=2, mode="bicubic")
    return sheet(large.clamp(0, 1), SHOWN)
