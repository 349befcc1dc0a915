"""Autoencoders: pictures to codes and back beside plain calls of diffusers; a live move of a page.

    python benchmarks/vae.py [there_and_back] [moves]

there_and_back: the embedded ones, and random weights in the sizes of TAESD and of Stable
Diffusion's autoencoder, whose speed is that of the real ones; moves: one click or one step of a
slider of a live tab, as a call of the method, and on the page in headless Chromium.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from _tables import HERE, Options, main
from pages import chromium, served
from torch import Tensor

import phosphene
from phosphene import load_autoencoder
from phosphene.networks.autoencoder import Autoencoder
from phosphene.networks.autoencoders import CARRIED
from phosphene.networks.weights import Source

DOCUMENT = "vae.md"
APP = HERE.parent / "apps" / "vae_explorer"
SD = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}


@dataclass(frozen=True)
class Subject:
    """An autoencoder as we load it and as diffusers does, and the side of its pictures."""

    ours: Autoencoder
    theirs: Any
    side: int

    @property
    def pictures(self) -> Tensor:
        shape = (1, self.ours.channels, self.side, self.side)
        generator = torch.Generator().manual_seed(0)
        return torch.rand(shape, generator=generator).to(self.ours.device)


def subjects(options: Options) -> Iterator[Subject]:
    """The embedded ones, then the sizes of the Hub's with random weights."""
    import diffusers

    from phosphene.networks.autoencoders import small

    for name, known in CARRIED.items():
        ours = load_autoencoder(name, device=options.device)
        kind = getattr(small, ours.kind, None) or getattr(diffusers, ours.kind)
        theirs = kind.from_pretrained(known.folder).float().eval().to(options.device)
        yield Subject(ours, theirs, ours.side or (64 if options.smoke else 256))
    for name, kind, settings in (
        ("TAESD's size", diffusers.AutoencoderTiny, {}),
        ("Stable Diffusion's size", diffusers.AutoencoderKL, SD),
    ):
        torch.manual_seed(0)
        smaller = {"block_out_channels": (32, 32, 32, 32)} if options.smoke and settings else {}
        theirs = kind(**settings | smaller).eval().to(options.device)
        yield Subject(frozen(name, theirs, options), theirs, 64 if options.smoke else 256)


def frozen(name: str, model: Any, options: Options) -> Autoencoder:
    """The same weights as `load_autoencoder` prepares them."""
    config = SimpleNamespace(**dict(model.config) | {"_class_name": type(model).__name__})
    source = Source(name, Path(), "own", "random weights", None, "", "")
    copy = type(model).from_config(model.config)
    copy.load_state_dict(model.state_dict())
    return Autoencoder(name, copy, config, source, torch.device(options.device))


@torch.no_grad()
def encoded(subject: Subject, x: Tensor) -> Tensor:
    """What diffusers' own call gives."""
    if hasattr(subject.theirs, "logits"):
        return subject.theirs.encode(x)[0]
    answer = subject.theirs.encode(2 * x - 1)
    return answer.latents if hasattr(answer, "latents") else answer.latent_dist.mean


@torch.no_grad()
def decoded(subject: Subject, z: Tensor) -> Tensor:
    answer = subject.theirs.decode(z)
    return answer if isinstance(answer, Tensor) else answer.sample


def runs_of(subject: Subject) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """There and back, by whom."""
    x = subject.pictures
    z, codes = encoded(subject, x), subject.ours.encode(x).mean
    return {
        "diffusers": (lambda: encoded(subject, x), lambda: decoded(subject, z)),
        "ours": (lambda: subject.ours.encode(x), lambda: subject.ours.decode(codes)),
    }


def there_and_back(options: Options) -> Iterator[str]:
    """A row for each model and tool, one picture at a time."""
    yield "| model | side | by | encode, ms | decode, ms | both, against diffusers |"
    yield "|---|---|---|---|---|---|"
    for subject in subjects(options):
        runs = runs_of(subject)
        times: dict[str, list[tuple[float, float]]] = {tool: [] for tool in runs}
        for number in range(options.rounds + 1):
            for tool, (there, back) in runs.items():
                taken = measured(there, options), measured(back, options)
                if number or options.smoke:
                    times[tool].append(taken)
        yield from rows(subject, times)


