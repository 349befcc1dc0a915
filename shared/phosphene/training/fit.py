"""The loop that trains a small autoencoder: seeded, watched, stopped and taken up again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.device import device_lock
from phosphene.errors import InputError
from phosphene.networks.autoencoder import kl_divergence, small_autoencoder

WARMUP = 0.1
"""The share of the steps over which the KL term grows to its full weight."""


@dataclass(frozen=True)
class Plan:
    """What is trained on what, and for how long; `noise` is added to what the encoder sees."""

    name: str
    data: str
    posterior: str = "normal"
    noise: float = 0.0
    steps: int = 3600
    batch: int = 128
    rate: float = 2e-3
    seed: int = 0
    about: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    edges: str = "zeros"
    """What is seen beside a picture that was moved: black, or its `border` drawn out."""


@dataclass(frozen=True)
class Moment:
    """A step of the training: the means of the loss's terms since the last one, in nats."""

    step: int
    steps: int
    rebuilt: float
    kl: float
    seconds: float

    @property
    def loss(self) -> float:
        """The negative evidence lower bound (arXiv 1312.6114), where the posterior is normal."""
        return self.rebuilt + self.kl


class Training:
    """A model, its optimizer and its place in the plan; `run` yields and may be stopped there."""

    def __init__(self, plan: Plan, pictures: Tensor, model: Any = None) -> None:
        """Pictures (N, C, S, S) in [0, 1]; a model to go on from, or a new one of the plan's."""
        if len(pictures) < 2:
            raise InputError(f"{len(pictures)} pictures cannot be learned from; give at least 2")
        self.plan, self.pictures = plan, pictures
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            shape: dict[str, Any] = {
                "sample_size": pictures.shape[-1],
                "in_channels": pictures.shape[1],
            }
            self.model = model or small_autoencoder(
                posterior=plan.posterior, data=plan.data, **shape, **plan.model
            )
        self.model.to(pictures.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), plan.rate, weight_decay=1e-4)
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.step, self.seconds = 0, 0.0
        self.history: list[Moment] = []

    def run(self, every: int = 100, seconds: float = math.inf) -> Iterator[Moment]:
        """Train on to the plan's end; a moment every so many steps and seconds.

        The device is held for a step at a time; between moments nobody waits for this one.
        """
        sums, begun = torch.zeros(2), time.monotonic() - self.seconds
        count, told = 0, time.monotonic()
        while self.step < self.plan.steps:
            with device_lock(self.pictures.device):
                sums += self._update().cpu()
            count += 1
            self.step += 1
            now = time.monotonic()
            self.seconds = now - begun
            due = self.step % every == 0 or now - told >= seconds
            if due or self.step == self.plan.steps:
                told = now
                rebuilt, kl = (sums / count).tolist()
                moment = Moment(self.step, self.plan.steps, rebuilt, kl, self.seconds)
                self.history.append(moment)
                sums, count = torch.zeros(2), 0
                yield moment

    def _update(self) -> Tensor:
        """One step: both terms of the loss, in nats a picture."""
        part = self._anneal()
        chosen = torch.randint(len(self.pictures), (self.plan.batch,), generator=self.generator)
        clean = moved(self.pictures[chosen], self.generator, self.plan.edges)
        given = noisy(clean, self.plan.noise, self.generator)
        self.model.train()
        mean, log_variance = self.model.encode(given)
        noise = torch.randn(mean.shape, generator=self.generator).to(mean)
        normal = self.plan.posterior == "normal"
        logits = self.model.logits(mean + noise * (0.5 * log_variance).exp() if normal else mean)
        rebuilt = cross_entropy(logits, clean).mean()
        kl = kl_divergence(mean, log_variance).mean() if normal else rebuilt.new_zeros(())
        loss = rebuilt + min(1.0, part / WARMUP) * kl
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return torch.stack([rebuilt.detach(), kl.detach()])

    def _anneal(self) -> float:
        """Set the learning rate: up fast, down as a cosine; the share of the way that is done."""
        part = self.step / self.plan.steps
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * min(1, 50 * part, (1 + math.cos(math.pi * part)) / 2)
            group["lr"] = max(group["lr"], 1e-3 * self.plan.rate)
        return part

    def save(self, path: Path) -> None:
        """All that going on needs, in one move."""
        draft = path.with_suffix(".part")
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "history": [vars(moment) for moment in self.history],
        }
        torch.save(state, draft)
        draft.replace(path)

    def load(self, path: Path) -> None:
        """Go on from there; InputError for what another plan left."""
        try:
            state = torch.load(path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, KeyError, ValueError, EOFError, OSError):
            raise InputError(f"{path} is of another training; delete it and try again") from None
        self.generator.set_state(state["generator"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.history = [Moment(**moment) for moment in state["history"]]


def cross_entropy(logits: Tensor, pictures: Tensor) -> Tensor:
    """The negative log-likelihood of gray pictures as probabilities, in nats: (N,)."""
    each = F.binary_cross_entropy_with_logits(logits, pictures, reduction="none")
    return each.flatten(1).sum(1)


def noisy(pictures: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Pictures under Gaussian noise, in [0, 1]."""
    if not deviation:
        return pictures
    noise = torch.randn(pictures.shape, generator=generator)
    return (pictures + deviation * noise).clamp(0, 1)


def moved(pictures: Tensor, generator: torch.Generator, edges: str = "zeros") -> Tensor:
    """Each picture turned by up to 8 degrees, scaled by up to 6 % and shifted by up to a pixel."""
    count, side = len(pictures), pictures.shape[-1]
    draw = (2 * torch.rand((4, count), generator=generator) - 1).to(pictures)
    angle, scale = draw[0] * math.radians(8), 1 + 0.06 * draw[1]
    cos, sin = scale * angle.cos(), scale * angle.sin()
    shift = draw[2:] * 2 / side
    rows = [torch.stack([cos, -sin, shift[0]], 1), torch.stack([sin, cos, shift[1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode=edges, align_corners=False).clamp(0, 1)
