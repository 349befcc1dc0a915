"""Faces drawn from numbers: every attribute is known, and drawn independently of the others."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from phosphene.networks.autoencoders.datasets import ATTRIBUTES

SIDE = 64
"""Pixels of a picture's side."""
LEFT, ABOVE, ACROSS = 5.0, 7.0, 54.0
"""The square of the drawing that the picture shows, in the drawing's own units."""

BACKGROUNDS = ("#f2e3c9", "#cfe3ea", "#dcd3ec", "#d5e8d0", "#f3d0c8", "#e9e9e6")
SHIRTS = ("#3f6fa3", "#b3493d", "#4b8460", "#e0a93b")
SKINS = ("#fbdcc4", "#eeb98f", "#c98a5b", "#8d5a3a", "#5d3924")
HAIRS = ("#1d1714", "#4a2d1c", "#8a4a23", "#c98d3c", "#efd27c")
INK = "#2a1c18"
CENTER, TOP, WIDE, HIGH = 32.0, 33.0, 15.6, 18.2
"""The middle of the head, and its half-axes."""


@dataclass(frozen=True)
class Face:
    """A face's numbers: attributes in [-1, 1] as in `ATTRIBUTES`, and what no label names."""

    attributes: dict[str, float]
    background: str
    shirt: str
    width: float
    parting: float


def draw_numbers(generator: np.random.Generator) -> Face:
    """A face at random, every attribute independent of all others."""
    numbers = dict(zip(ATTRIBUTES, generator.uniform(-1, 1, len(ATTRIBUTES)), strict=True))
    for name in ("glasses", "beard"):
        numbers[name] = math.copysign(1.0, numbers[name])
    for name, power in (("smile", 0.7), ("open mouth", 0.8)):  # more of the ends than the middle
        numbers[name] = math.copysign(abs(numbers[name]) ** power, numbers[name])
    return Face(
        numbers,
        BACKGROUNDS[generator.integers(len(BACKGROUNDS))],
        SHIRTS[generator.integers(len(SHIRTS))],
        generator.uniform(-1, 1),
        math.copysign(generator.uniform(0.6, 1), generator.uniform(-1, 1)),
    )


def ramp(colors: tuple[str, ...], share: float) -> str:
    """A color on the way through the given ones, share in [0, 1]."""
    place = min(max(share, 0.0), 1.0) * (len(colors) - 1)
    first = min(int(place), len(colors) - 2)
    return mix(colors[first], colors[first + 1], place - first)


