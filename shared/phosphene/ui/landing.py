"""The first page of a site: something that moves, a place for a photograph, a card per app."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from phosphene.frame import Frame
from phosphene.hosting.turns import Waiting
from phosphene.knobs import Parameter, Picture
from phosphene.ui import html, stages, uploads
from phosphene.ui.export import jpeg
from phosphene.ui.form import Form
from phosphene.ui.quick import QUIET
from phosphene.ui.runs import checked, fetch_weights, frames, user_error
from phosphene.ui.scripts import script
from phosphene.ui.tab import Tab

SIZE = 256
"""Pixels of the longer side of what a card shows of a visitor's photograph."""
SECONDS = 15.0
"""The most that one card may take, so that the next one has its turn."""


def landing_page(
    pictures: Path, cards: Mapping[str, tuple[gr.Blocks, Path | None]], idea: str
) -> None:
    """Lay out the page: the wipe and the film in `pictures`, and a card per app with its picture.

    `cards` maps the address of an app's page to its demo and its thumbnail.
    """
    gr.set_static_paths([pictures, *(path for _, path in cards.values() if path)])
    heading = f"<h1>Phosphene</h1><p>{escape(idea)}</p>"
    gr.HTML(heading, elem_classes=["ph-head"], padding=False)
    with gr.Row(elem_classes=["ph-hero"]):
        gr.HTML(
            html_template=_wipe(pictures),
            js_on_load=script("landing"),
            padding=False,
            elem_classes=["ph-line"],
        )
        with gr.Column(elem_classes=["ph-fall"]):
            gr.HTML(
                html_template=_film(pictures),
                js_on_load=script("film"),
                padding=False,
                elem_classes=["ph-line"],
            )
            photo: Any = uploads.picture_input(
                label="Your photo",
                show_label=False,
                sources=["upload"],
                placeholder="# Drop your photo here\nor choose one: every app tries it",
                buttons=[],
                elem_classes=["ph-drop"],
            )
    forming = gr.HTML(
        None,
        html_template='<p class="ph-forming" role="status">${value ? value.words : ""}</p>',
        js_on_load=script("forming"),
        padding=False,
        elem_classes=["ph-line"],
    )
    links = "".join(_card(name, demo, path) for name, (demo, path) in cards.items())
    gr.HTML(f'<div class="ph-cards">{links}</div>', elem_classes=["ph-line"], padding=False)
    sites = {name: demo for name, (demo, _) in cards.items()}
    photo.change(None, photo, None, js=script("hand_over"), **QUIET)
    working = QUIET | {"concurrency_limit": 4, "trigger_mode": "once"}
    started = photo.upload(lambda path: (yield from parade(sites, path)), photo, forming, **working)
    photo.clear(lambda: None, None, forming, cancels=[started], **QUIET)


def parade(sites: Mapping[str, gr.Blocks], photo: str | None) -> Iterator[dict[str, Any]]:
    """What each app makes of a photograph, one after the other, as `scripts/forming.js` takes it.

    An app that fails says so on its card; the others still have their turn.
    """
    for name, demo in sites.items():
        chosen = method_of(vars(demo).get("tabs", ()))
        if photo is None or chosen is None:
            continue
        title, (tab, parameter) = str(demo.title), chosen
        facts = {"app": name, "state": "running"}
        yield {**facts, "words": f"{title} begins"}
        frame: Frame | None = None
        try:
            for frame in _small_run(tab, parameter, photo):
                words = f"{title}: {round(100 * frame.step / max(frame.steps, 1))} %"
                yield {**facts, "words": words, "image": _data(frame)}
        except Exception as error:
            # Shown as text on the card and as HTML above it: no mark of HTML may be in it.
            words = str(user_error(error).message).replace("<", "‹").replace(">", "›")
            yield {"app": name, "state": "error", "words": words}
            continue
        if frame:
            words = f"{title}: yours. Open it to go on"
            yield {"app": name, "state": "done", "words": words, "image": _data(frame)}


def method_of(tabs: Sequence[Tab]) -> tuple[Tab, Parameter] | None:
    """The first tab that makes a picture of a photograph and shows it as it forms."""
    for tab in tabs:
        media = [p for p in tab.parameters if isinstance(p.knob, Picture) and not p.knob.advanced]
        first = tab.stages[0] if tab.stages else None
        if media and isinstance(first, stages.Picture):
            return tab, media[0]
    return None


def _small_run(tab: Tab, parameter: Parameter, photo: str) -> Iterator[Frame]:
    """Frames of a tab's method with its defaults, small and for a short time; the result last."""
    example = dict(tab.examples[0]) if tab.examples else {}
    sizes = [p for p in tab.parameters if p.name == "size" and isinstance(p.default, int)]
    small = {p.name: max(min(p.default, SIZE), int(getattr(p.knob, "low", 1))) for p in sizes}
    run = checked(tab.method, {**example, **small, parameter.name: photo})
    fetch_weights(tab.parameters, run, lambda *_, **__: None)
    began = time.monotonic()
    with closing(frames(run)) as stream:  # type: ignore[type-var]
        for frame in stream:
            if isinstance(frame, Waiting):  # the card goes on saying that it begins
                continue
            yield frame
            if time.monotonic() - began > SECONDS:
                break
    if run.last:
        yield run.last


def _data(frame: Frame) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(frame.image, 480, 80)).decode()}"


def _wipe(folder: Path) -> str:
    """A photograph, its dream over it, and the slider between them."""
    photograph, dream = (html.address(folder / f"{name}.jpg") for name in ("photograph", "dream"))
    return (
        f'<div class="ph-wipe"><img src="{photograph}" alt="A chameleon" />'
        f'<img src="{dream}" alt="The same chameleon, full of eyes" />'
        '<input type="range" min="0" max="100" value="8" '
        'aria-label="From photograph to dream" /><i></i></div>'
    )


def _film(folder: Path) -> str:
    film, still = html.address(folder / "film.mp4"), html.address(folder / "film.jpg")
    return (
        f'<video src="{film}" poster="{still}" muted loop playsinline preload="none" '
        'aria-label="A fall into a dreaming flower"></video>'
    )


def _card(name: str, demo: gr.Blocks, thumbnail: Path | None) -> str:
    """A link to an app's page: picture, title and one line."""
    picture = f'<span class="ph-blank">{escape(getattr(demo, "emoji", ""))}</span>'
    if thumbnail:
        picture = f'<img src="{html.address(thumbnail)}" alt="" loading="lazy" />'
    idea = escape(str(vars(demo).get("idea", "")))
    text = f'<h2>{escape(str(demo.title))}</h2><p>{idea}</p><p class="ph-card-state"></p>'
    link = escape(name)
    return f'<a class="ph-card" data-app="{link}" href="{link}">{picture}<div>{text}</div></a>'


def receive(forms: Sequence[Form]) -> None:
    """Take over the photograph that was dropped on the landing page, in every tab of a page."""
    firsts = []
    for form in forms:
        pictures = [
            control
            for parameter, control in form.named.values()
            if isinstance(parameter.knob, Picture) and not parameter.knob.advanced
        ]
        firsts += pictures[:1]
    handed = uploads.Memory(None, html_template="<i hidden></i>", js_on_load=script("photo"))

    def fill(given: Any) -> list[Any]:
        path = uploads.uploaded(given.get("path")) if isinstance(given, dict) else None
        return [path or gr.skip() for _ in firsts]

    if firsts:
        handed.change(fill, handed, firsts, **QUIET)
