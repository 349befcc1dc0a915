"""Frozen autoencoders: pictures to codes and back, whatever class of diffusers they are of."""

from __future__ import annotations

import inspect
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from phosphene import device as devices
from phosphene.errors import InputError, WeightsError, quoted, unknown
from phosphene.networks import hollow, weights
from phosphene.networks.autoencoders import CARRIED, WEIGHTS
from phosphene.networks.autoencoders.color_layers import ColorLayers
from phosphene.networks.autoencoders.layers import SmallLayers
from phosphene.networks.kept import Kept
from phosphene.networks.loading import note_use
from phosphene.networks.registry import Row, locked_row
from phosphene.networks.weights import Source

OWN: dict[str, type[SmallLayers] | type[ColorLayers]] = {
    "SmallAutoencoder": SmallLayers,
    "ColorAutoencoder": ColorLayers,
}
"""Classes of this project, with their layers, which need no diffusers."""
CLASSES = (*OWN, "AutoencoderKL", "AutoencoderTiny")
"""What a repository's config.json may name."""
KEPT = 4
"""Autoencoders that stay loaded."""
TILE = 1024
"""Pixels of a side above which large autoencoders work in tiles."""

_HUB = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)?")
_loaded: Kept[tuple[str, str], Autoencoder] = Kept(KEPT)


