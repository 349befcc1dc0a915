"""The pictures of the READMEs, made by the code they advertise.

python docs/pictures.py hero               docs/images/hero.jpg
python docs/pictures.py pairs [NAME ...]   the pairs of style transfer, then their sheet
python docs/pictures.py softened           EfficientNet-Lite0, plain and softened
python docs/pictures.py textures           two textures, each a tile laid two by two
python docs/pictures.py regions            three styles, each in its own third of a photograph
python docs/pictures.py looks [APP ...]    the looks of the apps' pages; only those named
python docs/pictures.py thumbnails         the 26 styles that paint in one pass
python docs/pictures.py dreams             six looks of DeepDream
python docs/pictures.py grown              seven classes and a channel, grown from noise
python docs/pictures.py lites              two more networks, dreaming and growing a goose
python docs/pictures.py openings [APP ...] what each tab's first example makes
python docs/pictures.py results [APP ...]  what is not there yet of examples and presets
python docs/pictures.py layers             DeepDream's layers, each as what it likes to see
python docs/pictures.py pan                a two-second clip of a photograph, for two apps' films
python docs/pictures.py landing            the landing page: a photograph, its dream, a film
python docs/pictures.py fooled             three fooled photographs, and the openings of that page
python docs/pictures.py glances            from results: painted in one pass, faces changed
python docs/pictures.py explained          the card of the saliency app
python docs/pictures.py digits             the digits that the latent explorer starts from
python docs/pictures.py faces              the drawn faces that it starts from
python docs/pictures.py mapped             the card of the latent explorer
python docs/pictures.py walks [NAME ...]   inversion's walks of both networks; only those named
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image, ImageOps

import phosphene
from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.hosting.space import GALLERY, find_apps
from phosphene.images import reels, video
from phosphene.images.sheets import contact_sheet
from phosphene.networks.autoencoders.datasets import dataset
from phosphene.ui import glimpses
from phosphene.ui.tab import Tab, example_name, slug

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "apps"
PAINTED = APPS / "style_transfer" / "pictures"
RESULTS = APPS / "style_transfer" / "results" / "stylize"
PAINTABLE = APPS / "style_transfer" / "examples"
ART = PAINTABLE / "styles"
GAP, WIDTH = 6, 1180
WRITTEN = (0, 2, 3, 3, 3, 6, 0, 3, 6, 1)
"""Which digit of each class the latent explorer starts from."""
DRAWN = {"ada": 41, "bo": 37, "cleo": 24, "dara": 45, "eli": 12, "finn": 28}
"""And which of the faces held out."""
SHEETS = {"fool": (0, 4, -1), "fool_from_nothing": (0, 1)}
"""Which panels a page shows side by side beforehand, where one picture alone would say nothing."""


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


def thumbnail(picture: Image.Image, app: str) -> None:
    """An app's card: all of them together are part of the landing page's first load."""
    card = ImageOps.fit(picture, (384, 288))
    card.save(APPS / app / "thumbnail.jpg", quality=72, optimize=True, progressive=True)


def hero() -> None:
    """Three photographs, dreaming."""
    eyes = {"network": "vgg19", "octaves": 4, "steps": 8}
    pictures = [
        dreamt("chameleon", layer="relu5_1", **eyes),
        dreamt("coffee", layer="relu4_2", **eyes),
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


def looks(*apps: str) -> None:
    """Every look as a small picture: of the summer palace, the koala, the koala again."""
    makers = {
        "deepdream": (dreamt, "summer_palace"),
        "style_transfer": (painted, "koala"),
        "feature_inversion": (remembered, "koala"),
    }
    for app in apps or makers:
        make, name = makers[app]
        page = page_of(app)
        settings_of = page.LAYERS if app == "feature_inversion" else page.LOOKS
        for look, settings in settings_of.items():
            small = ImageOps.fit(make(name, **settings), (192, 144), centering=(0.5, 0.35))
            saved(small, APPS / app / "looks" / f"{slug(look)}.jpg")
            print(app, look, flush=True)


def thumbnails() -> None:
    """The summer palace in each of the 26 styles that paint in one pass."""
    app = page_of("style_transfer")
    for name in app.INSTANT:
        *_, last = phosphene.instant(PAINTABLE / "summer_palace.jpg", style=name, size=384)
        small = ImageOps.fit(last.image, (160, 120), centering=(0.3, 0.4))
        path = APPS / "style_transfer" / "looks" / "instant" / f"{slug(name)}.jpg"
        path.parent.mkdir(exist_ok=True)
        small.save(path, quality=72, optimize=True, progressive=True)


def dreamt(name: str, **settings: Any) -> Image.Image:
    """A photograph dreaming."""
    photo = APPS / "deepdream" / "examples" / f"{name}.jpg"
    *_, last = phosphene.dream(photo, **settings)
    return last.image


def painted(name: str, **settings: Any) -> Image.Image:
    """The page's pair of this name, small; EfficientNet needs more pixels than a thumbnail has."""
    pairs = {Path(pair["content"]).stem: pair for pair in page_of("style_transfer").examples()}
    *_, last = phosphene.stylize(
        **pairs[name], **{"size": 384 if "network" in settings else 192, **settings}
    )
    return last.image


