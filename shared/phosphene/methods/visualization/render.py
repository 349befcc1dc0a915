"""Pictures grown from nothing for a loss: canvases, the classic regularizers, one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Progress
from phosphene.images.filters import blur
from phosphene.optimize import losses, transforms
from phosphene.optimize.canvas import Canvas, Fourier, Pixels, noise
from phosphene.optimize.descend import descend
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import octave_sizes


@dataclass(frozen=True)
class Regularizers:
    """Regularizers, each off at 0: what keeps a picture from becoming noise.

    `l2` and `tv` are penalties (arXiv 1312.6034, 1412.0035); a blur of radius `blur` every
    `blur_every` steps, and as often setting the share `clip_norm` of the smallest pixels and
    `clip_contribution` of those that contribute least to gray, are Yosinski et al.'s (arXiv
    1506.06579); `jitter` (pixels), `zoom` (percent) and `turn` (degrees) are Feature
    Visualization's (Distill 2017); `center` fades the picture to gray away from the middle.
    """

    l2: float = 0.0
    tv: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    clip_norm: float = 0.0
    clip_contribution: float = 0.0
    jitter: int = 0
    zoom: float = 0.0
    turn: float = 0.0
    center: float = 0.0

    def transform(self) -> transforms.Transform:
        """The random change before each look of the network."""
        steps: list[transforms.Transform] = []
        if self.jitter:
            steps += [transforms.pad(self.jitter // 2), transforms.jitter(self.jitter)]
        if self.zoom:
            shares = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25]
            steps.append(transforms.scale([1 + self.zoom / 100 * share for share in shares]))
        if self.turn:
            steps.append(transforms.swing(self.turn))
        return transforms.compose(*steps)

    def penalties(self, picture: Tensor) -> dict[str, Tensor]:
        """The weighted terms on the picture itself."""
        terms = {}
        if self.l2:
            terms["l2"] = self.l2 * losses.l2(picture)
        if self.tv:
            terms["tv"] = self.tv * losses.tv(picture)
        return terms

    def cleaned(self, picture: Tensor, gradient: Tensor | None) -> Tensor:
        """The picture blurred, its small and its weak pixels set to gray."""
        if self.blur:
            picture = blur(picture, self.blur)
        offset = picture - 0.5
        if self.clip_norm:
            offset = offset * _above(offset.norm(dim=1, keepdim=True), self.clip_norm)
        if self.clip_contribution and gradient is not None:
            offset = offset * _above(
                (offset * gradient).sum(1, keepdim=True).abs(), self.clip_contribution
            )
        return offset + 0.5

    @property
    def cleans(self) -> bool:
        """Whether pixels are changed between steps."""
        return bool(self.blur or self.clip_norm or self.clip_contribution)


class RegularizedCanvas(Canvas):
    """A canvas whose pictures are cleaned every few steps and faded towards their borders."""

    def __init__(self, inner: Canvas, regularizers: Regularizers) -> None:
        super().__init__()
        self.inner, self.regularizers, self.steps = inner, regularizers, 0
        self.rendered: Tensor | None = None

    def forward(self) -> Tensor:
        """The inner canvas's picture, faded."""
        picture = self.inner()
        if picture.requires_grad and self.regularizers.clip_contribution:
            picture.retain_grad()
            self.rendered = picture
        if not self.regularizers.center:
            return picture
        return 0.5 + (picture - 0.5) * _spot(picture, self.regularizers.center)

    def project(self) -> None:
        """The inner projection, and cleaning when it is time."""
        self.inner.project()
        self.steps += 1
        if self.regularizers.cleans and self.steps % self.regularizers.blur_every == 0:
            gradient = None if self.rendered is None else self.rendered.grad
            with torch.no_grad():
                self.inner.put(self.regularizers.cleaned(self.inner(), gradient))


@dataclass
class FeatureVisualizer:
    """Makes a batch of pictures on canvases of one kind, from small to full size."""

    loss: Loss
    regularizers: Regularizers
    generator: torch.Generator
    fourier: bool = True
    octaves: int = 1
    lr: float = 0.05

    def run(self, start: Tensor, steps: int) -> Iterator[tuple[Frame, Tensor]]:
        """Frames with their pictures (N, 3, H, W); `start` has the final size."""
        height, width = start.shape[-2:]
        sizes = octave_sizes(height, width, min(self.octaves, steps), 1.5)
        counts = [steps // len(sizes)] * (len(sizes) - 1)
        progress = Progress(steps)
        picture = start
        for (tall, wide), count in zip(sizes, [*counts, steps - sum(counts)], strict=True):
            inner = self._canvas(images.scaled(picture, tall, wide))
            canvas = RegularizedCanvas(inner, self.regularizers)
            for frame, picture in descend(canvas, self._loss(), steps=count, lr=self.lr):
                yield progress.of(frame), picture

    def _canvas(self, start: Tensor) -> Canvas:
        if not self.fourier:
            return Pixels(start)
        # Chosen by looking: more of the coarse, colors in areas and not in grains.
        return Fourier(*start.shape[-2:], start=start, falloff=1.3, tint=2.0, device=start.device)

    def _loss(self) -> Loss:
        transform = self.regularizers.transform()

        def loss(picture: Tensor) -> dict[str, Tensor]:
            transformed = transform(picture, self.generator)
            return {**self.loss(transformed), **self.regularizers.penalties(picture)}

        return loss


def initial_image(
    kind: str, height: int, width: int, count: int, generator: torch.Generator
) -> Tensor:
    """Pictures (count, 3, H, W): "zeros" is gray, "noise" is gray with a little soft noise."""
    if kind == "zeros":
        return torch.full((count, 3, height, width), 0.5)
    return noise(height, width, batch=count, spread=0.08, smooth=2.0, generator=generator)


def _above(size: Tensor, share: float) -> Tensor:
    """1 where a pixel (N, 1, H, W) is not among the smallest `share` of its picture."""
    limit = torch.quantile(size.flatten(1), share, dim=1).view(-1, 1, 1, 1)
    return (size > limit).float()


def _spot(picture: Tensor, strength: float) -> Tensor:
    """A round window (1, 1, H, W), 1 in the middle, falling to 1 - strength."""
    height, width = picture.shape[-2:]
    rows = torch.linspace(-1, 1, height, device=picture.device)[:, None]
    columns = torch.linspace(-1, 1, width, device=picture.device)[None]
    window = torch.exp(-2.5 * (rows.square() + columns.square()))
    return (1 - strength + strength * window)[None, None]
