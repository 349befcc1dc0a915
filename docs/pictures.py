"""The pictures of the READMEs, made by the code they advertise.

python docs/pictures.py hero              docs/images/hero.jpg
python docs/pictures.py pairs [NAME ...]  the pairs of style transfer, then their sheet
python docs/pictures.py softened          EfficientNet-Lite0, plain and softened
python docs/pictures.py looks             the looks of style transfer, the koala as the Great Wave
python docs/pictures.py walks [NAME ...]  inversion's walks of VGG-19; only those named
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from PIL import Image, ImageOps

import phosphene

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "apps"
PAINTED = APPS / "style_transfer" / "pictures"
GAP, WIDTH = 6, 1180


def row(pictures: list[Image.Image], height: int = 360, width: int | None = None) -> Image.Image:
    """Pictures side by side, all of one height; of a height that makes the row `width` wide."""
    if width:
        free = width - GAP * (len(pictures) - 1)
        height = round(free / sum(p.width / p.height for p in pictures))
    same = [p.resize((p.width * height // p.height, height)) for p in pictures]
    whole = width or sum(p.width + GAP for p in same) - GAP
    page = Image.new("RGB", (whole, height), "white")
    left = 0
    for picture in same:
        page.paste(picture, (left, 0))
        left += picture.width + GAP
    return page


def stacked(rows: list[Image.Image]) -> Image.Image:
    """Rows one below the other."""
    page = Image.new("RGB", (WIDTH, sum(r.height + GAP for r in rows) - GAP), "white")
    top = 0
    for item in rows:
        page.paste(item, (0, top))
        top += item.height + GAP
    return page


def saved(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=90)


def hero() -> None:
    def dreamt(name: str, **look: object) -> Image.Image:
        photo = APPS / "deepdream" / "examples" / f"{name}.jpg"
        *_, last = phosphene.dream(photo, **look)  # type: ignore[arg-type]
        return last.image

    eyes = {"network": "vgg19", "octaves": 4, "steps": 8}
    pictures = [
        dreamt("chameleon", tap="relu5_1", **eyes),
        dreamt("coffee", tap="relu4_2", **eyes),
        dreamt("flower"),
    ]
    saved(row(pictures), ROOT / "docs" / "images" / "hero.jpg")


def page_of(name: str) -> ModuleType:
    """An app's module, for its examples and presets."""
    spec = spec_from_file_location("app", APPS / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    app = module_from_spec(spec)
    spec.loader.exec_module(app)
    return app


def looks() -> None:
    """Every look of style transfer as a small picture, the Great Wave over the koala."""
    app = page_of("style_transfer")
    for name, settings in app.LOOKS.items():
        if "network" in settings:  # EfficientNet needs more pixels than a thumbnail has
            continue
        *_, last = phosphene.stylize(**app.examples()[1], **{**settings, "size": 192})
        small = ImageOps.fit(last.image, (192, 144), centering=(0.5, 0.35))
        file = f"{name.lower().replace(' ', '_')}.jpg"
        saved(small, APPS / "style_transfer" / "looks" / file)
        print(f"{name}: {last.seconds:.1f} s", flush=True)


def pairs(*names: str) -> None:
    """Every pair of the page with the default settings; only those named."""
    app = page_of("style_transfer")
    examples = {Path(pair["content"]).stem: pair for pair in app.examples()}
    for name in names or examples:
        *_, last = phosphene.stylize(**examples[name])
        saved(last.image, PAINTED / f"{name}.jpg")
        print(f"{name}: {last.seconds:.1f} s", flush=True)
    cards = [card(name, Path(pair["style"])) for name, pair in examples.items()]
    rows = [row(cards[first : first + 4], width=WIDTH) for first in range(0, len(cards), 4)]
    saved(stacked(rows), PAINTED / "pairs.jpg")


def card(name: str, style: Path) -> Image.Image:
    """A painting with its style in the corner."""
    picture = Image.open(PAINTED / f"{name}.jpg").copy()
    corner = ImageOps.expand(ImageOps.contain(Image.open(style), (92, 92)), 3, "white")
    picture.paste(corner, (0, picture.height - corner.height))
    return picture


def softened() -> None:
    """Two pairs painted by EfficientNet-Lite0: plain activations left, softened right."""
    examples = APPS / "style_transfer" / "examples"
    shown = []
    for photo, art in (("summer_palace", "great_wave"), ("cat", "composition_viii")):
        for activations in ("plain", "soft"):
            *_, last = phosphene.stylize(
                examples / f"{photo}.jpg",
                examples / "styles" / f"{art}.jpg",
                network="efficientnet_lite0",
                activations=activations,
                size=384,
            )
            shown.append(last.image)
    saved(row(shown, width=WIDTH), PAINTED / "softened.jpg")


def walks(*names: str) -> None:
    """Ten layers of VGG-19 at 224 pixels, 96 iterations each."""
    app = APPS / "feature_inversion"
    for name in names or ("koala", "summer_palace"):
        photo = app / "examples" / f"{name}.jpg"
        *_, last = phosphene.invert_layers(photo, size=224, steps=96)
        saved(last.image, app / "pictures" / f"{name}_vgg19.jpg")
        print(f"{name}: {last.seconds:.1f} s, {dict(last.metrics)}", flush=True)


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["hero"]
    {"hero": hero, "pairs": pairs, "softened": softened, "looks": looks, "walks": walks}[what](
        *rest
    )
