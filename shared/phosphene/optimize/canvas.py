"""What is optimized: parameters that render to RGB pictures in [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phosphene.images.filters import blur


class Canvas(nn.Module):
    """Parameters -> pictures (N, 3, H, W) in [0, 1]; `project` runs after every step."""

    def __call__(self) -> Tensor:
        """The pictures, without hooks and without the cost of looking for them."""
        return self.forward()

    def forward(self) -> Tensor:
        """The pictures, differentiable in the parameters."""
        raise NotImplementedError

    def project(self) -> None:
        """Bring the parameters back to where they render valid pictures."""

    def put(self, picture: Tensor) -> None:
        """Set the parameters so that they render `picture` (N, 3, H, W)."""
        raise NotImplementedError


class Pixels(Canvas):
    """The pixels themselves; projection clamps them to [0, 1]."""

    def __init__(self, start: Tensor) -> None:
        """Start from pictures (N, 3, H, W) in [0, 1]; the tensor is copied."""
        super().__init__()
        self.pixels = nn.Parameter(start.detach().clone().float())

    def forward(self) -> Tensor:
        """The pixels; inside [0, 1] whenever they were projected after the last step."""
        return self.pixels

    def project(self) -> None:
        """Clamp to [0, 1]."""
        with torch.no_grad():
            self.pixels.clamp_(0, 1)

    def put(self, picture: Tensor) -> None:
        """Copy the pixels."""
        with torch.no_grad():
            self.pixels.copy_(picture)


# The covariance of natural colors (its square root, as Lucid measured it on ImageNet).
_COLOR = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


def color_correlation() -> Tensor:
    """The 3x3 matrix from decorrelated to natural colors, largest column norm 1."""
    matrix = torch.tensor(_COLOR)
    lengths: Tensor = torch.linalg.vector_norm(matrix, dim=0)
    return matrix / lengths.max()


class Fourier(Canvas):
    """Frequencies scaled by 1/f, in decorrelated colors, through a sigmoid.

    The preconditioning of Olah et al., Feature Visualization, Distill 2017
    (doi 10.23915/distill.00007): steps change all frequencies alike, so that pictures form
    as wholes instead of as high-frequency noise.
    """

    scale: Tensor
    color: Tensor

    def __init__(
        self,
        height: int,
        width: int,
        *,
        batch: int = 1,
        spread: float = 0.01,
        falloff: float = 1.0,
        tint: float = 0.0,
        start: Tensor | None = None,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """Start from noise of standard deviation `spread`, or from a picture (N, 3, H, W).

        Frequencies are scaled by 1 / f^`falloff`. With `tint` the two axes of color are scaled by
        it where they change slowly and fall off faster than brightness, as eyes see them.
        """
        super().__init__()
        self.size = (height, width)
        frequency_y = torch.fft.fftfreq(height)[:, None]
        frequency_x = torch.fft.rfftfreq(width)[None]
        frequency = torch.sqrt(frequency_x**2 + frequency_y**2)
        scale = 1 / frequency.clamp(min=1 / max(height, width))
        # Equal at a tenth of a cycle per pixel, whatever the falloff.
        scale = scale * (0.1 * scale) ** (falloff - 1)
        if tint:
            color = tint * scale * (0.05 / frequency.clamp(min=0.05))
            scale = torch.stack([scale, color, color])
        self.register_buffer("scale", (scale / 4).to(device))
        self.register_buffer("color", color_correlation().to(device))
        if start is None:
            shape = (batch, 3, *frequency.shape, 2)
            noise = torch.randn(shape, generator=generator) * spread
            self.spectrum = nn.Parameter(noise.to(device))
        else:
            self.spectrum = nn.Parameter(self._spectrum_of(start))

    def forward(self) -> Tensor:
        """The inverse transform of the scaled spectrum, colored and squashed."""
        spectrum = torch.view_as_complex(self.spectrum) * self.scale
        planes = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
        return torch.sigmoid(torch.einsum("nchw,dc->ndhw", planes, self.color))

    def put(self, picture: Tensor) -> None:
        """The spectrum of a picture, up to clipping at black and white."""
        with torch.no_grad():
            self.spectrum.copy_(self._spectrum_of(picture))

    def _spectrum_of(self, start: Tensor) -> Tensor:
        """The spectrum that renders to `start`, up to clipping at black and white."""
        logits = torch.logit(start.detach().to(self.color), eps=0.01)
        planes = torch.einsum("nchw,dc->ndhw", logits, torch.linalg.inv(self.color))
        return torch.view_as_real(torch.fft.rfft2(planes, norm="ortho") / self.scale)


def noise(
    height: int,
    width: int,
    *,
    batch: int = 1,
    spread: float = 0.05,
    smooth: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Gray pictures (N, 3, H, W) with Gaussian noise, blurred with radius `smooth` pixels."""
    picture = 0.5 + spread * torch.randn((batch, 3, height, width), generator=generator)
    if smooth:
        picture = blur(picture, smooth)
    return picture.clamp(0, 1)
