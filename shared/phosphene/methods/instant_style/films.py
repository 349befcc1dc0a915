"""Films and cameras painted in one pass a picture, held still where nothing changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeAlias

from PIL import Image

from phosphene import images
from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.images.clips import SUFFIXES, Clip, even
from phosphene.knobs import Choice, File, Flag, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.films import Painter, Scenes, filmed
from phosphene.methods.instant_style.hand import Hand, Wish
from phosphene.methods.instant_style.taught import BrushText
from phosphene.networks.stylizer import STYLES

FIRST = STYLES[19]
"""A style whose strokes move well."""
FILM: dict[str, Any] = {"advanced": True, "group": "Film"}

Style: TypeAlias = Annotated[
    str, Choice(STYLES, label="Style", help="where neither a painting nor a brush is given")
]
Painting: TypeAlias = Annotated[
    ImageLike | None,
    Picture(label="Any painting", help="painted like this one instead", advanced=True),
]
Strength: TypeAlias = Annotated[
    float, Range(0, 1, 0.05, label="Strength", help="0: the picture itself")
]
KeepColors: TypeAlias = Annotated[
    bool, Flag(label="Keep the colors", help="only brightness is painted")
]
Still: TypeAlias = Annotated[
    bool, Flag(label="Steady", help="paint stays on what it is on; off: each picture for itself")
]


@method
def paint_video(
    video: Annotated[str, File(label="Your video", suffixes=SUFFIXES)],
    *,
    style: Style = FIRST,
    brush: BrushText = "",
    strength: Strength = 1.0,
    keep_colors: KeepColors = False,
    steady: Still = True,
    size: Annotated[
        int, Range(64, 1024, 32, label="Size", help="longer side, pixels", quick=64)
    ] = 512,
    rate: Annotated[
        float, Range(1, 60, 1, label="Pictures a second", help="at most", quick=2, **FILM)
    ] = 30,
    painting: Painting = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint a clip, of any length, in one pass a picture; its sound and its times stay.

    arXiv 1610.07629 and 1705.06830; `steady` smooths the statistics that the network normalizes
    with and lays each painting over the one before, moved by optical flow where that is sure
    (arXiv 1604.08610), which needs OpenCV. A cut begins anew. `frame.film` are the film's next
    bytes: those of all frames so far, in a row, are an MP4. Nothing is drawn at random.
    """
    hand = Hand(device, steady)
    hand.take(Wish(style, painting, brush))
    yield from filmed(Clip(video), size, rate, painter(hand, strength, keep_colors), steady)


@method
def paint_camera(
    content: Annotated[ImageLike, Picture(label="Your camera")],
    *,
    style: Style = FIRST,
    brush: BrushText = "",
    strength: Strength = 1.0,
    keep_colors: KeepColors = False,
    steady: Still = True,
    size: Annotated[
        int, Range(64, 1024, 32, label="Size", help="longer side, pixels", advanced=True, quick=64)
    ] = 384,
    painting: Painting = None,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Paint what a camera sees: here one picture of it; `Camera` paints one after the other."""
    yield Camera()(
        content=content,
        style=style,
        brush=brush,
        strength=strength,
        keep_colors=keep_colors,
        steady=steady,
        size=size,
        painting=painting,
        device=device,
    )


class Camera:
    """One camera: call it with the arguments of `paint_camera`, again and again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._of: tuple[Any, ...] = ()

    def __call__(
        self,
        content: ImageLike,
        *,
        style: str,
        brush: str,
        strength: float,
        keep_colors: bool,
        steady: bool,
        size: int,
        painting: ImageLike | None = None,
        seed: int = 0,
        device: str | None = None,
    ) -> Frame:
        """The picture that it sees now, painted; it goes on from the last where that was alike."""
        now = self._clock()
        picture = even(images.load(content), size)
        if self._of != (picture.size, steady, device):  # nothing of before fits
            self._of = (picture.size, steady, device)
            self._hand, self._scenes = Hand(device, steady), Scenes(steady)
        wish = Wish(style, painting, brush)
        if self._hand.take(wish):
            self._scenes = Scenes(steady)
        paint = painter(self._hand, strength, keep_colors)
        *_, painted = self._scenes.paint(picture, now, paint)
        return Frame(painted, seconds=self._clock() - now)


def painter(hand: Hand, strength: float, keep_colors: bool) -> Painter:
    """One pass a picture."""

    def paint(
        picture: Image.Image, carried: Image.Image | None, elapsed: float
    ) -> Iterator[Image.Image]:
        x = images.to_tensor(picture, hand.device)
        yield images.to_image(hand.finished(x, strength, keep_colors, elapsed))

    return paint
