"""Painted films: how far paint moves that should stay, with and without, and pictures a second.

    python benchmarks/film.py [steady] [speed] [camera]

steady: the mean squared difference of a painted picture and the one before it, moved along
(arXiv 1604.08610), outside of what was hidden. Of the clip that is known, a window moving over a
photograph, the motion is exact; of the other it is found by a slower flow than painting uses.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from _tables import HERE, Options, main
from PIL import Image, ImageOps

from phosphene import images
from phosphene.images import clips, flow, reels
from phosphene.images.flow import Array, Motion, Steady
from phosphene.methods.films import filmed
from phosphene.methods.instant_style.films import Camera, painter
from phosphene.methods.instant_style.hand import Hand, Wish
from phosphene.networks.stylizer import STYLES
from phosphene.ui.camera import Roll

DOCUMENT = "film.md"
APPS = HERE.parent / "apps"
CLIP = APPS / "deepdream" / "examples" / "pan.mp4"
PHOTO = APPS / "style_transfer" / "examples" / "summer_palace.jpg"
CHOSEN = (7, 19)
RATE = 12
SHIFT = (3.4, 1.3)
"""Pixels that the known clip's window moves from picture to picture."""
WAYS = {
    "each picture for itself": (False, False),
    "statistics smoothed": (True, False),
    "carried along by flow": (False, True),
    "both": (True, True),
}


def known(count: int, side: int) -> list[Image.Image]:
    """A window that moves over a photograph, by `SHIFT` from picture to picture."""
    width, height = side, side * 3 // 4
    wide = (width + math.ceil(SHIFT[0] * count), height + math.ceil(SHIFT[1] * count))
    photo = ImageOps.fit(images.load(PHOTO), wide)
    boxes = [(SHIFT[0] * n, SHIFT[1] * n) for n in range(count)]
    return [
        photo.resize((width, height), Image.Resampling.BICUBIC, (x, y, x + width, y + height))
        for x, y in boxes
    ]


def exact(pictures: Sequence[Image.Image]) -> list[Motion]:
    """The motions of the known clip: trusted but for the edge that comes into sight."""
    width, height = pictures[0].size
    there = np.broadcast_to(np.float32(SHIFT), (height, width, 2)).copy()
    trust = np.ones((height, width), np.float32)
    trust[:, -math.ceil(SHIFT[0]) :] = trust[-math.ceil(SHIFT[1]) :] = 0
    return [Motion(there, trust)] * (len(pictures) - 1)


def found(pictures: Sequence[Image.Image]) -> list[Motion]:
    """The motions of a clip as a slower flow sees them."""
    cv = flow.opencv("this benchmark", "film")
    slow = cv.DISOpticalFlow_create(cv.DISOPTICAL_FLOW_PRESET_MEDIUM)
    arrays = [np.asarray(picture) for picture in pictures]
    return [flow.motion_of(slow, *pair) for pair in pairwise(arrays)]


def painted(
    pictures: Sequence[Image.Image], style: int, smooth: bool, carry: bool, device: str
) -> list[Array]:
    """The clip in one of the 26 styles, float (H, W, 3)."""
    hand, track, paintings = hand_of(device, smooth, style), Steady(), []
    for picture in pictures:
        array = np.asarray(picture)
        motion = track.look(array)
        elapsed = 1 / RATE if motion else math.inf
        x = hand.paint(images.to_tensor(picture, hand.device), elapsed)
        painting = x[0].permute(1, 2, 0).float().cpu().numpy()
        if carry:
            painting = track.settle(painting, motion, elapsed)
        paintings.append(painting)
    return paintings


def hand_of(device: str, steady: bool, style: int = 0) -> Hand:
    hand = Hand(device, steady)
    hand.take(Wish(STYLES[style]))
    return hand


def error(paintings: Sequence[Array], motions: Sequence[Motion]) -> float:
    """The mean warping error of a painted clip."""
    pairs = zip(pairwise(paintings), motions, strict=True)
    return statistics.fmean(flow.warping_error(b, a, motion) for (a, b), motion in pairs)


def steady(options: Options) -> Iterator[str]:
    """Warping errors of two clips, in three styles, of each way to paint them."""
    count, side = (3, 96) if options.smoke else (12, 256)
    shots = [shot.picture for shot in clips.Clip(CLIP).shots(side)][:count]
    window = known(count, side)
    sources = {
        "pan.mp4": (shots, found(shots)),
        "a window over a photograph": (window, exact(window)),
    }
    yield "| clip | style | " + " | ".join(WAYS) + " | how many times less |"
    yield "|---|---|" + "---|" * (len(WAYS) + 1)
    for name, (pictures, motions) in sources.items():
        for style in CHOSEN:
            errors = [
                error(painted(pictures, style, *way, options.device), motions)
                for way in WAYS.values()
            ]
            cells = " | ".join(f"{1000 * value:.2f}" for value in errors)
            yield f"| {name} | {STYLES[style]} | {cells} | {errors[0] / errors[-1]:.1f} |"


def speed(options: Options) -> Iterator[str]:
    """Pictures a second of a whole film: read, painted, written."""
    yield "| size | each picture for itself | steady |"
    yield "|---|---|---|"
    for side in (96,) if options.smoke else (256, 384, 512):
        rates: dict[bool, list[float]] = {False: [], True: []}
        with tempfile.TemporaryDirectory() as folder:
            path = film(Path(folder) / "window.mp4", side, 4 if options.smoke else 36)
            for number in range(options.rounds + 1):
                for still, taken in rates.items():
                    speed = measured(path, side, hand_of(options.device, still), still)
                    if number or options.smoke:
                        taken.append(speed)
        cells = " | ".join(f"{statistics.median(rates[still]):.1f}" for still in (False, True))
        yield f"| {side} | {cells} |"


def film(path: Path, side: int, count: int) -> Path:
    """The known clip as a file."""
    pictures = known(count, side)
    reel = reels.Reel(pictures[0].size, RATE)
    data = [reel.add(picture, number / RATE) for number, picture in enumerate(pictures)]
    path.write_bytes(b"".join([*data, reel.close()]))
    return path


def measured(path: Path, side: int, hand: Hand, still: bool) -> float:
    """Pictures a second."""
    frames = filmed(clips.Clip(path), side, None, painter(hand, 1.0, False), still)
    started = time.perf_counter()
    count = sum(1 for _ in frames)
    return count / (time.perf_counter() - started)


def camera(options: Options) -> Iterator[str]:
    """Pictures a second of a camera on the server's side: from the picture that came to a JPEG."""
    yield "| size | each picture for itself | steady |"
    yield "|---|---|---|"
    count, seen = (4, known(4, 96)) if options.smoke else (24, known(24, 640))
    for side in (96,) if options.smoke else (256, 384, 512):
        rates = [rolled(seen, side, still, options.device) for still in (False, True)]
        yield f"| {side} | {count / rates[0]:.1f} | {count / rates[1]:.1f} |"


def rolled(seen: Sequence[Image.Image], side: int, still: bool, device: str) -> float:
    """Seconds for the pictures of a camera, the median of some rounds after one to get warm."""
    roll = Roll("paint_camera", Camera())
    usual = {"style": STYLES[CHOSEN[1]], "brush": "", "strength": 1.0, "keep_colors": False}
    taken = []
    for _ in range(4):
        started = time.perf_counter()
        for picture in seen:
            roll.add(usual | {"content": picture, "steady": still, "size": side, "device": device})
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


PARTS = {"steady": steady, "speed": speed, "camera": camera}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
