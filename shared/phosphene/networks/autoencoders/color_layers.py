"""The layers of a color autoencoder that is quick on one core of a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phosphene.networks.autoencoders.layers import SURE


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
        self.encoder = nn.Sequential(
            *_turned(nn.Conv2d(in_channels, thin, 4, 2, 1, bias=False)),
            *_turned(nn.Conv2d(thin, low, 4, 2, 1, bias=False)),
            *_turned(nn.Conv2d(low, middle, 3, 2, 1, bias=False)),
            Residual(middle),
            *_turned(nn.Conv2d(middle, high, 3, 2, 1, bias=False)),
            nn.Flatten(),
            nn.Linear(flat, hidden),
            nn.SiLU(),
            nn.Linear(hidden, ways * latent_channels),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent_channels, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
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
        held: Tensor = self.encoder[:-1](_last(x))
        return held

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the posterior, (N, D, 1, 1) each."""
        codes = self.encoder(_last(x))[..., None, None]
        if self.posterior == "normal":
            mean, log_variance = codes.chunk(2, 1)
            return mean, log_variance.clamp(-10, 10)
        return codes, torch.full_like(codes, SURE)

    def logits(self, z: Tensor) -> Tensor:
        """Codes (N, D, 1, 1) to the pictures' log-odds (N, C, S, S)."""
        pixels: Tensor = self.decoder(z.flatten(1))
        return pixels.contiguous()

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


def _last(x: Tensor) -> Tensor:
    """Channels last in memory: this CPU's convolutions are quicker so."""
    return x.contiguous(memory_format=torch.channels_last)


def _turned(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU(inplace=True)]


def _up(wide: int, thin: int) -> list[nn.Module]:
    return [*_turned(nn.Conv2d(wide, 4 * thin, 1, bias=False)), nn.PixelShuffle(2)]