def remembered(name: str, **settings: Any) -> Image.Image:
    """A photograph as a layer knows it."""
    photo = APPS / "feature_inversion" / "examples" / f"{name}.jpg"
    *_, last = phosphene.invert(photo, **settings)
    return last.image


def openings(*apps: str) -> None:
    """What the first example of every tab makes; a tab that needs an upload has none."""
    for app, tab in tabs(*apps):
        example = tab.examples[0] if tab.examples else {}
        keep(app, tab, example_name(example) or "opening", example)


def results(*apps: str) -> None:
    """What each tab opens with, what its examples make, and its presets of the first one.

    Only what is not there yet: a run that was stopped goes on.
    """
    for app, tab in tabs(*apps):
        first = tab.examples[0] if tab.examples else {}
        if not tab.opening:
            keep(app, tab, example_name(first) or "opening", first)
    for app, tab in tabs(*apps):
        first = tab.examples[0] if tab.examples else {}
        for example in tab.examples:
            if not tab.made(example):
                keep(app, tab, example_name(example), example)
        for name, preset in tab.presets.items():
            if not tab.made_by(name):
                keep(app, tab, f"look-{slug(name)}", {**first, **preset})


def tabs(*apps: str) -> Iterator[tuple[str, Tab]]:
    """The tabs of the apps named, or of all, that say where their results are kept."""
    for app in apps or [name for name in find_apps() if name != GALLERY]:
        yield from ((app, tab) for tab in page_of(app).demo.tabs if tab.results)


def keep(app: str, tab: Tab, name: str, settings: Mapping[str, Any]) -> None:
    """Run a tab with the page's own defaults and keep the picture, or the film, for its page."""
    if any(p.required and p.name not in settings for p in tab.parameters):
        print(f"{app}, {tab.name}: needs an upload", flush=True)
        return
    assert tab.results is not None
    path = tab.results / tab.method.__name__ / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = list(tab.method(**{**tab.defaults, **settings}))
    last = frames[-1]
    if last.film:
        film = io.BytesIO(b"".join(frame.film for frame in frames))
        path = reels.finished(film, path.with_name(f"{name}.mp4")) or path
    elif last.rate:
        pictures = [frame.image for frame in frames if frame.rate]
        path = video.save(pictures, path.with_name(f"{name}.mp4"), rate=last.rate)
    else:
        path = path.with_name(f"{name}.jpg")
        saved(shown(tab, last), path)
        if last.glimpses:
            glimpses.keep(last.glimpses, path)
    print(f"{path.relative_to(ROOT)}: {last.seconds:.1f} s", flush=True)


def shown(tab: Tab, last: Frame) -> Image.Image:
    """What a page shows of a result beforehand."""
    if places := SHEETS.get(tab.method.__name__):
        return contact_sheet(doubled(last, places), len(places))
    picture = last.image.copy()
    picture.thumbnail((900, 900))
    return picture


def visualized(target: str, **settings: Any) -> Image.Image:
    """A class grown from noise."""
    *_, last = phosphene.visualize(target, **settings)
    return last.image


