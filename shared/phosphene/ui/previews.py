"""What others show of a link to a page: title, words and a picture, per app and per look."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from PIL import Image
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phosphene.errors import InputError
from phosphene.ui import permalinks
from phosphene.ui.controls import MEDIA
from phosphene.ui.curtain import curtain
from phosphene.ui.tab import Tab, example_name

NAME = "Phosphene"
TAGS = re.compile(rb"<meta\s[^>]*?(?:property|name)=\"(?:og|twitter):[^>]*>\s*", re.DOTALL)
BODY = re.compile(rb"<body[^>]*>")
HOST = re.compile(r"[\w.:\[\]-]+")
LARGE = 300
"""Pixels of a picture's width from which it is shown large."""


@dataclass(frozen=True)
class Preview:
    """What a link shows before it is opened; `query` is the link's own, of known names alone.

    `before` is what the picture was made of.
    """

    title: str
    description: str
    picture: Path | None = None
    query: str = ""
    before: Path | None = None

    def curtain(self) -> str:
        """What the page shows while the browser builds it."""
        if self.picture is None:
            return ""
        return curtain(self.title, self.description, self.picture, self.before)

    def html(self, page: str, root: str) -> str:
        """The tags; addresses are made absolute with `root`, all text is escaped."""
        picture, wide = "", 0
        if self.picture:
            picture = f"{root}/gradio_api/file={quote(str(self.picture))}"
            with Image.open(self.picture) as opened:
                wide = opened.width
        title = self.title if NAME in self.title else f"{self.title} · {NAME}"
        facts = {
            "og:type": "website",
            "og:site_name": NAME,
            "og:title": title,
            "og:description": self.description,
            "og:url": f"{root}/{page}{self.query}",
            "og:image": picture,
            "og:image:alt": self.title if picture else "",
            "twitter:card": "summary_large_image" if wide >= LARGE else "summary",
            "twitter:title": title,
            "twitter:description": self.description,
            "twitter:image": picture,
        }
        tags = "".join(
            f'<meta {"name" if name.startswith("twitter") else "property"}="{name}" '
            f'content="{escape(text)}" />'
            for name, text in facts.items()
            if text
        )
        words = escape(self.description)
        return f'<title>{escape(title)}</title><meta name="description" content="{words}" />{tags}'


def preview(demo: gr.Blocks, query: str = "") -> Preview:
    """The preview of a page's link: of its look or example, else of its tab, else of the app.

    A link that equals a look's settings has that look's name and picture.
    """
    facts = vars(demo)
    title, idea = str(demo.title), str(facts.get("idea", ""))
    tabs: tuple[Tab, ...] = facts.get("tabs", ())
    before = facts.get("before") or next((_made_of(tab) for tab in tabs[:1]), None)
    own = Preview(title, idea, facts.get("picture") or _thumbnail(tabs), before=before)
    if not tabs or not query.strip("?"):
        return own
    named = permalinks.chosen_tab(query, [tab.name for tab in tabs])
    tab = next(tab for tab in tabs if tab.name == named)
    values, others, _ = permalinks.restore(tab.parameters, query)
    examples = {example_name(example): example for example in tab.examples}
    example = others.get("example", "") if others.get("example") in examples else ""
    settings = {parameter.name: parameter.default for parameter in tab.parameters} | values
    place = {"tab": named if len(tabs) > 1 else "", "example": example}
    link = permalinks.link(tab.parameters, settings, **place).rstrip("?")
    look, given = _look(tab, values), examples.get(example, next(iter(tab.examples), {}))
    pictures = [tab.opening, own.picture]
    words = title if tab is tabs[0] else f"{named} · {title}"
    if look:
        words = f"{look} · {words}"
        pictures = [tab.made_by(look), tab.thumbnails.get(look), *pictures]
    elif example:
        words = f"{example.replace('_', ' ')} · {words}"
        pictures = [tab.made(given), _source(given), *pictures]
    picture = _first(pictures)
    made = (tab.made(given), tab.made_by(look) if look else None)
    return Preview(words, idea, picture, link, _source(given) if picture in made else None)


def _source(example: Mapping[str, Any]) -> Path | None:
    """The picture that an example begins with."""
    return _first([Path(str(value)) for value in example.values()])


def _made_of(tab: Tab) -> Path | None:
    """What the picture that a tab opens with was made of."""
    return _source(tab.examples[0]) if tab.examples and tab.opening else None


