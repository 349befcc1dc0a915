"""What a running method yields: one picture with all that is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class Frame:
    """A moment of a run, complete in itself and safe to pickle; the last one is the result.

    `losses` holds each weighted term at this step and `history` those of every step so far.
    `metrics` are measures of the picture (PSNR, score), `verdict` the network's top classes
    with their probabilities, `panels` further pictures with captions and `notes` what is to be
    said of each of them (or nothing at all), `rate` the pictures a second of the film that this
    picture belongs to (0: it is a preview), `files` what else to take home by file name, `recipe`
    what `phosphene.repeat` needs to make the same picture again.
    """

    image: Image.Image
    step: int
    steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Mapping[str, float], ...] = ()
    seconds: float = 0.0
    note: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    verdict: Mapping[str, float] = field(default_factory=dict)
    panels: tuple[tuple[str, Image.Image], ...] = ()
    notes: tuple[str, ...] = ()
    rate: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The sum of the loss's terms at this step."""
        return sum(self.losses.values())

    @property
    def remaining(self) -> float:
        """Seconds left at the pace so far."""
        return self.seconds / self.step * (self.steps - self.step) if self.step else 0.0
