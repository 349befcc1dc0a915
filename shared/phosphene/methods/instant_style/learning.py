"""A brush as what a descent changes."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from phosphene.methods.instant_style.lessons import Crops, Lesson
from phosphene.networks import brush_file
from phosphene.networks.brush import Brush
from phosphene.networks.stylizer import Stylizer
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.losses import Loss

NEAREST_SIDE = 96
"""Pixels of the crops on which the nearest style is looked for."""
LAST_SHARE = 0.3
"""Of the deviation of the last layers' weights, in which their changes are measured."""


class BrushCanvas(Canvas):
    """A brush: paintings of the next crops, and of the photograph where no gradient is asked for.

    Its parameters say how far each number is from where it began, in units of how much the 26
    styles differ there: one step size suits them all. `shown` is the brush of the last photograph,
    in numbers of 16 bits: its text and its file paint just that picture.
    """

    unit: Tensor

    def __init__(
        self,
        net: Stylizer,
        first: Brush,
        photo: Tensor,
        crops: Crops,
        *,
        last_layers: bool = False,
    ) -> None:
        """Begin as the brush `first`; `last_layers` go along where they are to learn as well."""
        super().__init__()
        self.net, self.first, self.photo, self.crops = net, first, photo, crops
        self.photos, self.shown = photo, first
        unit = torch.stack([brush.numbers for brush in net.brushes]).std(0)
        self.register_buffer("unit", unit.to(net.device))
        self.numbers = nn.Parameter(torch.zeros_like(self.unit))
        self.last = nn.Parameter(torch.zeros_like(net.last)) if last_layers else None

    def brush(self) -> Brush:
        """What it is now, differentiable in the parameters."""
        numbers, last = self.first.numbers.to(self.unit), self.first.last
        if self.last is not None:
            own = self.net.last if last is None else last.to(self.unit)
            last = own + LAST_SHARE * self.net.last.std() * self.last
        return Brush(self.first.name, numbers + self.unit * self.numbers, last)

    def forward(self) -> Tensor:
        """Paintings (N, 3, H, W)."""
        if torch.is_grad_enabled():
            self.photos = self.crops.draw()
            return self.net.paint_with(self.photos, self.brush())
        self.shown = brush_file.rounded(self.brush())
        return self.net.paint_with(self.photo, self.shown)

    def loss(self, lesson: Lesson, strength: float) -> Loss:
        """How unlike the lesson's painting the last crops were painted, and unlike themselves."""
        return lambda painted: lesson.terms(painted, self.photos, strength)


def in_colors(brush: Brush, painting: Tensor) -> Brush:
    """A brush whose last layer gives the colors of a painting (1, 3, h, w): mean and deviation.

    That layer normalizes red, green and blue, scales and shifts them, and ends in a sigmoid.
    """
    logits = torch.logit(painting.float(), eps=0.02)
    deviation, mean = torch.std_mean(logits, (0, 2, 3))
    numbers = torch.cat([brush.numbers[:-6].to(mean), deviation, mean])
    return replace(brush, numbers=numbers)


def begun(start: str, lesson: Lesson, net: Stylizer, seed: int) -> Brush:
    """The brush to begin with: the "mean" of the network's styles, or the "nearest" of them.

    The nearest by Gram matrices of what each paints of two crops.
    """
    if start == "mean":
        return Brush("mean", torch.stack([brush.numbers for brush in net.brushes]).mean(0))
    crops = Crops(NEAREST_SIDE, 2, seed, net.device).draw()
    with torch.no_grad():
        distances = [lesson.distance(net.paint_with(crops, brush)) for brush in net.brushes]
    return net.brushes[int(torch.stack(distances).argmin())]