def _look(tab: Tab, values: Mapping[str, Any]) -> str:
    """The preset that makes a link's settings, "" for none; the defaults are nobody's."""
    settings = _changed(tab, values)
    looks = (name for name, preset in tab.presets.items() if _changed(tab, preset) == settings)
    return next(looks, "") if settings else ""


def _changed(tab: Tab, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values that differ from the defaults."""
    changed: dict[str, Any] = {}
    for parameter in tab.parameters:
        if parameter.name in values and not isinstance(parameter.knob, MEDIA):
            with suppress(InputError):
                value = parameter.knob.check(parameter.name, values[parameter.name])
                changed |= {parameter.name: value} if value != parameter.default else {}
    return changed


def _first(paths: Sequence[Path | None]) -> Path | None:
    """The first that is a picture; a film is none."""
    return next((p for p in paths if p and p.suffix in {".jpg", ".png"} and p.is_file()), None)


def _thumbnail(tabs: tuple[Tab, ...]) -> Path | None:
    """The app's own picture: what its first tab opens with, or that of its card."""
    folders = [folder.parent for tab in tabs for folder in (tab.results, tab.looks) if folder]
    return _first([tab.opening for tab in tabs[:1]] + [f / "thumbnail.jpg" for f in folders])


class Middleware:
    """Writes preview and curtain into the HTML of the page requests; everything else passes."""

    def __init__(self, app: ASGIApp, pages: Mapping[str, gr.Blocks]) -> None:
        self.app = app
        self.pages = pages
        gr.set_static_paths([folder for demo in pages.values() for folder in _folders(demo)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path, root = scope.get("path", ""), scope.get("root_path", "").rstrip("/")
        page = path.removeprefix(root).strip("/")
        if scope["type"] != "http" or scope["method"] != "GET" or page not in self.pages:
            return await self.app(scope, receive, send)
        query = scope.get("query_string", b"").decode("latin-1")
        shown = preview(self.pages[page], query)
        parts = shown.html(page, _origin(scope) + root).encode(), shown.curtain().encode()
        return await self.app(scope, receive, _Rewriter(send, *parts))


class _Rewriter:
    """Holds an HTML answer back until it is whole, and sends it with other tags and a curtain."""

    def __init__(self, send: Send, tags: bytes, over: bytes) -> None:
        self.send, self.tags, self.over = send, tags, over
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
                self.start = message
                return
        elif message["type"] == "http.response.body" and self.start:
            self.body += message.get("body", b"")
            if message.get("more_body"):
                return
            body = with_curtain(with_tags(self.body, self.tags), self.over)
            message = {"type": "http.response.body", "body": body}
            MutableHeaders(raw=self.start["headers"])["content-length"] = str(len(message["body"]))
            await self.send(self.start)
        await self.send(message)


def with_tags(page: bytes, tags: bytes) -> bytes:
    """A page's HTML with these tags in its head, in place of those that it came with."""
    head, end, rest = page.partition(b"</head>")
    before, start, after = TAGS.sub(b"", head).partition(b"<head>")
    return before + start + tags + after + end + rest if start else page


def with_curtain(page: bytes, over: bytes) -> bytes:
    """A page's HTML with this at the beginning of its body."""
    start = BODY.search(page)
    return page[: start.end()] + over + page[start.end() :] if start else page


def _origin(scope: Scope) -> str:
    """Scheme and host as the visitor's browser has them, also behind a proxy."""
    headers = Headers(scope=scope)
    forwarded = {
        name: headers.get(f"x-forwarded-{name}", "").split(",")[0].strip()
        for name in ("proto", "host")
    }
    host = forwarded["host"] or headers.get("host", "")
    scheme = forwarded["proto"] or scope.get("scheme", "http")
    host = host if HOST.fullmatch(host) else "localhost"
    return f"{scheme if scheme in {'http', 'https'} else 'http'}://{host}"


def _folders(demo: gr.Blocks) -> list[str | Path]:
    """Where the pictures of a page's previews lie."""
    tabs: tuple[Tab, ...] = vars(demo).get("tabs", ())
    own = vars(demo).get("picture") or _thumbnail(tabs)
    looks = [tab.looks for tab in tabs if tab.looks]
    return [*looks, *([own] if own else [])]