def grown() -> None:
    """Settings and seeds chosen by looking; on another processor they may grow something else."""
    middle = {"center": 0.7, "tv": 120}
    calm = {"tv": 120, "lr": 0.035, "steps": 192}
    chosen: dict[str, dict[str, Any]] = {
        "bell pepper": {**calm, "center": 0.6, "tv": 100},
        "dumbbell": {**calm, "center": 0.5, "seed": 2},
        "cup": {**calm, "center": 0.5, "seed": 2},
        "dalmatian": {**middle, "seed": 1},
        "lemon": middle,
        "goose": middle,
        "ostrich": {**middle, "seed": 1},
        "blocks.3.2:10": {"center": 0},
    }
    pictures = [visualized(target, **settings) for target, settings in chosen.items()]
    rows = [row(pictures[:4], width=WIDTH), row(pictures[4:], width=WIDTH)]
    saved(stacked(rows), APPS / "deepdream" / "pictures" / "visualized.jpg")


def dreams() -> None:
    """A photograph for each of six looks, at 512 pixels."""
    app = page_of("deepdream")
    shown = zip(
        ("Creatures", "Seals", "Eyes", "Temples", "Woodcut", "Scales"),
        ("coffee", "cat", "chameleon", "summer_palace", "astronaut", "flower"),
        strict=True,
    )
    for look, name in shown:
        saved(dreamt(name, **app.LOOKS[look]), APPS / "deepdream/pictures" / f"{look.lower()}.jpg")


def lites() -> None:
    """What EfficientNet-Lite1 (above) and 2 (below) make of two photographs and of a goose."""
    rows = []
    for network in ("efficientnet_lite1", "efficientnet_lite2"):
        pictures = [
            dreamt("summer_palace", network=network),
            dreamt("flower", network=network, layer="blocks.3.2"),
            visualized("goose", network=network),
        ]
        rows.append(row(pictures, width=WIDTH))
    saved(stacked(rows), APPS / "deepdream" / "pictures" / "lites.jpg")


def pairs(*names: str) -> None:
    """Every pair of the page with the default settings; only those named."""
    app = page_of("style_transfer")
    examples = {Path(pair["content"]).stem: pair for pair in app.examples()}
    for name in names or examples:
        *_, last = phosphene.stylize(**examples[name])
        saved(last.image, RESULTS / f"{name}.jpg")
        print(f"{name}: {last.seconds:.1f} s", flush=True)
    cards = [card(name, Path(pair["style"])) for name, pair in examples.items()]
    rows = [row(cards[first : first + 4], width=WIDTH) for first in range(0, len(cards), 4)]
    saved(stacked(rows), PAINTED / "pairs.jpg")


def card(name: str, style: Path) -> Image.Image:
    """A painting with its style in the corner."""
    picture = Image.open(RESULTS / f"{name}.jpg").copy()
    corner = ImageOps.expand(ImageOps.contain(Image.open(style), (92, 92)), 3, "white")
    picture.paste(corner, (0, picture.height - corner.height))
    return picture


def softened() -> None:
    """Two pairs painted by EfficientNet-Lite0: plain activations left, our way right."""
    shown = []
    for photo, art in (("summer_palace", "great_wave"), ("cat", "composition_viii")):
        for activations in ("plain", "soft"):
            *_, last = phosphene.stylize(
                PAINTABLE / f"{photo}.jpg",
                ART / f"{art}.jpg",
                network="efficientnet_lite0",
                activations=activations,
                size=384,
            )
            shown.append(last.image)
    saved(row(shown, width=WIDTH), PAINTED / "softened.jpg")


def textures() -> None:
    """Tiles of 288 pixels, each laid two by two."""
    pictures = []
    for art in ("composition_viii", "great_wave"):
        *_, last = phosphene.texture(ART / f"{art}.jpg", size=288)
        page = Image.new("RGB", (2 * 288, 2 * 288))
        for corner in ((0, 0), (288, 0), (0, 288), (288, 288)):
            page.paste(last.image, corner)
        pictures.append(page)
    saved(row(pictures, width=WIDTH), PAINTED / "textures.jpg")


