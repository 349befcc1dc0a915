"""Style transfer by optimization: one picture's content, the other's brush (arXiv 1508.06576)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, cast

import torch
from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.errors import InputError, WeightsError
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.images import colors as hues
from phosphene.knobs import Choice, LayerChoice, Mask, Picture, Range, Seed, Text
from phosphene.methods import method
from phosphene.methods.style_transfer.loss import painting_loss
from phosphene.methods.style_transfer.parameters import (
    Averaging,
    Content,
    Net,
    Optimizer,
    Smooth,
    Statistics,
    Steps,
    StepSize,
)
from phosphene.methods.style_transfer.sketch import NOTE, sketch
from phosphene.methods.style_transfer.sources import (
    Styles,
    StyleSource,
    further,
    listed,
    regions,
    sources,
)
from phosphene.methods.style_transfer.spec import TV_WEIGHT, StyleSpec, parse_layers
from phosphene.methods.style_transfer.statistics import Kind
from phosphene.methods.style_transfer.strength import (
    content_weight,
    kept_detail,
    loosened,
    thinned,
)
from phosphene.networks.loading import Pooling, load_network
from phosphene.networks.one_pass import MIN_SIDE
from phosphene.optimize.canvas import noise
from phosphene.optimize.losses import Loss
from phosphene.optimize.pyramid import Search, paint, schedule, sizes_up_to

DREAM_WEIGHT = 0.1
MORE = "More styles"


@method
def stylize(
    content: Content,
    style: Annotated[Styles, Picture(label="Style")],
    *,
    strength: Annotated[
        float,
        Range(0, 10, 0.5, label="Style strength", help="0: your photograph, 10: all paint"),
    ] = 5.0,
    brush: Annotated[
        float, Range(0.25, 2, 0.05, label="Brush size", help="the style's scale in the picture")
    ] = 1.0,
    colors: Annotated[
        str,
        Choice(
            ("style", "mine", "matched"),
            label="Colors",
            help="mine: only brightness is painted; matched: the style takes on your palette first",
        ),
    ] = "style",
    size: Annotated[
        int, Range(64, 2048, 32, label="Size", help="longer side, pixels", quick=64)
    ] = 512,
    second: Annotated[
        ImageLike | None, Picture(label="Second style", advanced=True, group=MORE)
    ] = None,
    second_share: Annotated[
        float, Range(0, 1, 0.05, label="Second style's share", advanced=True, group=MORE)
    ] = 0.5,
    second_mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Second style only here", advanced=True, group=MORE),
    ] = None,
    third: Annotated[
        ImageLike | None, Picture(label="Third style", advanced=True, group=MORE)
    ] = None,
    third_share: Annotated[
        float, Range(0, 1, 0.05, label="Third style's share", advanced=True, group=MORE)
    ] = 0.33,
    third_mask: Annotated[
        ImageLike | None,
        Mask(of="content", label="Third style only here", advanced=True, group=MORE),
    ] = None,
    dream: Annotated[
        float,
        Range(
            0,
            1,
            0.05,
            label="Dream",
            help="0 paints, 1 dreams (DeepDream)",
            advanced=True,
            group="Dream",
        ),
    ] = 0.0,
    steps: Steps = 8,
    rounds: Annotated[
        int,
        Range(
            1,
            10,
            label="Rounds",
            help="how often the full size is gone over",
            advanced=True,
            group="Search",
        ),
    ] = 1,
    start: Annotated[
        str,
        Choice(
            ("content", "noise", "style", "sketch"),
            label="Start from",
            help="sketch: painted in one pass",
            advanced=True,
            group="Search",
        ),
    ] = "content",
    resume: Annotated[
        ImageLike | None,
        Picture(
            label="Continue from",
            help="a result of these settings: more rounds",
            advanced=True,
            group="Search",
        ),
    ] = None,
    optimizer: Optimizer = "both",
    lr: StepSize = 0.05,
    average: Averaging = 0.8,
    seed: Seed = 0,
    statistics: Statistics = "gram",
    style_layers: Annotated[
        str,
        Text(
            label="Style layers, weights",
            placeholder="relu1_1 256, relu2_1 64, ...",
            help="empty: what suits the network",
            advanced=True,
            group="Statistics",
        ),
    ] = "",
    content_layer: Annotated[
        str,
        LayerChoice(
            label="Content layer",
            help="empty: what suits the network",
            advanced=True,
            group="Statistics",
        ),
    ] = "",
    smooth: Smooth = 1.0,
    network: Net = "vgg19",
    pooling: Annotated[
        str, Choice(("max", "average"), label="Pooling", advanced=True, group="Network")
    ] = "max",
    activations: Annotated[
        str,
        Choice(
            ("auto", "soft", "plain"),
            label="Activations",
            help="soft levels their peaks; auto: soft on all networks but VGG",
            advanced=True,
            group="Network",
        ),
    ] = "auto",
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint the content with the brush of one or several styles, from coarse to fine.

    arXiv 1508.06576, 1611.07865. In Python `style` may be a list: of pictures, of pairs (picture,
    share), of `phosphene.Style(picture, share, mask)`. The parameters in groups:

    - what is painted: `content`, `style`, `strength` (0 is the photograph itself, 5 a painting of
      it, 10 a painting begun mostly from noise), `brush` and `colors`, at `size`;
    - further styles, as the page has them: `second` and `third`, each with its share in the blend
      (one `style` has 1) or with a mask, where it paints alone; a list needs none of them;
    - how it is searched: `start`, `steps`, `rounds`, `resume`, `seed`; `optimizer`, and `lr` and
      `average` of its Adam;
    - what is compared: `statistics` of `style_layers`, and `content_layer`, of `network` with its
      `pooling` and `activations`; `dream` and `smooth` weigh two further terms.
    """
    styles = [
        *listed(style),
        *further("second", second, second_share, second_mask),
        *further("third", third, third_share, third_mask),
    ]
    net = load_network(network, device=device, pooling=cast(Pooling, pooling))
    spec = StyleSpec.of(
        net,
        {
            "style": 1 - dream,
            "content": content_weight(strength),
            "dream": DREAM_WEIGHT * dream,
            "tv": TV_WEIGHT * smooth,
        },
        kind=cast(Kind, statistics),
        style=parse_layers(style_layers),
        content=content_layer,
        soft=None if activations == "auto" else activations == "soft",
    )
    photo = images.load(content, size)
    spec.check_size(photo.height, photo.width)
    original = images.to_tensor(photo, net.device)
    brushes = list(sources(styles, original, colors))
    if not strength:
        yield Frame(photo, note="your photograph itself")
        return
    # "mine": what is compared is brightness alone, and the colors come back at the end.
    mine = colors == "mine"
    subject = hues.luminance(original) if mine else original

    def loss_at(height: int, width: int) -> Loss:
        side = max(height, width) * brush
        scaled = [source.scaled(side, spec.min_side) for source in brushes]
        places = regions(spec, scaled, height, width)
        loss = painting_loss(spec, places, images.scaled(subject, height, width))
        return (lambda x: loss(hues.luminance(x))) if mine else loss

    def finish(x: Tensor) -> Tensor:
        painting = hues.recolor(x, images.scaled(original, *x.shape[-2:])) if mine else x
        return thinned(painting, original, strength)

    first = _first(start, subject, brushes, strength, seed)
    sizes = sizes_up_to(photo.height, photo.width, spec.min_side)
    search = cast(Search, optimizer)
    plan = schedule(sizes, steps, rounds, search)
    if resume is not None:  # rounds that come after the first one
        first = images.to_tensor(_same_shape(resume, photo.size), net.device)
        plan = schedule(sizes, steps, rounds + 1, search)[-rounds:]
    elif preview := _preview(subject, brushes, finish):
        yield Frame(preview, 0, sum(part.steps for part in plan), note=NOTE)
    detail = kept_detail(subject, strength) if start == "content" else None
    yield from paint(first, plan, loss_at, lr=lr, average=average, finish=finish, detail=detail)


def _preview(
    subject: Tensor, styles: Sequence[StyleSource], finish: Callable[[Tensor], Tensor]
) -> Image.Image | None:
    """The sketch, where the network for it is installed and takes so small a picture."""
    if min(subject.shape[-2:]) < MIN_SIDE:
        return None
    try:
        return images.to_image(finish(sketch(subject, styles)))
    except WeightsError:
        return None


def _first(
    start: str, subject: Tensor, styles: Sequence[StyleSource], strength: float, seed: int
) -> Tensor:
    height, width = subject.shape[-2:]
    generator = torch.Generator().manual_seed(seed)
    if start == "noise":
        return noise(height, width, spread=0.2, generator=generator).to(subject.device)
    if start == "style":
        return images.scaled(styles[0].picture, height, width)
    if start == "sketch":
        return sketch(subject, styles)
    return loosened(subject, strength, generator)


def _same_shape(picture: ImageLike, size: tuple[int, int]) -> Image.Image:
    loaded = images.load(picture)
    if loaded.size != size:
        raise InputError(
            f"the picture to continue from is {loaded.width}×{loaded.height}; "
            f"it must be {size[0]}×{size[1]}, as these settings made it"
        )
    return loaded