def rows(subject: Subject, times: dict[str, list[tuple[float, float]]]) -> Iterator[str]:
    whole = {tool: [sum(pair) for pair in taken] for tool, taken in times.items()}
    for tool, taken in times.items():
        there, back = (statistics.median(column) for column in zip(*taken, strict=True))
        pairs = zip(whole[tool], whole["diffusers"], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        yield (
            f"| {subject.ours.name} | {subject.side} | {tool} | {1000 * there:.1f} "
            f"| {1000 * back:.1f} | {'' if tool == 'diffusers' else f'{ratio:.2f}'} |"
        )


def measured(run: Callable[[], Any], options: Options, least: float = 0.2) -> float:
    """Seconds of a run; a quick one is repeated."""
    count, started = 0, time.perf_counter()
    while not count or (time.perf_counter() - started < least and not options.smoke):
        run()
        count += 1
    if options.device != "cpu":
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / count


@dataclass(frozen=True)
class Move:
    """A live tab: its name, what is moved on it, to what, and the same as a call of its method."""

    tab: str
    control: str
    values: list[str]
    calls: list[dict[str, Any]]


def live() -> dict[str, Move]:
    """The live tabs by their methods."""
    digits = [str(APP / "examples" / f"{name}.jpg") for name in ("zero", "three", "six", "seven")]
    corners = dict(zip(("first", "second", "third", "fourth"), digits, strict=True))
    shares = [0.3 + 0.02 * number for number in range(12)]
    places, numbers = [f"{share:.2f}, 0.4" for share in shares], [f"{s:.2f}" for s in shares]
    at = [{"at": (share, 0.4)} for share in shares]
    point, slider = ".ph-set-at :is(textarea, input)", "input[type=range]"
    face = {"image": str(APP / "examples" / "ada.jpg")}
    return {
        "latent_map": Move("Map", point, places, at),
        "interpolate_four": Move("Between four", point, places, [corners | one for one in at]),
        "face": Move("Face", slider, numbers, [face | {"smile": share} for share in shares]),
        "traverse": Move(
            "Walk", slider, numbers, [{"image": digits[0], "first": share} for share in shares]
        ),
        "holes": Move("Holes", slider, numbers, [{"along": share} for share in shares]),
    }


def moves(options: Options) -> Iterator[str]:
    """Milliseconds of a move: the first one of a fresh process, and the median of the others."""
    from playwright.sync_api import sync_playwright

    yield "| method | first call, ms | each further one, ms | on the page, ms |"
    yield "|---|---|---|---|"
    few = 3 if options.smoke else None
    own = {name: [timed(name, call) for call in move.calls[:few]] for name, move in live().items()}
    with sync_playwright() as playwright, served(APP.name) as url:
        browser = chromium(playwright)
        for name, move in live().items():
            seen = on_the_page(browser, f"{url}/?tab={move.tab}", move, few)
            first, each, page = own[name][0], *map(statistics.median, (own[name][1:], seen[2:]))
            yield f"| {name} | {1000 * first:.0f} | {1000 * each:.0f} | {page:.0f} |"
        browser.close()


def timed(name: str, call: dict[str, Any]) -> float:
    started = time.perf_counter()
    list(getattr(phosphene, name)(**call))
    return time.perf_counter() - started


WATCH = """() => {
  const seen = () => [...document.querySelectorAll(".ph-stage img")].find((e) => e.offsetParent);
  const before = seen().src;
  window.moved = 0;
  addEventListener("input", () => {
    const begun = performance.now();
    const look = () => {
      const picture = seen();
      const there = picture && picture.src !== before && picture.complete && picture.naturalWidth;
      if (there) window.moved = performance.now() - begun;
      else setTimeout(look, 4);
    };
    look();
  }, { capture: true, once: true });
}"""


def on_the_page(browser: Any, url: str, move: Move, few: int | None) -> list[float]:
    """Milliseconds from a move to the new picture on the page, for each of some moves."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.locator(".ph-stage img").locator("visible=true").first.wait_for(timeout=60_000)
    page.wait_for_timeout(4000)
    control = page.locator(f".ph-page {move.control}").locator("visible=true").first
    taken = []
    for value in move.values[:few]:
        page.evaluate(WATCH)
        if move.control.endswith("range]"):
            control.press("ArrowRight")
        else:
            control.fill(value)
        taken.append(page.wait_for_function("window.moved", timeout=20_000).json_value())
        page.wait_for_timeout(1000)
    page.close()
    return taken


PARTS = {"there_and_back": there_and_back, "moves": moves}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS)
