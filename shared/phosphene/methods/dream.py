"""DeepDream: show the network more of what it already sees (Mordvintsev et al. 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
import torch.nn.functional as F
from PIL import Image

from phosphene import images, losses, transforms
from phosphene.canvas import Pixels
from phosphene.descend import Stages, descend
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import NetworkChoice, Picture, Range, TapChoice
from phosphene.methods import method
from phosphene.networks import Network, load_network


@method
def dream(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    tap: Annotated[str, TapChoice(label="Layer", help="early: strokes; late: things")] = "blocks.4",
    strength: Annotated[float, Range(0.1, 5.0, 0.1, label="Strength")] = 1.0,
    octaves: Annotated[int, Range(1, 8, label="Octaves", help="how many sizes dream")] = 4,
    steps: Annotated[int, Range(1, 100, label="Steps per octave")] = 10,
    size: Annotated[int, Range(64, 2048, 32, label="Size", help="longer side, pixels")] = 512,
    octave_scale: Annotated[
        float, Range(1.1, 2.0, 0.05, label="Octave scale", advanced=True)
    ] = 1.4,
    jitter: Annotated[int, Range(0, 64, label="Jitter", help="pixels", advanced=True)] = 16,
    smooth: Annotated[
        float, Range(0, 4, 0.1, label="Smoothing", help="of the gradient, pixels", advanced=True)
    ] = 0.5,
    network: Annotated[str, NetworkChoice(label="Network", advanced=True)] = "efficientnet_lite0",
    seed: Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True)] = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Make a picture dream: ascend the L2 norm of a tap over several octaves."""
    net = load_network(network, device=device)
    picture = images.load(image, size)
    net.check_size(tap, picture.height, picture.width)
    source = images.to_tensor(picture, net.device)
    sizes = octave_sizes(net, tap, picture.height, picture.width, octaves, octave_scale)
    generator = torch.Generator().manual_seed(seed)
    roll = transforms.jitter(jitter)
    stages = Stages(steps * len(sizes))
    detail = torch.zeros_like(source)

    def loss(x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {tap: losses.norm(net.acts(roll(x, generator), [tap])[tap])}

    for number, (height, width) in enumerate(sizes, 1):
        base = images.scaled(source, height, width)
        canvas = Pixels((base + enlarged(detail, height, width)).clamp(0, 1))

        def render(x: torch.Tensor, base: torch.Tensor = base) -> Image.Image:
            return images.to_image(source + enlarged(x - base, *source.shape[-2:]))

        # The learning rate is a step of the mean pixel; 0.01 is about one level in a hundred.
        frames = descend(
            canvas,
            loss,
            steps=steps,
            optimizer="l1",
            lr=0.01 * strength,
            smooth=smooth,
            render=render,
        )
        yield from stages.run(frames, note=f"octave {number} of {len(sizes)}")
        detail = canvas().detach() - base


def octave_sizes(
    net: Network, tap: str, height: int, width: int, octaves: int, ratio: float
) -> list[tuple[int, int]]:
    """Picture sizes from small to full, those too small for the tap left out."""
    least = net.tap(tap).minimum
    sizes = [
        (round(height / ratio**level), round(width / ratio**level))
        for level in reversed(range(octaves))
    ]
    return [size for size in sizes if min(size) >= least]


def enlarged(detail: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Detail (N, 3, h, w), which may be negative, resampled to another size."""
    if detail.shape[-2:] == (height, width):
        return detail
    return F.interpolate(detail, (height, width), mode="bicubic", align_corners=False)
