"""A small autoencoder whose code has places, as Stable Diffusion's has: what is trained on what.

It learns from the photographs and paintings of the apps, in the public domain or CC-BY, which are
in a checkout and not in the package.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phosphene import images
from phosphene.errors import InputError
from phosphene.networks.autoencoder import small_autoencoder
from phosphene.training.fit import Plan, Training

FOLDER = Path(__file__).resolve().parents[3] / "apps" / "style_transfer" / "examples"
LEARNED = (
    "astronaut",
    "cat",
    "flower",
    "moose",
    "panda",
    *(
        f"styles/{name}"
        for name in (
            "aigues_mortes",
            "composition_viii",
            "ejiri_suruga",
            "great_wave",
            "harvesters",
            "inokashira_snow",
            "kazusa_sea_route",
            "lion",
            "moulin_de_la_galette",
            "poppies",
            "prawns",
            "village_street_auvers",
        )
    ),
)
HELD = ("coffee", "summer_palace")
CROP, CROPS = 32, 6000
"""Pixels of a side of what is seen at a time, and how many such pieces are cut out."""
SIZES = 512, 320, 200
"""Longer sides at which the pictures are cut up."""
GRAIN, SMALL = 0.05, 1e-3
"""Deviation of the noise on codes while learning, and what a code's square costs: near 1 it is."""

PLANS = (
    Plan(
        "photos_tiny",
        "photos",
        "point",
        steps=1200,
        batch=8,
        rate=4e-3,
        about="Autoencoder of photographs and paintings",
        model={
            # Few layers where there are many pixels.
            "encoder_block_out_channels": (24, 24, 24),
            "decoder_block_out_channels": (24, 24, 24),
            "num_encoder_blocks": (0, 1, 3),
            "num_decoder_blocks": (3, 1, 0),
            "latent_channels": 4,
        },
    ),
)


class PhotoTraining(Training):
    """The loop over pieces of pictures, as AutoencoderTiny of diffusers takes them."""

    def __init__(self, plan: Plan, pieces: Tensor) -> None:
        """Pieces (N, 3, S, S) uint8."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            model = small_autoencoder("AutoencoderTiny", **plan.model)
        super().__init__(plan, pieces, model)
        # This CPU's convolutions are quicker with channels last; diffusers' own `to` has no such.
        nn.Module.to(self.model, memory_format=torch.channels_last)

    def _update(self) -> Tensor:
        """One step: absolute and squared differences, and the square of the codes."""
        self._anneal()
        chosen = torch.randint(len(self.pictures), (self.plan.batch,), generator=self.generator)
        clean = self.pictures[chosen].float() / 127.5 - 1
        if torch.rand((), generator=self.generator) < 0.5:
            clean = clean.flip(-1)
        self.model.train()
        codes = self.model.encoder(clean.contiguous(memory_format=torch.channels_last))
        noise = torch.randn(codes.shape, generator=self.generator)
        rebuilt = self.model.decoder(codes + GRAIN * noise)
        error = F.l1_loss(rebuilt, clean) + F.mse_loss(rebuilt, clean)
        loss = error + SMALL * codes.square().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return torch.stack([error.detach(), torch.zeros(())])


def pieces(seed: int = 0) -> Tensor:
    """Pieces of the pictures at several sizes, (N, 3, CROP, CROP) uint8."""
    if not FOLDER.is_dir():
        raise InputError(f"{FOLDER} is not there; train this one in a checkout of the project")
    generator = torch.Generator().manual_seed(seed)
    cut = []
    each = CROPS // (len(LEARNED) * len(SIZES))
    for name in LEARNED:
        for size in SIZES:
            whole = photo(name, size)[0]
            rooms = [side - CROP for side in whole.shape[-2:]]
            for _ in range(each):
                top, left = (
                    int(torch.randint(room + 1, (), generator=generator)) for room in rooms
                )
                cut.append(whole[:, top : top + CROP, left : left + CROP])
    return (torch.stack(cut) * 255).round().to(torch.uint8)


def photo(name: str, size: int) -> Tensor:
    """A picture of the apps (1, 3, H, W), its longer side `size`."""
    return images.to_tensor(images.load(FOLDER / f"{name}.jpg", size))
