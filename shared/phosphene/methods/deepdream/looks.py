"""Ready-made dreams, and all of them on one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Picture, Range, Seed, parameters
from phosphene.methods import method
from phosphene.methods.deepdream.dream import dream
from phosphene.methods.variations import variations

LOOKS: Mapping[str, Mapping[str, Any]] = {
    "Creatures": {},
    "Menagerie": {"rounds": 2, "strength": 1.2, "turn": 6},
    "Eyes": {"network": "vgg19", "layer": "relu4_2", "octaves": 4, "steps": 8},
    "Seals": {"network": "vgg19", "layer": "relu5_1", "octaves": 4, "steps": 8},
    "Scales": {"layer": "blocks.3.2", "color": 0.35},
    "Woodcut": {"layer": "blocks.2", "strength": 0.8, "calm": 0.5},
    "Mosaic": {"layer": "blocks.1", "octaves": 4},
    "Relief": {"layer": "blocks.0", "octaves": 4, "strength": 0.5},
    "Temples": {"layer": "blocks.5.3", "calm": 0.7, "color": 0.35},
    "Gardens": {"layer": "blocks.5.1", "strength": 1.2},
}
"""Settings of `dream` by name, chosen by looking."""
COLUMNS = 5


@method
def dream_looks(
    image: Annotated[ImageLike, Picture(label="Your picture")],
    *,
    size: Annotated[
        int, Range(96, 768, 32, label="Size of each", help="longer side, pixels", quick=96)
    ] = 256,
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Dream one picture in every look, as one captioned sheet; each panel sets its look's knobs."""
    touched = {name for look in LOOKS.values() for name in look}
    base = {p.name: p.default for p in parameters(dream) if p.name in touched}
    whole = {name: base | dict(look) for name, look in LOOKS.items()}
    yield from variations(dream, whole, COLUMNS, image=image, size=size, seed=seed, device=device)
