"""Settings drawn by chance from what a method declares, small enough to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from phosphene import load_network
from phosphene.errors import InputError
from phosphene.knobs import (
    AutoencoderChoice,
    BrushChoice,
    Choice,
    Choices,
    ClassChoice,
    File,
    Flag,
    Knob,
    LayerChoice,
    Mask,
    NetworkChoice,
    Parameter,
    Picture,
    Pictures,
    Point,
    Range,
    parameters,
)
from phosphene.methods import METHODS
from phosphene.methods.instant_style.taught import FOLDER
from phosphene.networks.autoencoders import CARRIED
from phosphene.networks.zoo import EMBEDDED
from tests.pictures import PALACE, PANDA

CLASSES = ("tabby", "Persian cat", "7", "bell pepper")
CLIP = Path(__file__).parents[2] / "apps" / "style_transfer" / "examples" / "pan.mp4"
LEFT_OUT = 0.7
"""The share of those settings that are left as they are, where they may be."""


def settings(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Arguments of a method, the same for the same seed; pictures are written into the folder."""
    draw, drawn = Random(f"{name} {seed}"), {}
    # Layers are those of the network, and masks have the shape of the picture.
    order = (NetworkChoice, Picture)
    for p in sorted(parameters(METHODS[name]), key=lambda p: not isinstance(p.knob, order)):
        small = getattr(p.knob, "quick", None) is not None
        if p.required or small or draw.random() > LEFT_OUT:
            value = _value(p, draw, drawn, folder)
            drawn |= {} if value is None else {p.name: value}
    return drawn


def _value(p: Parameter, draw: Random, drawn: dict[str, Any], folder: Path) -> Any:
    for kind, pick in KINDS.items():
        if isinstance(p.knob, kind):
            return pick(p, draw, drawn, folder)
    return None


def _number(p: Parameter, draw: Random, *_: Any) -> float:
    knob: Any = p.knob
    low, high = knob.low, knob.high
    if knob.quick is not None:
        low, high = knob.quick, min(high, 2 * knob.quick)
    value = draw.choice((low, high, draw.uniform(low, high)))
    try:
        return float(knob.check(p.name, value))
    except InputError:  # a whole number is asked for
        return round(value)


def _network(p: Parameter, draw: Random, *_: Any) -> str | None:
    knob: Any = p.knob
    here = [name for name in knob.options if name in EMBEDDED]
    return draw.choice((knob.quick, draw.choice(here)))


def _layer(p: Parameter, draw: Random, drawn: dict[str, Any], _: Path) -> Any:
    knob: Any = p.knob
    network = load_network(drawn.get("network") or "efficientnet_lite0", device="cpu")
    layers = [*network.taps]
    return tuple(draw.sample(layers, 2)) if knob.several else draw.choice(layers)


def _picture(p: Parameter, draw: Random, _: Any, folder: Path) -> str:
    noise = Image.effect_noise(draw.choice(((64, 96), (90, 40), (32, 32))), 90)
    path = folder / f"{p.name}.png"
    noise.convert(draw.choice(("L", "RGBA", "P"))).save(path)
    return f"{draw.choice((PALACE, PANDA, path))}"


def _mask(p: Parameter, draw: Random, drawn: dict[str, Any], folder: Path) -> str | None:
    knob: Any = p.knob
    if knob.of not in drawn:
        return None
    with Image.open(drawn[knob.of]) as picture:
        mask = Image.new("L", picture.size)
    mask.paste(255, (0, 0, draw.randint(1, mask.width), draw.randint(1, mask.height)))
    mask.save(path := folder / f"{p.name}.png")
    return str(path)


def _some(p: Parameter, draw: Random, *_: Any) -> tuple[str, ...]:
    knob: Any = p.knob
    return tuple(draw.sample(knob.options, draw.randint(1, min(3, len(knob.options)))))


KINDS: dict[type[Knob], Callable[..., Any]] = {
    Range: _number,
    Flag: lambda p, draw, *_: draw.random() < 0.5,
    Choice: lambda p, draw, *_: draw.choice(p.knob.options),
    Choices: _some,
    Point: lambda p, draw, *_: (draw.random(), draw.choice((0, 1, draw.random()))),
    NetworkChoice: _network,
    AutoencoderChoice: lambda p, draw, *_: draw.choice((p.knob.quick, draw.choice([*CARRIED]))),
    LayerChoice: _layer,
    BrushChoice: lambda p, draw, *_: draw.choice(sorted(FOLDER.glob("*.brush"))).read_text(),
    ClassChoice: lambda p, draw, *_: draw.choice(CLASSES),
    Picture: _picture,
    Pictures: lambda p, draw, *_: [str(path) for path in draw.sample((PALACE, PANDA), 2)],
    Mask: _mask,
    File: lambda p, draw, *_: str(CLIP) if p.name == "video" else None,
}
