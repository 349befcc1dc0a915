"""The layers of a small convolutional autoencoder, whether diffusers is installed or not."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SURE = -30.0
"""The log-variance of a posterior that is a point."""


class SmallLayers(nn.Module):
    """Pictures (N, C, S, S) in [0, 1] to codes (N, D, 1, 1) and back (arXiv 1312.6114).

    `posterior` is `normal`, with a mean and a log-variance, or `point`, a code without noise.
    """

    def __init__(
        self,
        sample_size: int = 28,
        in_channels: int = 1,
        latent_channels: int = 2,
        widths: tuple[int, int] = (24, 36),
        hidden: int = 96,
        posterior: str = "normal",
    ) -> None:
        """The layers, with random weights."""
        super().__init__()
        first, second = widths
        side = sample_size // 4
        flat = second * side * side
        ways = 2 if posterior == "normal" else 1
        self.posterior = posterior
        self.encoder = nn.Sequential(
            nn.Conv2d(in_channels, first, 4, 2, 1),
            nn.SiLU(),
            nn.Conv2d(first, second, 4, 2, 1),
            nn.SiLU(),
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
            nn.Unflatten(1, (second, side, side)),
            nn.ConvTranspose2d(second, first, 4, 2, 1),
            nn.SiLU(),
            nn.ConvTranspose2d(first, in_channels, 4, 2, 1),
        )

    def features(self, x: Tensor) -> Tensor:
        """What the encoder holds just before its codes: (N, hidden)."""
        held: Tensor = self.encoder[:-1](x)
        return held

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the posterior, (N, D, 1, 1) each."""
        codes = self.encoder(x)[..., None, None]
        if self.posterior == "normal":
            mean, log_variance = codes.chunk(2, 1)
            return mean, log_variance.clamp(SURE, 20)
        return codes, torch.full_like(codes, SURE)

    def logits(self, z: Tensor) -> Tensor:
        """Codes (N, D, 1, 1) to the pictures' log-odds (N, C, S, S)."""
        pixels: Tensor = self.decoder(z.flatten(1))
        return pixels

    def decode(self, z: Tensor) -> Tensor:
        """Codes (N, D, 1, 1) to pictures (N, C, S, S) in [0, 1]."""
        return self.logits(z).sigmoid()
