"""The layers of a color autoencoder that is quick on one core of a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phosphene.networks.autoencoders.layers import SURE

COARSE = 8
"""Pixels of a side of the small picture that goes around the convolutions, in and out."""


class ColorLayers(nn.Module):
    """Pictures (N, C, S, S) in [0, 1] to codes (N, D, 1, 1) and back (arXiv 1312.6114).

    Few channels where there are many pixels, batch normalization, and pixels shuffled up
    (arXiv 1609.05158) instead of transposed convolutions.
    """

    def __init__(
        self,
        sample_size: int = 64,
        in_channels: int = 3,
        latent_channels: int = 48,
        widths: tuple[int, int, int, int] = (24, 48, 96, 160),
        hidden: int = 256,
        posterior: str = "normal",
    ) -> None:
        """The layers, with random weights."""
        super().__init__()
        thin, low, middle, high = widths
        side = sample_size // 16
        flat = high * side * side
        ways = 2 if posterior == "normal" else 1
        self.posterior = posterior
        coarse = in_channels * COARSE**2
        self.encoder = nn.Sequential(
            *_turned(nn.Conv2d(in_channels, thin, 4, 2, 1, bias=False)),
            *_turned(nn.Conv2d(thin, low, 4, 2, 1, bias=False)),
            *_turned(nn.Conv2d(low, middle, 3, 2, 1, bias=False)),
            Residual(middle),
            *_turned(nn.Conv2d(middle, high, 3, 2, 1, bias=False)),
            nn.Flatten(),
        )
        self.seen = nn.Sequential(nn.Linear(flat + coarse, hidden), nn.SiLU())
        self.code = nn.Linear(hidden, ways * latent_channels)
        self.held = nn.Sequential(
            nn.Linear(latent_channels, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.coarse = nn.Linear(hidden, coarse)
        self.decoder = nn.Sequential(
            nn.Linear(hidden, flat),
            nn.SiLU(),
            nn.Unflatten(1, (high, side, side)),
            *_up(high, middle),
            Residual(middle),
            *_up(middle, low),
            Residual(low),
            *_up(low, thin),
            Residual(thin),
            nn.Conv2d(thin, 4 * in_channels, 3, 1, 1),
            nn.PixelShuffle(2),
        )

    def features(self, x: Tensor) -> Tensor:
        """What the encoder holds just before its codes: (N, hidden)."""
        # Normalization hides plain areas' colors, so a small copy of the picture goes around it.
        small = 4 * F.adaptive_avg_pool2d(x, COARSE).flatten(1) - 2
        last = x.contiguous(memory_format=torch.channels_last)  # the CPU's convolutions like it
        held: Tensor = self.seen(torch.cat([self.encoder(last), small], 1))
        return held

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the posterior, (N, D, 1, 1) each."""
        codes = self.code(self.features(x))[..., None, None]
        if self.posterior == "normal":
            mean, log_variance = codes.chunk(2, 1)
            return mean, log_variance.clamp(-10, 10)
        return codes, torch.full_like(codes, SURE)

    def logits(self, z: Tensor) -> Tensor:
        """Codes (N, D, 1, 1) to the pictures' log-odds (N, C, S, S)."""
        held = self.held(z.flatten(1))
        fine: Tensor = self.decoder(held).contiguous()
        small = self.coarse(held).reshape(len(fine), -1, COARSE, COARSE)
        return fine + F.interpolate(small, fine.shape[-2:], mode="bilinear")

    def decode(self, z: Tensor) -> Tensor:
        """Codes (N, D, 1, 1) to pictures (N, C, S, S) in [0, 1]."""
        return self.logits(z).sigmoid()


class Residual(nn.Module):
    """What a convolution adds to its own input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_turned(nn.Conv2d(width, width, 3, 1, 1, bias=False)))

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, width, h, w) to the same."""
        added: Tensor = x + self.layers(x)
        return added


def _turned(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU(inplace=True)]


def _up(wide: int, thin: int) -> list[nn.Module]:
    return [*_turned(nn.Conv2d(wide, 4 * thin, 1, bias=False)), nn.PixelShuffle(2)]
