"""What an encoder is good for when labels are few: its features against the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from torch import Tensor

from phosphene.frame import Frame, Progress, Table
from phosphene.images.charts import chart
from phosphene.knobs import Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import Codes, known
from phosphene.networks.autoencoders import learned

COUNTS = (1, 2, 5, 10, 20, 50)
"""Labels a class."""
RIDGE = 1.0


@method
def few_labels(
    *,
    draws: Annotated[
        int, Range(1, 30, label="Draws", help="of the labeled digits; the mean is shown", quick=2)
    ] = 8,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Train a linear classifier on 1, 2, 5 ... 50 labeled digits a class, and test it on 1,000.

    It sees the pixels, or what the encoders hold before their codes: those were learned from 9,000
    digits without any label. Ridge regression onto the classes, its features standardized.
    """
    models = [known(name, device) for name in learned("digits")]
    given = features(models)
    progress = Progress(len(COUNTS))
    lines: dict[str, list[float]] = {name: [] for name in given}
    spread: dict[str, list[float]] = {name: [] for name in given}
    for count in COUNTS:
        for name, (known_ones, held) in given.items():
            right = torch.tensor(
                [
                    trial(known_ones, held, models[0], count, seed + number)
                    for number in range(draws)
                ]
            )
            lines[name].append(float(right.mean()))
            spread[name].append(float(right.std(unbiased=False)))
        yield _frame(lines, spread, progress)


def features(models: list[Codes]) -> dict[str, tuple[Tensor, Tensor]]:
    """What a classifier may see of the pictures trained on and of those held out, by name."""
    first = models[0]
    found = {"pixels": (first.data.pictures.flatten(1), first.held.pictures.flatten(1))}
    for codes in models:
        parts = [
            codes.model.features(part).cpu() for part in torch.split(codes.data.pictures, 1000)
        ]
        held = codes.model.features(codes.held.pictures).cpu()
        found[codes.model.name.replace("_", " ")] = torch.cat(parts), held
    return found


def trial(train: Tensor, test: Tensor, codes: Codes, count: int, seed: int) -> float:
    """The share of held-out digits named right after `count` labels a class drawn by a seed."""
    generator = torch.Generator().manual_seed(seed)
    labels, classes = codes.data.labels, len(codes.data.names)
    chosen = torch.cat(
        [
            own[torch.randperm(len(own), generator=generator)[:count]]
            for own in ((labels == c).nonzero()[:, 0] for c in range(classes))
        ]
    )
    mean, deviation = train.mean(0), train.std(0) + 0.05 * train.std()
    x, y = ((part - mean) / deviation for part in (train[chosen], test))
    targets = torch.eye(classes)[labels[chosen]]
    # With fewer pictures than features the small system is the one of the pictures.
    inner = x @ x.T + RIDGE * x.shape[1] / 10 * torch.eye(len(x))
    guessed = y @ (x.T @ torch.linalg.solve(inner, targets - targets.mean(0)))
    return float((guessed.argmax(1) == codes.held.labels).float().mean())


def _frame(
    lines: dict[str, list[float]], spread: dict[str, list[float]], progress: Progress
) -> Frame:
    """The curves so far, and their numbers."""
    drawn = chart(
        lines, [str(c) for c in COUNTS], "labels a class", low=0.2, high=1.0, quiet=["pixels"]
    )
    done = len(next(iter(lines.values())))
    head = ("labels a class", *(str(count) for count in COUNTS[:done]))
    rows = tuple(
        (
            name,
            *(f"{100 * m:.1f} ± {100 * s:.1f}" for m, s in zip(values, spread[name], strict=True)),
        )
        for name, values in lines.items()
    )
    table = Table("Named right, % (± deviation over the draws)", head, rows)
    return progress.frame(drawn, steps=1, tables=(table,))
