"""A film painted by optimization, each picture from the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

from PIL import Image

from phosphene import images
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.images.clips import SUFFIXES, Clip
from phosphene.knobs import Choice, File, Flag, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.films import filmed
from phosphene.methods.style_transfer.parameters import Net, Steps
from phosphene.methods.style_transfer.stylize import stylize

FILM: dict[str, Any] = {"advanced": True, "group": "Film"}


@method
def stylize_video(
    video: Annotated[str, File(label="Your video", suffixes=SUFFIXES)],
    style: Annotated[ImageLike, Picture(label="Style")],
    *,
    strength: Annotated[
        float, Range(0.5, 10, 0.5, label="Style strength", help="10: all paint")
    ] = 5.0,
    brush: Annotated[
        float, Range(0.25, 2, 0.05, label="Brush size", help="the style's scale in the picture")
    ] = 1.0,
    colors: Annotated[str, Choice(("style", "mine"), label="Colors")] = "style",
    steady: Annotated[
        bool, Flag(label="Steady", help="paint stays on what moves; off: each picture for itself")
    ] = True,
    size: Annotated[
        int, Range(64, 1024, 32, label="Size", help="longer side, pixels", quick=64)
    ] = 256,
    rate: Annotated[float, Range(1, 30, 1, label="Pictures a second", help="at most", quick=1)] = 6,
    steps: Steps = 5,
    seed: Seed = 0,
    network: Net = "vgg19",
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint a clip with a style by optimization, slowly (arXiv 1508.06576, 1604.08610).

    Each picture starts from the painting before it, moved to where its parts are now; after a cut
    from itself. The film has the clip's times and sound; `frame.film` are its next bytes.
    """

    def paint(
        picture: Image.Image, carried: Image.Image | None, elapsed: float
    ) -> Iterator[Image.Image]:
        frames: Any = stylize(
            picture,
            style,
            strength=strength,
            brush=brush,
            colors=colors,
            size=max(picture.size),
            steps=steps,
            resume=carried,
            network=network,
            seed=seed,
            device=device,
        )
        with closing(frames):
            yield from (frame.image for frame in frames)

    images.load(style)  # what is wrong with it is said before anything is painted
    yield from filmed(Clip(video), size, rate, paint, steady)
