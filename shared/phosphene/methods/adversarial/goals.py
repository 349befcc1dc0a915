"""What an attack is after, how far it has come, and the best picture on its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from phosphene.device import device_lock
from phosphene.networks.network import Network

Criterion: TypeAlias = Callable[[Tensor, Tensor, bool], Tensor]
"""Logits (N, classes), labels (N,), whether they are targets -> losses (N,), lower is nearer."""
View: TypeAlias = Callable[[Tensor], Tensor]
"""A change that a picture must survive: (N, 3, H, W) -> (N, 3, h, w)."""


def cross_entropy(logits: Tensor, labels: Tensor, targeted: bool) -> Tensor:
    """That of a target, or minus that of a class to leave."""
    loss = F.cross_entropy(logits, labels, reduction="none")
    return loss if targeted else -loss


def margin(logits: Tensor, labels: Tensor, targeted: bool) -> Tensor:
    """How far the strongest wrong logit is from the right one; below zero where it is reached."""
    own = logits.gather(1, labels[:, None])[:, 0]
    other = logits.scatter(1, labels[:, None], -torch.inf).amax(1)
    return other - own if targeted else own - other


@dataclass
class Goal:
    """Pictures that networks take for `labels` (N,), or where not `targeted` for anything else.

    A picture has reached it when every network, for it as it is and through each of `views`, says
    so, and with a probability of `confidence` on average. `best` holds, of those that have, the
    first, the surest (`keep` "sure") or the one nearest to `original` ("near").
    """

    networks: Sequence[Network]
    original: Tensor
    labels: Tensor
    targeted: bool
    confidence: float = 0.0
    criterion: Criterion = cross_entropy
    views: Sequence[View] = ()
    keep: str = "first"
    names: tuple[str, str] = ("before", "now")
    leaves: int | None = None
    """The class whose probability the history has beside that of the goal; None: the label."""
    best: Tensor = field(init=False)
    rank: Tensor = field(init=False)
    passes: int = 0
    history: list[Mapping[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing found yet."""
        self.best = self.original.clone()
        self.rank = torch.full((len(self.original),), -torch.inf, device=self.original.device)

    @property
    def reached(self) -> Tensor:
        """Which of the pictures have reached the goal so far: (N,)."""
        return self.rank > -torch.inf

    @property
    def done(self) -> bool:
        """Whether all have."""
        return bool(self.reached.all())

    def logits(self, picture: Tensor) -> Tensor:
        """Of each view by each network: (views, networks, N, classes)."""
        views = [picture, *(view(picture) for view in self.views)]
        self.passes += len(views) * len(self.networks)
        return torch.stack([torch.stack([n.logits(v) for n in self.networks]) for v in views])

    def loss(self, picture: Tensor) -> dict[str, Tensor]:
        """The criterion on the networks' mean logits, the mean over the views, summed over N."""
        logits = self.logits(picture)
        self.note(picture, logits)
        return {"goal": self.losses(logits).sum()}

    def losses(self, logits: Tensor) -> Tensor:
        """Of each picture: (views, networks, N, classes) -> (N,)."""
        views = [self.criterion(view, self.labels, self.targeted) for view in logits.mean(1)]
        return torch.stack(views).mean(0)

    @torch.no_grad()
    def ask(self, picture: Tensor) -> Tensor:
        """The losses (N,) of pictures, no gradient; what they reach is noted."""
        with device_lock(picture.device):
            logits = self.logits(picture)
        self.note(picture, logits)
        return self.losses(logits)

    @torch.no_grad()
    def fooled(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Who reaches the goal at these logits (N,), and the mean probability of the new answer."""
        chances = logits.softmax(-1)
        top = chances.max(-1)
        hits = (top.indices == self.labels) == self.targeted
        index = self.labels.expand(*chances.shape[:2], -1)[..., None]
        own = chances.gather(-1, index)[..., 0] if self.targeted else top.values
        sure = own.mean((0, 1))
        whole = min(self.confidence, 1 - 1e-4)  # certainty itself is never reached
        return hits.all(0).all(0) & (sure >= whole), sure

    @torch.no_grad()
    def note(self, picture: Tensor, logits: Tensor, row: int = 0) -> None:
        """Remember the pictures that reach the goal where they are best, and the chances of one."""
        picture = picture.detach()
        hits, sure = self.fooled(logits.detach())
        if self.keep == "near":
            rank = -(picture - self.original).flatten(1).square().sum(1)
        else:
            rank = sure if self.keep == "sure" else torch.zeros_like(sure)
        better = hits & (rank > self.rank)
        if better.any():
            self.best = torch.where(better.view(-1, 1, 1, 1), picture, self.best)
            self.rank = torch.where(better, rank, self.rank)
        self.history.append(self.chances(logits.detach()[0, 0, row].softmax(-1)))

    def chances(self, probabilities: Tensor) -> dict[str, float]:
        """Of the class that is left and of the one that comes, from all (classes,)."""
        label = int(self.labels[0])
        leaves = label if self.leaves is None else self.leaves
        before = float(probabilities[leaves])
        if self.targeted:
            return {self.names[0]: before, self.names[1]: float(probabilities[label])}
        top = probabilities.topk(2)
        other = top.values[1] if int(top.indices[0]) == leaves else top.values[0]
        return {self.names[0]: before, self.names[1]: float(other)}
