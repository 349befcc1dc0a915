"""Style transfer: paint a picture with another picture's brush."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import (
    instant,
    paint_camera,
    paint_video,
    stylize,
    stylize_video,
    teach,
    texture,
    ui,
    vary_style,
)
from phosphene.methods.instant_style.films import Camera
from phosphene.networks.stylizer import STYLES

EXAMPLES = Path(__file__).parent / "examples"

PAIRS = (
    ("summer_palace", "village_street_auvers"),
    ("koala", "great_wave"),
    ("cat", "composition_viii"),
    ("scarlet_macaw", "poppies"),
    ("astronaut", "poppies"),
    ("polar_bear", "aigues_mortes"),
    ("panda", "prawns"),
    ("moose", "inokashira_snow"),
    ("flower", "moulin_de_la_galette"),
    ("chameleon", "village_street_auvers"),
    ("coffee", "kazusa_sea_route"),
    ("lemur", "harvesters"),
)

LOOKS: dict[str, dict[str, Any]] = {
    "Painted": {},
    "Gentle": {"strength": 2.5},
    "Wild": {"strength": 8.5, "brush": 1.5},
    "Fine brush": {"brush": 0.5},
    "Broad brush": {"brush": 1.6, "strength": 6},
    "My colors": {"colors": "mine"},
    "My palette": {"colors": "matched"},
    "Dreaming": {"dream": 0.5},
    "From noise": {"start": "noise", "strength": 4.5, "steps": 14},
    "Quick": {"network": "efficientnet_lite0"},
    "Finest": {"statistics": "wasserstein", "size": 256, "steps": 12},
}


# A style is chosen by its thumbnail, whatever was given before; the first is what the form holds.
INSTANT: dict[str, dict[str, Any]] = {
    "Starry blue": {},
    **{
        name: {"style": name, "painting": None, "brush": ""}
        for name in STYLES
        if name != "Starry blue"
    },
}

CLIP = {"video": str(EXAMPLES / "pan.mp4")}
FILMS: dict[str, dict[str, Any]] = {
    "Starry blue": {},
    "Ink and peach": {"style": "Ink and peach"},
    "Stained glass": {"style": "Stained glass"},
}


def film() -> list[ui.View]:
    """The film first; its pictures are of no shape to compare."""
    return [ui.Film(), ui.Picture(), ui.Steps()]


def examples() -> list[dict[str, str]]:
    """The pairs as pictures of the form."""
    return [
        {
            "content": str(EXAMPLES / f"{photo}.jpg"),
            "style": str(EXAMPLES / "styles" / f"{art}.jpg"),
        }
        for photo, art in PAIRS
    ]


def photographs() -> list[dict[str, str]]:
    """The first photograph in the form's own style, others like a painting."""
    first, *others = examples()
    return [
        {"content": first["content"]},
        *({"content": e["content"], "painting": e["style"]} for e in others[:8]),
    ]


def samples() -> list[dict[str, str]]:
    """Every style once, from the end of the alphabet: the first pair's comes first."""
    files = sorted((EXAMPLES / "styles").glob("*.jpg"), reverse=True)
    return [{"sample": str(file)} for file in files]


demo = ui.page(
    "Style transfer",
    "What is in a picture and how it is painted lie in different numbers of the same network: "
    "keep the one of your photograph, take the other from a painting.",
    papers=[
        ("Gatys et al. 2015", "https://arxiv.org/abs/1508.06576"),
        ("Gatys et al. 2017, colors and scale", "https://arxiv.org/abs/1611.07865"),
        ("Wang et al. 2021, other networks", "https://arxiv.org/abs/2104.05623"),
        ("Dumoulin et al. 2016, many styles in one pass", "https://arxiv.org/abs/1610.07629"),
        ("Ghiasi et al. 2017, any style in one pass", "https://arxiv.org/abs/1705.06830"),
    ],
    tabs=[
        ui.Tab(
            "Transfer",
            stylize,
            presets=LOOKS,
            looks=EXAMPLES.parent / "looks",
            results=EXAMPLES.parent / "results",
            examples=examples(),
            resume="resume",
            explain="Content is what deep features say is where; style is which features fire "
            "together, no matter where (their Gram matrix). The painting starts at 128 pixels "
            "and grows. *Continue* goes on from the result, with the settings as they are then.",
        ),
        ui.Tab(
            "Instant",
            instant,
            presets=INSTANT,
            looks=EXAMPLES.parent / "looks" / "instant",
            results=EXAMPLES.parent / "results",
            examples=photographs(),
            live=True,
            views=[ui.Picture(), ui.Compare("content")],
            explain="One pass through a network: it follows every change. Choose one of 26 styles, "
            "any painting of yours, or a brush that was taught. Up to four styles blend on a "
            "square; one with a mask paints there alone. The paintings behind the 26 are not "
            "named in their file: the names say what is seen.",
        ),
        ui.Tab(
            "Teach",
            teach,
            examples=[examples()[n] for n in (1, 2, 0)],
            views=[ui.Picture(), ui.Compare("content"), ui.Steps(), ui.Plot()],
            results=EXAMPLES.parent / "results",
            teaches="Instant",
            explain="A network that paints in one pass learns your painting: 990 numbers, "
            "a brush of 3 KB. Watch it on your photograph and stop when you like it. The brush is "
            "then on your shelf in this browser, a file to keep and a link to send: it paints any "
            "picture, at once. Prints are learned best.",
        ),
        ui.Tab(
            "Paint a film",
            paint_video,
            presets=FILMS,
            examples=[CLIP],
            views=film(),
            results=EXAMPLES.parent / "results",
            group="Film",
            way="At once",
            explain="Every picture of your clip is painted in one pass; its sound stays. *Steady* "
            "keeps paint where it is put: switch it off to see the flicker. *Stop* keeps the film "
            "so far.",
        ),
        ui.Tab(
            "Film, slowly",
            stylize_video,
            examples=[{**CLIP, "style": str(EXAMPLES / "styles" / "great_wave.jpg")}],
            views=film(),
            results=EXAMPLES.parent / "results",
            group="Film",
            way="Slowly, by optimization",
            explain="The painting of *Transfer*, picture by picture, each begun from the one "
            "before it: several seconds a picture, and it looks like it. Try a short clip.",
        ),
        ui.Tab(
            "Camera",
            paint_camera,
            stream=Camera,
            views=[ui.Live(), ui.Snapshot(), ui.Film("Clip")],
            explain="Your camera, painted as you move; change the style while it runs. The "
            "pictures go to the machine that this page runs on and are not kept, but for the last "
            "ten seconds while the camera is on.",
        ),
        ui.Tab(
            "Texture",
            texture,
            examples=samples()[:6],
            views=[ui.Picture(), ui.Steps(), ui.Plot()],
            results=EXAMPLES.parent / "results",
            explain="Style with no content: from noise, until the statistics are the sample's. "
            "A tileable texture can be laid side by side without a seam.",
        ),
        ui.Tab(
            "Vary one thing",
            vary_style,
            examples=examples()[:2],
            views=[ui.Picture(), ui.Panels("Each")],
            results=EXAMPLES.parent / "results",
            explain="The same two pictures with one setting changed: a row for the lecture.",
        ),
    ],
    emoji="🎨",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