def regions() -> None:
    """Two photographs: the left third in one style, the right third in another, a third between."""
    shown = []
    for photo, arts in (
        ("cat", ("village_street_auvers", "composition_viii", "great_wave")),
        ("summer_palace", ("poppies", "village_street_auvers", "ejiri_suruga")),
    ):
        left, middle, right = (ART / f"{art}.jpg" for art in arts)
        picture = PAINTABLE / f"{photo}.jpg"
        width, height = Image.open(picture).size
        masks = [Image.new("L", (width, height)) for _ in range(2)]
        masks[0].paste(255, (0, 0, width // 3, height))
        masks[1].paste(255, (2 * width // 3, 0, width, height))
        styles = [
            phosphene.Style(middle),
            phosphene.Style(left, mask=masks[0]),
            phosphene.Style(right, mask=masks[1]),
        ]
        *_, last = phosphene.stylize(picture, styles)
        shown.append(last.image)
    saved(row(shown, width=WIDTH), PAINTED / "regions.jpg")


def walks(*names: str) -> None:
    """Ten layers of both embedded networks at 224 pixels, 96 iterations times the depth factor."""
    app = APPS / "feature_inversion"
    for name in names or ("koala", "summer_palace"):
        photo = app / "examples" / f"{name}.jpg"
        for network in ("vgg19", "efficientnet_lite0"):
            *_, last = phosphene.invert_layers(photo, network=network, size=224, steps=96)
            saved(last.image, app / "pictures" / f"{name}_{network}.jpg")
            print(f"{name}, {network}: {last.seconds:.1f} s, {last.tables[0].rows}", flush=True)


def digits() -> None:
    """One held-out digit of each class, ten times as large."""
    held = dataset("digits", "held out")
    folder = APPS / "vae_explorer" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for number, name in enumerate(names):
        own = held.pictures[held.labels == number]
        picture = images.to_image(own[WRITTEN[number]].expand(3, -1, -1))
        saved(picture.resize((280, 280), Image.Resampling.BICUBIC), folder / f"{name}.jpg")


def faces() -> None:
    """Some held-out faces, four times as large."""
    held = dataset("faces", "held out")
    for name, number in DRAWN.items():
        picture = images.to_image(held.pictures[number])
        large = picture.resize((256, 256), Image.Resampling.BICUBIC)
        saved(large, APPS / "vae_explorer" / "examples" / f"{name}.jpg")


def mapped() -> None:
    """The VAE's map, half of it, and half of what is decoded all over it."""
    *_, last = phosphene.latent_map()
    plane = last.image.crop((0, 30, 440, 470)).resize((330, 330))
    manifold = last.panels[0].image.resize((330, 330))
    halves = [plane.crop((60, 0, 280, 330)), manifold.crop((110, 0, 330, 330))]
    thumbnail(row(halves, height=330), "vae_explorer")


def layers() -> None:
    """Every layer that DeepDream's layers.json lists, as what all of it likes to see."""
    folder = APPS / "deepdream" / "layers"
    for network, pairs in json.loads((folder / "layers.json").read_text()).items():
        for layer, _ in pairs:
            grown = visualized(layer, network=network, size=128, steps=96, tv=40)
            saved(grown.resize((112, 112)), folder / network / f"{layer}.jpg")
            print(network, layer, flush=True)


def pan() -> None:
    """The chameleon, seen from its left to its head, closer and closer."""
    examples = APPS / "deepdream" / "examples"
    photo = Image.open(examples / "chameleon.jpg").convert("RGB")
    pictures = []
    for number in range(24):
        part = number / 23
        width = photo.width * (0.85 - 0.25 * part)
        height = width * 0.75
        left, top = (photo.width - width) * part, (photo.height - height) * 0.5
        box = (left, top, left + width, top + height)
        pictures.append(photo.resize((320, 240), box=box))
    for folder in (examples, PAINTABLE):
        video.save(pictures, folder / "pan.mp4", rate=12)


def landing() -> None:
    """A chameleon full of eyes, 1120 pixels wide; a fall into a dreaming flower, without end."""
    folder, examples = APPS / GALLERY / "pictures", APPS / "deepdream" / "examples"
    photo = Image.open(examples / "chameleon.jpg").convert("RGB")
    photo = ImageOps.fit(photo, (1120, 560), centering=(0.5, 0.4))
    eyes = {"network": "vgg19", "layer": "relu4_2", "octaves": 5, "steps": 8}
    *_, last = phosphene.dream(photo, size=1120, **eyes)
    folder.mkdir(exist_ok=True)
    for name, picture in (("photograph", photo), ("dream", last.image)):
        picture.save(folder / f"{name}.jpg", quality=70)
    flower = ImageOps.fit(Image.open(examples / "flower.jpg").convert("RGB"), (416, 416))
    fall = phosphene.zoom(flower, size=416, pictures=54, layer="blocks.3.2", closer=3, turn=0.4)
    pictures = round_again([frame.image for frame in fall if frame.rate], 10)
    video.save(pictures, folder / "film.mp4", rate=11, crf=33)
    pictures[0].save(folder / "film.jpg", quality=60)


def round_again(pictures: list[Image.Image], shared: int) -> list[Image.Image]:
    """A film that begins again without a jump: its end fades over into its beginning."""
    body, end = pictures[shared:-shared], pictures[-shared:]
    faded = [
        Image.blend(last, first, (number + 1) / (shared + 1))
        for number, (last, first) in enumerate(zip(end, pictures[:shared], strict=True))
    ]
    return [*body, *faded]


def fooled() -> None:
    """Photographs before, the change alone, and after, at four gray levels of 255."""
    page, app = page_of("adversarial"), APPS / "adversarial"
    rows = []
    for name in ("panda", "scarlet_macaw", "koala"):
        *_, last = phosphene.fool(**page.example(name, target=page.CLASSICS[name]))
        print(last.note, flush=True)
        panels = doubled(last, (0, -1, 4))
        sheet = contact_sheet(panels, 3)
        rows.append(sheet.resize((WIDTH, sheet.height * WIDTH // sheet.width)))
        if name == "panda":
            halves = [ImageOps.fit(panel.image, (237, 360)) for panel in (panels[2], panels[1])]
            thumbnail(row(halves, width=480), app.name)
    saved(stacked(rows), ROOT / "docs" / "images" / "fooled.jpg")


def doubled(last: Frame, places: Sequence[int]) -> list[Panel]:
    """Some panels of a result at twice their size."""
    return [replace(last.panels[i], image=ImageOps.scale(last.panels[i].image, 2)) for i in places]


def explained() -> None:
    """Why a macaw, and not the panda beside it."""
    page, app = page_of("saliency"), APPS / "saliency"
    *_, last = phosphene.attribute(**page.examples[0], method="grad_cam")
    thumbnail(last.image, app.name)


def glances() -> None:
    """Photographs painted in one pass, and faces changed by their codes, as their pages show it."""
    one_pass, faces = RESULTS.parent / "instant", APPS / "vae_explorer" / "results"
    names = ("look-stained_glass", "koala", "cat", "look-crimson_and_cream")
    painted_row = [Image.open(one_pass / f"{name}.jpg") for name in names]
    saved(row(painted_row, width=WIDTH), ROOT / "docs" / "images" / "instant.jpg")
    changed = ("face/ada", "face/look-in_disguise")
    rows = [
        row([Image.open(faces / f"{name}.jpg") for name in changed], width=WIDTH),
        row([Image.open(faces / "arithmetic" / "dara.jpg")], width=WIDTH),
    ]
    saved(stacked(rows), ROOT / "docs" / "images" / "faces.jpg")


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["hero"]
    commands: dict[str, Callable[..., None]] = {
        "hero": hero,
        "pairs": pairs,
        "softened": softened,
        "textures": textures,
        "regions": regions,
        "looks": looks,
        "thumbnails": thumbnails,
        "dreams": dreams,
        "grown": grown,
        "lites": lites,
        "openings": openings,
        "results": results,
        "fooled": fooled,
        "explained": explained,
        "glances": glances,
        "walks": walks,
        "digits": digits,
        "faces": faces,
        "mapped": mapped,
        "layers": layers,
        "pan": pan,
        "landing": landing,
    }
    commands[what](*rest)