@dataclass(frozen=True)
class Posterior:
    """What an encoder says of pictures: mean and log-variance, (N, C, h, w) each."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, generator: torch.Generator, strength: float = 1.0) -> Tensor:
        """A draw (N, C, h, w) with the noise turned up or down; 0 is the mean."""
        noise = torch.randn(self.mean.shape, generator=generator).to(self.mean)
        return self.mean + strength * noise * (0.5 * self.log_variance).exp()


class Autoencoder:
    """A frozen autoencoder: `encode` and `decode`; pictures (N, 3 or 1, H, W) in [0, 1].

    Codes are scaled as a diffusion model would see them. `side` is the only picture side that it
    takes, 0 where any multiple of `factor` will do; `noisy` says whether its posterior has a
    spread; `data` names the pictures that an embedded one learned from.
    """

    def __init__(
        self, name: str, model: Any, config: Any, source: Source, where: torch.device
    ) -> None:
        self.name, self.weights, self.device = name, source, where
        self.kind: str = config._class_name
        self.dtype = _precision(config, where, self.kind)
        # diffusers' own `to` warns of a precision that it was not loaded in.
        self._model = nn.Module.to(model, where, self.dtype).eval().requires_grad_(False)
        small = self.kind in OWN
        self.channels: int = config.in_channels
        self.latent_channels: int = config.latent_channels
        self.side: int = config.sample_size if small else 0
        self.factor: int = config.sample_size if small else _factor(config, self.kind)
        self.scaling_factor: float = getattr(config, "scaling_factor", None) or 1.0
        self.shift_factor: float = getattr(config, "shift_factor", None) or 0.0
        self.noisy: bool = config.posterior == "normal" if small else self.kind == "AutoencoderKL"
        self.data: str = config.data if small else ""

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Posterior:
        """Pictures in [0, 1] -> mean and log-variance of their codes."""
        x = self._fitting(pictures).to(self.device, self.dtype)
        with devices.device_lock(self.device):
            if self.kind in OWN:
                mean, log_variance = self._model.encode(x)
            elif self.kind == "AutoencoderTiny":
                mean = self._model.encode(2 * x - 1).latents
                log_variance = torch.full_like(mean, -30.0)
            else:
                spread = self._model.encode(2 * x - 1).latent_dist
                mean, log_variance = spread.mean, spread.logvar
        scaled = (mean.float() - self.shift_factor) * self.scaling_factor
        return Posterior(scaled, log_variance.float() + 2 * math.log(self.scaling_factor))

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Codes (N, C, h, w) -> pictures in [0, 1]."""
        if codes.ndim != 4 or codes.shape[1] != self.latent_channels:
            raise InputError(
                f"codes have the shape {tuple(codes.shape)}; {self.name} decodes "
                f"(N, {self.latent_channels}, h, w)"
            )
        codes = codes.to(self.device, torch.float32)
        with devices.device_lock(self.device):
            return self.rendered(codes).clamp(0, 1)

    def rendered(self, codes: Tensor) -> Tensor:
        """The same with a gradient, not clamped; codes on the device, which the caller holds."""
        z = (codes / self.scaling_factor + self.shift_factor).to(self.dtype)
        decoded: Any = self._model.decode(z)
        if self.kind in OWN:
            return decoded.float()  # type: ignore[no-any-return]
        return decoded.sample.float() / 2 + 0.5  # type: ignore[no-any-return]

    @torch.no_grad()
    def features(self, pictures: Tensor) -> Tensor:
        """What a classifier may start from, (N, D): the encoder's last layer before the codes."""
        if self.kind not in OWN:
            return self.encode(pictures).mean.flatten(1)
        x = self._fitting(pictures).to(self.device, self.dtype)
        with devices.device_lock(self.device):
            return self._model.features(x).float()  # type: ignore[no-any-return]

    def _fitting(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        if pictures.ndim != 4 or pictures.shape[1] not in (1, 3):
            raise InputError(
                f"pictures have the shape {tuple(pictures.shape)}; give (N, {self.channels}, H, W)"
            )
        if self.side and (height, width) != (self.side, self.side):
            raise InputError(f"picture is {width}×{height}; {self.name} takes {self.side} squared")
        if height % self.factor or width % self.factor:
            raise InputError(
                f"picture is {width}×{height}; {self.name} takes multiples of {self.factor}"
            )
        if pictures.shape[1] == self.channels:
            return pictures
        if self.channels == 1:
            return pictures.mean(1, keepdim=True)
        return pictures.expand(-1, self.channels, -1, -1)


def load_autoencoder(
    name: str = "digits_vae", *, device: str | torch.device | None = None
) -> Autoencoder:
    """A frozen autoencoder by name, loaded once and shared: an embedded one or OWNER/REPOSITORY.

    A repository of the Hub holds an AutoencoderKL or AutoencoderTiny of diffusers; its folder may
    follow, as in OWNER/REPOSITORY/vae. InputError for no such name, WeightsError without weights.
    """
    where = devices.pick(str(device) if device is not None else None)
    found = _loaded.get((name, str(where)), lambda: _load(name, where))
    note_use(found.weights)
    return found


def small_autoencoder(kind: str = "SmallAutoencoder", **settings: Any) -> Any:
    """One of this project's own, or of diffusers, with random weights: a training's start."""
    return _class(kind)(**settings)


def saved(folder: Path) -> Any:
    """The layers of a small autoencoder in a folder, as its weights were saved there."""
    model = _layers(_read(folder / "config.json"))
    model.load_state_dict(load_file(folder / WEIGHTS))
    return model.float().eval()


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of each posterior (N, ...) from N(0, I) in nats: (N,) (arXiv 1312.6114)."""
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.flatten(1).sum(1)


def _load(name: str, where: torch.device) -> Autoencoder:
    config, source = _files(name, where)
    kind = config.get("_class_name")
    if kind not in CLASSES:
        theirs = ", ".join(CLASSES[len(OWN) :])
        raise InputError(f"{name} is a {quoted(kind)}; choose one of {theirs}")
    small = kind in OWN
    make = _layers if small else _class(str(kind)).from_config
    try:
        model: Any = hollow.filled(
            lambda: make(config), lambda m: m, lambda _: _renamed(weights.load(source, where))
        )
    except RuntimeError as error:
        if isinstance(error, WeightsError) or "CUDA" in str(error):
            raise
        raise WeightsError(f"the weights in {source.origin} do not fit {name}") from None
    if not small:
        _spare_memory(model)
    # What diffusers fills in where a configuration leaves it out is in the model's own.
    settings = SimpleNamespace(**({} if small else dict(model.config)) | config)
    return Autoencoder(name, model, settings, source, where)


def _files(name: str, where: torch.device) -> tuple[dict[str, Any], Source]:
    """The configuration and the checked weights of a name."""
    if name in CARRIED:
        known = CARRIED[name]
        source = weights.packaged(name, known.folder / WEIGHTS, known.license, known.attribution)
        return _read(known.folder / "config.json"), source
    if not _HUB.fullmatch(name):
        raise unknown("autoencoder", name, [*CARRIED, "OWNER/REPOSITORY"])
    owner, repository, *folder = name.split("/")
    repo = f"{owner}/{repository}"
    config, source = (
        weights.fetch_row(
            locked_row(Row(name, "see its page on the Hub", repo, repo, "/".join([*folder, file]))),
            device_type=where.type,
        )
        for file in ("config.json", WEIGHTS)
    )
    return _read(config.path), source


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise WeightsError(f"{path} cannot be read; delete it and try again") from None
    return dict(config)


def _layers(config: dict[str, Any]) -> SmallLayers | ColorLayers:
    """An embedded one needs no diffusers, whose import takes seconds."""
    kind = OWN[config["_class_name"]]
    known = inspect.signature(kind).parameters
    return kind(**{name: config[name] for name in known if name in config})


def _class(kind: str) -> Any:
    try:
        import diffusers

        from phosphene.networks.autoencoders import small
    except ImportError:
        words = "autoencoders of the Hub and training need diffusers; run: pip install diffusers"
        raise InputError(words) from None
    return getattr(small if kind in OWN else diffusers, kind)


_OLD = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def _renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Stable Diffusion's own files have attention under its older names."""
    pattern = re.compile(r"(attentions\.\d+\.)(query|key|value|proj_attn)\.")
    return {
        pattern.sub(lambda m: f"{m[1]}{_OLD[m[2]]}.", key): value for key, value in state.items()
    }


def _spare_memory(model: Any) -> None:
    """Batches one by one; large pictures in tiles that overlap."""
    model.enable_slicing()
    if type(model).__name__ == "AutoencoderKL":  # a tiny one tiles small pictures too
        model.enable_tiling()
        model.tile_sample_min_size = TILE
        model.tile_latent_min_size = TILE // _factor(model.config, type(model).__name__)


def _factor(config: Any, kind: str) -> int:
    """Pixels of a side that become one of the code's."""
    if kind == "AutoencoderTiny":
        return int(2 ** (len(config.num_encoder_blocks) - 1))
    return int(2 ** (len(config.block_out_channels) - 1))


def _precision(config: Any, where: torch.device, kind: str) -> torch.dtype:
    """Half precision on a GPU; SDXL's overflows in float16 and says so."""
    if where.type != "cuda" or kind in OWN:
        return torch.float32
    return torch.bfloat16 if getattr(config, "force_upcast", False) else torch.float16
