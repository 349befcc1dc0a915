"""An autoencoder of your own pictures, trained while you watch."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import torch
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor

from phosphene import device as devices
from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Progress, Table
from phosphene.images import ImageLike, archives
from phosphene.images.metrics import psnr
from phosphene.images.sheets import INK, font
from phosphene.knobs import Choice, File, Pictures, Range, Seed
from phosphene.methods import method
from phosphene.methods.vae.case import grid
from phosphene.networks.autoencoder_file import OwnData, read_layers
from phosphene.networks.autoencoders.datasets import Dataset, dataset
from phosphene.training import own
from phosphene.training.fit import Moment, Training

MOST, CHOSEN, LEAST, FEW = 2000, 400, 16, 50
"""Pictures of a zip and of a choice that are taken, that are needed, and that are few."""
SHOWN, TILE, HEAD = 8, 72, 22
"""Pictures that are watched, pixels of each, and of the words above them."""
PAUSE = 1.0
"""Seconds between two looks at the training."""
KINDS = {"VAE": "normal", "plain autoencoder": "point"}


@method
def train_autoencoder(
    *,
    pictures: Annotated[
        list[ImageLike] | None,
        Pictures(label="Your pictures", help="50 or more of one kind of thing", most=CHOSEN),
    ] = None,
    archive: Annotated[
        str | None, File((".zip",), label="Or a zip of pictures", help="up to 2,000 are taken")
    ] = None,
    file: Annotated[
        str | None,
        File((".safetensors",), label="Go on with", help="the file that a training left"),
    ] = None,
    kind: Annotated[
        str, Choice(options=tuple(KINDS), label="What to train", help="only a VAE can be sampled")
    ] = "VAE",
    numbers: Annotated[
        int,
        Range(2, 64, label="Numbers of a code", help="2: a map; more: sharper pictures"),
    ] = 16,
    steps: Annotated[
        int, Range(10, 20_000, 10, label="Steps", help="Stop keeps what there is", quick=20)
    ] = 800,
    side: Annotated[
        int,
        Range(32, 64, 16, label="Side", help="pixels that pictures are cut to", quick=32),
    ] = 48,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Train a small autoencoder (arXiv 1312.6114) on your pictures, or on digits where none are.

    Each frame has the reconstructions so far and the autoencoder itself as a file, which the other
    methods take and from which this one goes on; a file brings its own pictures along. InputError
    for fewer than 16 pictures, and for archives and files that cannot be read.
    """
    where = devices.pick(device)
    before = read_layers(file) if file else None
    side = before[1]["sample_size"] if before else side
    given, skipped = yield from _gathered(pictures or (), archive, side, steps)
    if given is None:
        data = before[2] if before else _digits()
    else:
        data = _split(_fitting(given, before[1]["in_channels"] if before else 3), seed)
    if before:
        model, config = before[:2]
    else:
        with devices.device_lock(where):  # weights come from the process's own generator
            model, config = own.new_model(
                data.data.pictures, numbers, KINDS[kind], seed, digits=given is None
            )
    known = data.data.pictures.to(where)
    training = own.training(model, config, known, steps, seed)
    progress = Progress(steps)
    for moment in training.run(every=steps, seconds=PAUSE):
        yield _frame(training, config, data, moment, progress, _words(data, skipped))


def _gathered(
    pictures: Sequence[ImageLike], archive: str | None, side: int, steps: int
) -> Generator[Frame, None, tuple[Tensor | None, list[str]]]:
    """All pictures given as (N, 3, S, S), None where there are none, and what could not be read.

    Yields a frame of those read so far every second.
    """
    read: list[Tensor] = []
    skipped: list[str] = []
    told = time.monotonic()
    for one in _each(pictures, archive, 3 * side):
        if isinstance(one, InputError):
            skipped.append(str(one))
            continue
        read.append(images.to_tensor(ImageOps.fit(one, (side, side))))
        if time.monotonic() - told > PAUSE:
            told = time.monotonic()
            sheet = grid(torch.cat(read[-3 * SHOWN :]), SHOWN, TILE)
            yield Frame(sheet, 0, steps, note=f"reading pictures, {len(read)} so far")
    if not (pictures or archive):
        return None, skipped
    if len(read) < LEAST:
        why = f" ({skipped[0]})" if skipped else ""
        raise InputError(f"{len(read)} pictures could be read{why}; give {FEW} or more")
    return torch.cat(read), skipped