def mix(one: str, two: str, share: float) -> str:
    """A color between two, written #rrggbb."""
    pairs = [(int(one[i : i + 2], 16), int(two[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


@dataclass(frozen=True)
class Head:
    """Where things lie on a head that turns: angles in radians, the head an ellipsoid."""

    wide: float
    yaw: float
    pitch: float

    def place(self, across: float, down: float, out: float = 1.0) -> tuple[float, float]:
        """The x and y of a point of the surface at these angles, `out` times as far out."""
        x = CENTER + out * self.wide * math.sin(across + self.yaw) * math.cos(down)
        y = TOP + HIGH * math.sin(down) - out * 0.8 * HIGH * math.sin(self.pitch) * math.cos(down)
        return x, y

    def near(self, across: float) -> float:
        """How much of its width something there shows."""
        return math.cos(across + self.yaw) / math.cos(across)


def svg(face: Face) -> tuple[str, np.ndarray]:
    """The drawing, and the boxes (2, 4) of eyes and of mouth: left, top, right, bottom."""
    a = face.attributes
    head = Head(WIDE * (1 + 0.05 * face.width), 0.46 * a["turned"], 0.22 * a["looking up"])
    skin = ramp(SKINS, (a["dark skin"] + 1) / 2)
    hair = ramp(HAIRS, (a["light hair"] + 1) / 2)
    shade = mix(skin, "#5a1f10", 0.22)
    angle = 13 * a["tilted"]
    eyes, around_eyes = _eyes(head, a, skin)
    mouth, around_mouth = _mouth(head, a, skin)
    parts = [
        f'<rect width="64" height="64" fill="{face.background}"/>',
        _body(face, skin, shade),
        f'<g transform="rotate({angle:.2f} 32 50)">',
        _back_hair(head, a, hair),
        _neck(shade),
        _skull(head, skin, shade),
        _beard(head, hair) if a["beard"] > 0 else "",
        _nose(head, shade),
        mouth,
        eyes,
        _brows(head, a, hair),
        _front_hair(head, a, hair, face.parting),
        _glasses(head) if a["glasses"] > 0 else "",
        "</g>",
    ]
    boxes = np.stack([_turned(box, angle) for box in (around_eyes, around_mouth)])
    whole = "".join(parts)
    view = f'xmlns="http://www.w3.org/2000/svg" viewBox="{LEFT} {ABOVE} {ACROSS} {ACROSS}"'
    return f"<svg {view}>{whole}</svg>", boxes


def _body(face: Face, skin: str, shade: str) -> str:
    dark = mix(face.shirt, "#000000", 0.2)
    return (
        f'<path d="M4 66 C6 57 16 54.5 24 53 L40 53 C48 54.5 58 57 60 66 Z" fill="{face.shirt}"/>'
        f'<path d="M24 52.5 C25 60 39 60 40 52.5 Z" fill="{shade}"/>'
        f'<path d="M23.4 53 C24.5 61.5 39.5 61.5 40.6 53" fill="none" stroke="{dark}" '
        'stroke-width="1.6"/>'
    )


def _neck(shade: str) -> str:
    return f'<path d="M26 44 L38 44 L38.6 54 C37 58 27 58 25.4 54 Z" fill="{shade}"/>'


def _skull(head: Head, skin: str, shade: str) -> str:
    """Ears, and the head with a chin, lit from the upper left."""
    w, side = head.wide, 2.2 * math.sin(head.yaw)
    ear = TOP + 2.5 - 6 * math.sin(head.pitch) * -0.5
    ears = "".join(
        f'<ellipse cx="{CENTER + way * (w - 0.2) - side:.2f}" cy="{ear:.2f}" rx="2.8" ry="4" '
        f'fill="{mix(skin, shade, 0.5)}"/>'
        for way in (-1, 1)
    )
    light = (
        '<radialGradient id="s" gradientUnits="userSpaceOnUse" '
        f'cx="{CENTER - 4 + 12 * math.sin(head.yaw):.2f}" cy="28" r="25">'
        f'<stop offset="0.45" stop-color="{mix(skin, "#ffffff", 0.07)}"/>'
        f'<stop offset="1" stop-color="{shade}"/></radialGradient>'
    )
    return f'{ears}<defs>{light}</defs><path d="{_outline(head)}" fill="url(#s)"/>'


def _outline(head: Head, grow: float = 0.0) -> str:
    """The head: a dome, cheeks, and a chin that turns with it."""
    w, c, top, low = head.wide + grow, CENTER, TOP - HIGH - grow, TOP + HIGH + grow
    chin = c + 4.5 * math.sin(head.yaw)
    low += 1.5 * math.sin(-head.pitch)
    return (
        f"M{c - w:.2f} {TOP - 2:.2f} C{c - w:.2f} {top + 1:.2f} {c + w:.2f} {top + 1:.2f} "
        f"{c + w:.2f} {TOP - 2:.2f} C{c + w:.2f} {TOP + 8:.2f} {chin + 0.62 * w:.2f} {low:.2f} "
        f"{chin:.2f} {low:.2f} C{chin - 0.62 * w:.2f} {low:.2f} {c - w:.2f} {TOP + 8:.2f} "
        f"{c - w:.2f} {TOP - 2:.2f} Z"
    )


def _back_hair(head: Head, a: dict[str, float], hair: str) -> str:
    """What hangs behind the head; short hair ends at the ears, long hair on the shoulders."""
    length = (a["long hair"] + 1) / 2
    w, low = head.wide + 2.2 + 2.6 * length, TOP + 1 + 25 * length
    c, top = CENTER - 2 * math.sin(head.yaw), TOP - HIGH - 3.4
    dark = mix(hair, "#000000", 0.25)
    return (
        f'<path d="M{c - w:.2f} {low:.2f} L{c - w + 1:.2f} {TOP - 4:.2f} '
        f"C{c - w:.2f} {top - 3:.2f} {c + w:.2f} {top - 3:.2f} {c + w - 1:.2f} {TOP - 4:.2f} "
        f"L{c + w:.2f} {low:.2f} C{c + 0.6 * w:.2f} {low + 4:.2f} {c - 0.6 * w:.2f} {low + 4:.2f} "
        f'{c - w:.2f} {low:.2f} Z" fill="{dark}"/>'
    )


def _front_hair(head: Head, a: dict[str, float], hair: str, parting: float) -> str:
    """A cap down to the hairline, parted at one side, and locks where the hair is long."""
    w, c, length = head.wide + 1.0, CENTER, (a["long hair"] + 1) / 2
    top, temple = TOP - HIGH - 2.6, TOP - 3.5
    left, right = c - w, c + w
    part, high = head.place(0.45 * parting, -1.02)
    inner_left, _ = head.place(-1.02, -0.2)
    inner_right, _ = head.place(1.02, -0.2)
    inner_left, inner_right = max(inner_left, left + 1), min(inner_right, right - 1)
    drop = 14 * length
    lock = 1.2 + 2.0 * length
    return (
        f'<path d="M{left:.2f} {temple + drop:.2f} L{left - 0.3:.2f} {temple - 2:.2f} '
        f"C{left + 0.5:.2f} {top - 4:.2f} {right - 0.5:.2f} {top - 4:.2f} {right + 0.3:.2f} "
        f"{temple - 2:.2f} L{right:.2f} {temple + drop:.2f} "
        f"L{right - lock:.2f} {temple + 0.8 * drop:.2f} L{inner_right:.2f} {temple:.2f} "
        f"Q{inner_right - 1:.2f} {high + 2:.2f} {part:.2f} {high:.2f} "
        f"Q{inner_left + 1:.2f} {high + 2:.2f} {inner_left:.2f} {temple:.2f} "
        f'L{left + lock:.2f} {temple + 0.8 * drop:.2f} Z" fill="{hair}"/>'
        f'<path d="M{c - 0.6 * w:.2f} {TOP - HIGH + 4.5:.2f} Q{c - 4:.2f} {top + 1.8:.2f} '
        f'{c + 3:.2f} {top + 2.2:.2f}" fill="none" stroke="{mix(hair, "#ffffff", 0.3)}" '
        'stroke-width="1.6" stroke-linecap="round"/>'
    )


def _beard(head: Head, hair: str) -> str:
    """From ear to ear along the jaw, a moustache, and a place left for the mouth."""
    w, c = head.wide, CENTER
    chin = c + 4.5 * math.sin(head.yaw)
    low = TOP + HIGH + 1.5 + 1.5 * math.sin(-head.pitch)
    lip, y = head.place(0, 0.36, 1.08)
    color = mix(hair, "#000000", 0.15)
    cheek = y + 1.2
    return (
        f'<path d="M{c - w - 0.2:.2f} {TOP + 1:.2f} C{c - w:.2f} {TOP + 10:.2f} '
        f"{chin - 0.66 * w:.2f} {low:.2f} {chin:.2f} {low:.2f} "
        f"C{chin + 0.66 * w:.2f} {low:.2f} {c + w:.2f} {TOP + 10:.2f} {c + w + 0.2:.2f} "
        f"{TOP + 1:.2f} C{c + w - 1.5:.2f} {cheek:.2f} {lip + 7.5:.2f} {cheek - 0.5:.2f} "
        f"{lip + 4:.2f} {y - 0.6:.2f} Q{lip:.2f} {y - 1.8:.2f} {lip - 4:.2f} {y - 0.6:.2f} "
        f"C{lip - 7.5:.2f} {cheek - 0.5:.2f} {c - w + 1.5:.2f} {cheek:.2f} {c - w - 0.2:.2f} "
        f'{TOP + 1:.2f} Z" fill="{color}"/>'
    )


def _nose(head: Head, shade: str) -> str:
    top, high = head.place(0, -0.02, 1.05)
    tip, low = head.place(0, 0.24, 1.22)
    wing = 2.3 if head.yaw >= 0 else -2.3
    return (
        f'<path d="M{top:.2f} {high:.2f} L{tip + 0.3 * wing:.2f} {low:.2f} '
        f'Q{tip:.2f} {low + 1.2:.2f} {tip - wing:.2f} {low:.2f}" fill="none" '
        f'stroke="{mix(shade, INK, 0.25)}" stroke-width="1.2" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
    )


def _mouth(head: Head, a: dict[str, float], skin: str) -> tuple[str, np.ndarray]:
    """Corners go up with a smile; lips part to show teeth."""
    x, y = head.place(0, 0.56, 1.04)
    half = 6.3 * head.near(0.0)
    gap = 6.0 * max(0.0, a["open mouth"])
    corner = y - 2.6 * a["smile"]
    upper = y + 2.2 * a["smile"] - 0.25 * gap
    lower = upper + 1.6 * gap
    lip = mix(skin, "#c22f45", 0.65)
    bare = mix(lip, INK, 0.5) if a["beard"] <= 0 else mix(lip, "#ffffff", 0.25)
    left, right = x - half, x + half
    line = f"M{left:.2f} {corner:.2f} Q{x:.2f} {upper:.2f} {right:.2f} {corner:.2f}"
    below = f"Q{x:.2f} {lower:.2f} {left:.2f} {corner:.2f} Z"
    teeth = upper + 0.5 * gap
    inside = (
        f'<path d="{line} {below}" fill="#6d1620" stroke="{lip}" stroke-width="1.5" '
        'stroke-linejoin="round"/>'
    )
    white = (
        f'<path d="M{left + 1:.2f} {corner + 0.2:.2f} Q{x:.2f} {upper:.2f} {right - 1:.2f} '
        f'{corner + 0.2:.2f} Q{x:.2f} {teeth + 0.6:.2f} {left + 1:.2f} {corner + 0.2:.2f} Z" '
        'fill="#fffaf2"/>'
    )
    closed = (
        f'<path d="{line}" fill="none" stroke="{bare}" stroke-width="2" stroke-linecap="round"/>'
    )
    box = np.array([x - 8, y - 5, x + 8, y + 7])
    return (inside + white if gap > 0.8 else closed), box


def _eyes(head: Head, a: dict[str, float], skin: str) -> tuple[str, np.ndarray]:
    drawn, places = [], []
    for way in (-1, 1):
        x, y = head.place(0.46 * way, -0.08)
        wide, high = 4.1 * head.near(0.46 * way), 3.3
        look = x + 1.7 * a["gaze"]
        drawn.append(
            f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{wide:.2f}" ry="{high}" fill="#fffdf8"/>'
            f'<ellipse cx="{look:.2f}" cy="{y + 0.1:.2f}" rx="{2.0 * head.near(0.46 * way):.2f}" '
            f'ry="2.3" fill="{INK}"/>'
            f'<circle cx="{look - 0.6:.2f}" cy="{y - 0.9:.2f}" r="0.75" fill="#ffffff"/>'
            f'<path d="M{x - wide:.2f} {y - 0.6:.2f} Q{x:.2f} {y - 2 * high + 0.4:.2f} '
            f'{x + wide:.2f} {y - 0.6:.2f}" fill="none" stroke="{INK}" stroke-width="1.2" '
            'stroke-linecap="round"/>'
        )
        places.append((x, y))
    (left, y), (right, _) = places
    return "".join(drawn), np.array([left - 7, y - 7, right + 7, y + 6])


def _brows(head: Head, a: dict[str, float], hair: str) -> str:
    """Up and arched, or low and knit."""
    drawn = []
    color = mix(hair, "#000000", 0.4)
    for way in (-1, 1):
        inner, y = head.place(0.2 * way, -0.37 - 0.1 * a["brows up"])
        outer, low = head.place(0.75 * way, -0.36 - 0.04 * a["brows up"])
        inside = y + 0.9 * max(0.0, -a["brows up"])
        middle = (y + low) / 2 - 1.2 - 0.8 * a["brows up"]
        drawn.append(
            f'<path d="M{inner:.2f} {inside:.2f} Q{(inner + outer) / 2:.2f} {middle:.2f} '
            f'{outer:.2f} {low:.2f}" fill="none" stroke="{color}" stroke-width="1.8" '
            'stroke-linecap="round"/>'
        )
    return "".join(drawn)


def _glasses(head: Head) -> str:
    drawn, rims = [], []
    for way in (-1, 1):
        x, y = head.place(0.46 * way, -0.06, 1.04)
        wide = 6.0 * head.near(0.46 * way)
        temple = CENTER + way * head.wide
        drawn.append(
            f'<rect x="{x - wide:.2f}" y="{y - 5.1:.2f}" width="{2 * wide:.2f}" height="10.4" '
            'rx="3.6" fill="#bfe0f0" fill-opacity="0.25" stroke="#1b1b22" stroke-width="1.6"/>'
            f'<path d="M{x + way * wide:.2f} {y - 1.5:.2f} L{temple:.2f} {y - 2:.2f}" '
            'stroke="#1b1b22" stroke-width="1.4"/>'
        )
        rims.append((x - way * wide, y))
    (left, y), (right, _) = rims
    bridge = f"M{left:.2f} {y - 1:.2f} Q{(left + right) / 2:.2f} {y - 2.6:.2f} {right:.2f} {y - 1}"
    return f'{"".join(drawn)}<path d="{bridge}" fill="none" stroke="#1b1b22" stroke-width="1.5"/>'


def _turned(box: np.ndarray, angle: float) -> np.ndarray:
    """The same box around its middle after the head has tilted about its neck."""
    left, top, right, bottom = box
    x, y = (left + right) / 2 - 32, (top + bottom) / 2 - 50
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    middle = np.array([32 + c * x - s * y, 50 + s * x + c * y])
    half = np.array([right - left, bottom - top]) / 2
    corner = np.array([LEFT, ABOVE, LEFT, ABOVE])
    drawn = np.concatenate([middle - half, middle + half]) - corner
    turned: np.ndarray = (drawn * SIDE / ACROSS).clip(0, SIDE)
    return turned


def rendered(drawing: str, side: int = SIDE) -> np.ndarray:
    """A drawing as uint8 (side, side, 3); needs resvg_py, which only training has."""
    import resvg_py

    data = resvg_py.svg_to_bytes(svg_string=drawing, width=side, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def faces(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (N, 64, 64, 3) uint8, attributes (N, 12) in [-1, 1], boxes (N, 2, 4) in pixels."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((count, SIDE, SIDE, 3), np.uint8)
    numbers = np.empty((count, len(ATTRIBUTES)), np.float32)
    boxes = np.empty((count, 2, 4), np.float32)
    for index in range(count):
        face = draw_numbers(generator)
        drawing, boxes[index] = svg(face)
        drawn[index] = rendered(drawing)
        numbers[index] = [face.attributes[name] for name in ATTRIBUTES]
    return drawn, numbers, boxes
