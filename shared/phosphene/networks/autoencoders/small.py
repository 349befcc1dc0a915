"""Small convolutional autoencoders as models of diffusers: saved and loaded as theirs are.

Import it only where diffusers is installed; `networks.autoencoder` sees to that.
"""

from __future__ import annotations

from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin

from phosphene.networks.autoencoders.color_layers import ColorLayers
from phosphene.networks.autoencoders.layers import SmallLayers


class SmallAutoencoder(ModelMixin, SmallLayers, ConfigMixin):
    """The layers with a configuration; `data` names the pictures that it learned from."""

    config_name = "config.json"  # type: ignore[assignment]

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        sample_size: int = 28,
        in_channels: int = 1,
        latent_channels: int = 2,
        widths: tuple[int, int] = (24, 36),
        hidden: int = 96,
        posterior: str = "normal",
        scaling_factor: float = 1.0,
        data: str = "",
    ) -> None:
        """The layers, with random weights."""
        SmallLayers.__init__(
            self, sample_size, in_channels, latent_channels, widths, hidden, posterior
        )
        self._gradient_checkpointing_func = None  # all that ModelMixin would add


class ColorAutoencoder(ModelMixin, ColorLayers, ConfigMixin):
    """The layers for color pictures with a configuration; `data` names what it learned from."""

    config_name = "config.json"  # type: ignore[assignment]

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        sample_size: int = 64,
        in_channels: int = 3,
        latent_channels: int = 48,
        widths: tuple[int, int, int, int] = (24, 48, 96, 160),
        hidden: int = 256,
        posterior: str = "normal",
        scaling_factor: float = 1.0,
        data: str = "",
    ) -> None:
        """The layers, with random weights."""
        ColorLayers.__init__(
            self, sample_size, in_channels, latent_channels, widths, hidden, posterior
        )
        self._gradient_checkpointing_func = None