def _each(
    pictures: Sequence[ImageLike], archive: str | None, size: int
) -> Iterator[Image.Image | InputError]:
    """The pictures chosen and those of a zip; one that cannot be read as its error."""
    for number, one in enumerate(pictures, 1):
        try:
            yield images.load(one, size)
        except InputError as error:
            name = "" if isinstance(one, (str, Path)) else f"picture {number}: "
            yield InputError(f"{name}{error}")
    if archive:
        yield from archives.pictures(Path(archive), size, MOST)


def _fitting(pictures: Tensor, channels: int) -> Tensor:
    """In color, or gray as a model that is gone on with learned them."""
    return pictures.mean(1, keepdim=True) if channels == 1 else pictures


def _digits() -> OwnData:
    return OwnData(dataset("digits"), dataset("digits", "held out"))


def _split(pictures: Tensor, seed: int) -> OwnData:
    """A tenth of the pictures is held out, to be told whether others would do as well."""
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    count = max(4, len(pictures) // 10)
    parts = [
        Dataset(part, torch.zeros(len(part), dtype=torch.long), ("yours",), "yours", "yours")
        for part in (pictures[order[count:]], pictures[order[:count]])
    ]
    return OwnData(*parts)


def _words(data: OwnData, skipped: list[str]) -> str:
    """What is to be said of the pictures."""
    count = len(data.data.pictures)
    said = [f"few pictures: these {count} will be learned by heart"] if count < FEW else []
    if skipped:
        said.append(f"{len(skipped)} could not be read: {skipped[0]}")
    return "; ".join(said)


@torch.no_grad()
def _frame(
    training: Training,
    config: dict[str, object],
    data: OwnData,
    moment: Moment,
    progress: Progress,
    note: str,
) -> Frame:
    """Pictures held out and what becomes of them, draws, the curve, and the model as a file."""
    model = training.model.eval()
    normal = training.plan.posterior == "normal"
    with devices.device_lock(training.pictures.device):
        held = data.held.pictures[:SHOWN].to(training.pictures)
        seen = training.pictures[:SHOWN]
        rebuilt = model.decode(model.encode(torch.cat([held, seen]))[0])
        numbers = int(model.encode(held[:1])[0].numel())
        generator = torch.Generator().manual_seed(training.plan.seed)
        drawn = model.decode(torch.randn(SHOWN, numbers, 1, 1, generator=generator).to(held))
    new, old = rebuilt[: len(held)], rebuilt[len(held) :]
    rows = {
        "never trained on": held,
        "and what comes back": new,
        "trained on": seen,
        "and what comes back of these": old,
        **({"drawn at random": drawn} if normal else {}),
    }
    terms = {"reconstruction": moment.rebuilt} | ({"KL": moment.kl} if normal else {})
    progress.history = (*progress.history, terms)
    alike = {"held out": psnr(new, held), "trained on": psnr(old, seen)}
    told = tuple((name, round(value, 2)) for name, value in alike.items())
    return progress.frame(
        _sheet(rows),
        steps=moment.step - progress.done,
        note=note,
        metrics={"PSNR held out": alike["held out"]},
        tables=(Table("How alike the reconstructions are", ("pictures", "PSNR, dB"), told),),
        files=own.files(model, config, data),
    )


def _sheet(rows: dict[str, Tensor]) -> Image.Image:
    """Rows of pictures, each under its name."""
    width = SHOWN * (TILE + 4) - 4
    page = Image.new("RGB", (width, len(rows) * (TILE + HEAD)), "white")
    draw = ImageDraw.Draw(page)
    for number, (name, pictures) in enumerate(rows.items()):
        top = number * (TILE + HEAD)
        draw.text((2, top + HEAD / 2), name, INK, font(14), anchor="lm")
        page.paste(grid(pictures.cpu(), SHOWN, TILE), (0, top + HEAD))
    return page
