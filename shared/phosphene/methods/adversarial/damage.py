"""What happens to pictures on their way: JPEG, blur, resizing, noise, a screenshot."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Generator, Tensor

from phosphene import images
from phosphene.images.filters import blur
from phosphene.methods.adversarial.goals import View
from phosphene.methods.adversarial.norms import straight_through
from phosphene.networks.network import Network


def jpeg(quality: int) -> View:
    """Through a JPEG file of a quality; the gradient passes as if nothing had happened."""

    def through(x: Tensor) -> Tensor:
        with torch.no_grad():
            parts = [images.to_tensor(_saved(images.to_image(p[None]), quality)) for p in x]
            return torch.cat(parts).to(x)

    return lambda x: straight_through(x, through(x))


def _saved(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def blurred(radius: float) -> View:
    """A Gaussian blur; radius 0 is none."""
    return lambda x: blur(x, radius) if radius else x


def resized(share: float) -> View:
    """To a share of its size and back again."""

    def there_and_back(x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        small = (max(8, round(height * share)), max(8, round(width * share)))
        less = F.interpolate(x, small, mode="bilinear", antialias=True)
        return F.interpolate(less, (height, width), mode="bilinear", antialias=True)

    return there_and_back


def noisy(levels: float, generator: Generator) -> View:
    """Gaussian noise of a standard deviation in gray levels."""

    def added(x: Tensor) -> Tensor:
        noise = torch.randn(x.shape, generator=generator).to(x)
        return (x + levels / 255 * noise).clamp(0, 1)

    return added


def screenshot(x: Tensor) -> Tensor:
    """Shown a little larger than it is, shifted by half a pixel, its gray curve bent."""
    height, width = x.shape[-2:]
    larger = F.interpolate(
        x, (round(height * 1.25), round(width * 1.25)), mode="bicubic", antialias=True
    ).clamp(1e-4, 1)
    shifted = 0.5 * (larger[..., 1:, 1:] + larger[..., :-1, :-1])
    return F.interpolate(shifted**1.1, (height, width), mode="bilinear", antialias=True)


def ways(quality: int, radius: float, share: float, levels: float, seed: int) -> dict[str, View]:
    """The ways of a table, by their names."""
    generator = torch.Generator().manual_seed(seed)
    return {
        f"JPEG, quality {quality}": jpeg(quality),
        f"blur of {radius:g} pixels": blurred(radius),
        f"resized to {share:.0%} and back": resized(share),
        f"noise of {levels:g} gray levels": noisy(levels, generator),
        "a screenshot": screenshot,
    }


def hardships(seed: int) -> Sequence[View]:
    """Views drawn anew whenever they are asked: an attack survives them (arXiv 1707.07397)."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    def drawn(make: Callable[[], View]) -> View:
        def view(x: Tensor) -> Tensor:
            return make()(x)  # made when it is asked, with new numbers

        return view

    return (
        drawn(lambda: jpeg(int(uniform(50, 95)))),
        drawn(lambda: blurred(uniform(0.3, 1.3))),
        drawn(lambda: resized(uniform(0.5, 0.9))),
        drawn(lambda: noisy(uniform(2, 12), generator)),
        screenshot,
    )


def smoothed(network: Network, x: Tensor, levels: float, draws: int, seed: int) -> dict[str, float]:
    """How often each class is the answer under noise, most often first (arXiv 1902.02918)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((draws, *x.shape[1:]), generator=generator).to(x)
    pictures = x + levels / 255 * noise
    with torch.no_grad():
        answers = [network.logits(part).argmax(1) for part in torch.split(pictures, 8)]
    votes = Counter(torch.cat(answers).tolist())
    return {network.label(index): count / draws for index, count in votes.most_common()}
