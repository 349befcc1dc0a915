"""The pictures of the README, made by the code they advertise: python docs/pictures.py"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import phosphene

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "apps" / "deepdream" / "examples"
HEIGHT, GAP = 360, 6


def dreamt(name: str, **look: object) -> Image.Image:
    *_, last = phosphene.dream(EXAMPLES / f"{name}.jpg", **look)  # type: ignore[arg-type]
    return last.image


def row(pictures: list[Image.Image]) -> Image.Image:
    """Pictures side by side, all of one height."""
    same = [p.resize((p.width * HEIGHT // p.height, HEIGHT)) for p in pictures]
    page = Image.new("RGB", (sum(p.width + GAP for p in same) - GAP, HEIGHT), "white")
    left = 0
    for picture in same:
        page.paste(picture, (left, 0))
        left += picture.width + GAP
    return page


def main() -> None:
    eyes = {"network": "vgg19", "octaves": 4, "steps": 8}
    pictures = [
        dreamt("chameleon", tap="relu5_1", **eyes),
        dreamt("coffee", tap="relu4_2", **eyes),
        dreamt("flower"),
    ]
    (ROOT / "docs" / "images").mkdir(parents=True, exist_ok=True)
    row(pictures).save(ROOT / "docs" / "images" / "hero.jpg", quality=88)


if __name__ == "__main__":
    main()
