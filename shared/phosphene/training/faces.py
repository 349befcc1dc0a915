"""The faces: what is trained on them, and how its loss differs from the digits'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from phosphene.networks.autoencoder import kl_divergence
from phosphene.networks.autoencoders.datasets import ATTRIBUTES, FACES, FACES_HELD_OUT
from phosphene.training import drawing
from phosphene.training.fit import WARMUP, Plan, Training

COUNT, SEED = 60_000, 1
"""Faces drawn for training, and their seed."""
KEPT_COUNT = 800
"""Those of them that come with the package."""
DETAIL = 4.0
"""How much more an error weighs on eyes and mouth: they cover few pixels, and they are the face."""
TOLD = 1000.0
"""Nats for a squared error of 1 of an attribute that is read off the code."""

PLANS = (
    Plan(
        "faces_vae",
        "faces",
        steps=14_500,
        batch=32,
        rate=1.5e-3,
        model={"kind": "ColorAutoencoder"},
        about="Variational autoencoder of drawn faces",
    ),
)


class FaceTraining(Training):
    """The loop over drawn faces: an attribute is read off the mean of the code by a linear layer.

    The layer is dropped afterwards; what it leaves is a code with a direction for each attribute.
    """

    def __init__(self, plan: Plan, drawn: tuple[Tensor, Tensor, Tensor]) -> None:
        """Pictures (N, 3, 64, 64) uint8, attributes (N, A), boxes of eyes and mouth (N, 2, 4)."""
        super().__init__(plan, drawn[0])
        self.numbers, self.boxes = drawn[1:]
        # This CPU's convolutions are quicker with channels last; diffusers' own `to` has no such.
        nn.Module.to(self.model, memory_format=torch.channels_last)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.reading = nn.Linear(self.model.config.latent_channels, self.numbers.shape[1])
        parameters = [*self.model.parameters(), *self.reading.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, plan.rate, weight_decay=1e-4)

    def _update(self) -> Tensor:
        """One step: the loss's terms in nats, the pixels' variance at its optimum (2006.13202)."""
        part = self._anneal()
        chosen = torch.randint(len(self.pictures), (self.plan.batch,), generator=self.generator)
        clean = self.pictures[chosen].float() / 255
        self.model.train()
        mean, log_variance = self.model.encode(clean)
        noise = torch.randn(mean.shape, generator=self.generator)
        decoded = self.model.decode(mean + noise * (0.5 * log_variance).exp())
        weights = weighted(self.boxes[chosen], clean.shape[-1])
        error = ((decoded - clean).square() * weights).mean() / weights.mean()
        rebuilt = 0.5 * clean[0].numel() * error.log()
        kl = kl_divergence(mean, log_variance).mean()
        told = (self.reading(mean.flatten(1)) - self.numbers[chosen]).square().mean(0).sum()
        loss = rebuilt + min(1.0, part / WARMUP) * kl + TOLD * told
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return torch.stack([rebuilt.detach(), kl.detach()])

    def save(self, path: Path) -> None:
        """All that going on needs; the layer that reads attributes lies beside it."""
        torch.save(self.reading.state_dict(), path.with_suffix(".reading"))
        super().save(path)

    def load(self, path: Path) -> None:
        """Go on from there; InputError for what another plan left."""
        super().load(path)
        self.reading.load_state_dict(torch.load(path.with_suffix(".reading"), weights_only=True))


def weighted(boxes: Tensor, side: int) -> Tensor:
    """How much each pixel's error weighs, (N, 1, side, side), for boxes (N, B, 4) in pixels."""
    return 1 + DETAIL * inside(boxes, side).any(1, keepdim=True)


def inside(boxes: Tensor, side: int) -> Tensor:
    """Whether a pixel's middle lies in each box (N, B, 4) of left, top, right and bottom."""
    places = torch.arange(side) + 0.5
    left, top, right, bottom = boxes[..., None].unbind(2)
    across = (places >= left) & (places < right)
    down = (places >= top) & (places < bottom)
    return down[..., :, None] & across[..., None, :]


def keep(out: Path = FACES) -> Path:
    """The faces that the page shows: some that were trained on, then some that were not."""
    parts = [
        drawing.faces(count, seed)
        for count, seed in ((KEPT_COUNT, SEED), (FACES_HELD_OUT, SEED + 1))
    ]
    pictures, numbers = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out,
        pictures=pictures,  # colors last: a third less to carry
        attributes=(127 * numbers).round().astype(np.int8),
        names=np.array(ATTRIBUTES),
    )
    return out


def drawn(kept: Path, count: int = COUNT, seed: int = SEED) -> tuple[Tensor, Tensor, Tensor]:
    """Faces, their attributes and boxes, drawn once and kept in a folder for the next time."""
    file = kept / f"faces-{seed}-{count}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        print(f"drawing {count:,} faces", flush=True)
        pictures, numbers, boxes = drawing.faces(count, seed)
        np.savez(file, pictures=pictures.transpose(0, 3, 1, 2), numbers=numbers, boxes=boxes)
    with np.load(file) as stored:
        read = {name: torch.from_numpy(stored[name]) for name in ("pictures", "numbers", "boxes")}
    return read["pictures"], read["numbers"], read["boxes"]
