"""Teaching a brush: how far its style and the photograph's content are after so much work.

    python benchmarks/teach.py [PART ...]

seconds: four paintings, from the network's nearest style, as the page teaches them. Seconds are
    those of one core, all threads added up: two cores take about half, whatever else they do.

twelve (takes long, by its name alone): all twelve paintings, taught as the page does by default,
    and the sheet of them beside the network that takes any painting: apps/style_transfer/pictures.

Loss is a mean over photographs that no brush learns on; "any style" is what the network that takes
any painting makes of the same ones in one pass, without learning anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from _tables import HERE, Options, main
from PIL import Image, ImageOps
from torch import Tensor

from phosphene import images, load_network
from phosphene.methods.instant_style.lessons import STYLE_WEIGHT, Lesson
from phosphene.methods.instant_style.teach import PAINTING, opened, teach
from phosphene.networks import brush_file
from phosphene.networks.any_style import load_any_style
from phosphene.networks.stylizer import load_stylizer

DOCUMENT = "teach.md"
EXAMPLES = HERE.parent / "apps" / "style_transfer" / "examples"
PAINTINGS = ("great_wave", "composition_viii", "village_street_auvers", "poppies")
UNSEEN = ("panda", "koala", "scarlet_macaw", "summer_palace")
MOMENTS = (5, 15, 40)
SIX = ("koala", "summer_palace", "panda", "scarlet_macaw", "lemur", "polar_bear")
SHEET = HERE.parent / "apps" / "style_transfer" / "pictures" / "taught.jpg"
GAP = 6


def photographs(side: int, names: Sequence[str] = UNSEEN) -> list[Tensor]:
    """Photographs that are not among those that a brush learns on."""
    return [images.to_tensor(images.load(EXAMPLES / f"{name}.jpg", side)) for name in names]


@torch.no_grad()
def losses(lesson: Lesson, photos: Sequence[Tensor], paint) -> tuple[float, float]:
    """Style and content of what `paint` makes of photographs, on average."""
    rows = [lesson.terms(paint(photo), photo, 1 / STYLE_WEIGHT) for photo in photos]
    style, content = (sum(float(row[name]) for row in rows) for name in ("style", "content"))
    return style / len(rows), content / len(rows)


def of_any_style(painting: Tensor):
    """The network that takes any painting, with this one."""
    net = load_any_style("cpu")
    vector = net.code(painting)
    return lambda photo: net.paint(photo, vector)


def seconds(options: Options) -> Iterator[str]:
    """Losses of the brush after so many seconds, the search for the nearest style among them."""
    names, moments = (PAINTINGS[:1], (1,)) if options.smoke else (PAINTINGS, MOMENTS)
    side = 64 if options.smoke else 256
    photos, stylizer, net = photographs(side), load_stylizer("cpu"), load_network("vgg19")
    yield "| painting | core seconds | steps | style | content |"
    yield "|---|---|---|---|---|"
    for name in names:
        file = EXAMPLES / "styles" / f"{name}.jpg"
        painting = opened(file, PAINTING, stylizer.device)
        lesson = Lesson.of(net, painting)
        words = name.replace("_", " ")
        begun, left = time.process_time(), list(moments)
        for frame in teach(file, size=64, steps=3000, device="cpu"):
            taken = time.process_time() - begun
            if taken < left[0]:
                continue
            brush = brush_file.read(frame.panels[0].sets["brush"])
            style, content = losses(lesson, photos, lambda p, b=brush: stylizer.paint_with(p, b))
            yield f"| {words} | {taken:.0f} | {frame.step} | {style:.3f} | {content:.3f} |"
            begun += time.process_time() - begun - taken  # looking is not learning
            left.pop(0)
            if not left:
                break
        style, content = losses(lesson, photos, of_any_style(painting))
        yield f"| {words} | any style | 0 | {style:.3f} | {content:.3f} |"


def twelve(options: Options) -> Iterator[str]:
    """Losses on six photographs of a brush of each painting and of the any-style network."""
    files = sorted((EXAMPLES / "styles").glob("*.jpg"))[: 1 if options.smoke else None]
    side, steps = (64, 10) if options.smoke else (256, 150)
    photos, stylizer, net = photographs(side, SIX), load_stylizer("cpu"), load_network("vgg19")
    large = photographs(2 * side, SIX[:2])
    yield "| painting | style, brush | style, any style | content, brush | content, any style |"
    yield "|---|---|---|---|---|"
    rows: list[Image.Image] = []
    for file in files:
        painting = opened(file, PAINTING, stylizer.device)
        lesson = Lesson.of(net, painting)
        *_, last = teach(file, size=64, steps=steps, device="cpu")
        brush = brush_file.read(last.panels[0].sets["brush"])
        ways = (lambda p, b=brush: stylizer.paint_with(p, b)), of_any_style(painting)
        (s1, c1), (s2, c2) = (losses(lesson, photos, way) for way in ways)
        name = file.stem.replace("_", " ")
        yield f"| {name} | {s1:.3f} | {s2:.3f} | {c1:.3f} | {c2:.3f} |"
        with torch.no_grad():
            shown = [painting, *(way(photo) for photo in large for way in ways)]
        rows.append(in_a_row([images.to_image(picture) for picture in shown]))
    if not options.smoke:
        page = Image.new(
            "RGB", (rows[0].width, sum(row.height + GAP for row in rows) - GAP), "white"
        )
        for number, row in enumerate(rows):
            page.paste(row, (0, number * (row.height + GAP)))
        page.save(SHEET, quality=80)


def in_a_row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one size side by side, the first apart from the others."""
    width, height = 230, 172
    row = Image.new("RGB", (len(pictures) * (width + GAP) + GAP, height), "white")
    for number, picture in enumerate(pictures):
        small = ImageOps.fit(picture, (width, height), centering=(0.5, 0.4))
        row.paste(small, (number * (width + GAP) + GAP * (number > 0), 0))
    return row


PARTS = {"seconds": seconds, "twelve": twelve}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS, by_name=("twelve",))
