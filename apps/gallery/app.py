"""Every app as a page of one site; an app is found by its folder, beside this one or within."""

from __future__ import annotations

import base64
import importlib.util
import logging
import sys
from html import escape
from pathlib import Path
from types import ModuleType

from phosphene import ui

import gradio as gr  # isort: skip  (the page frame imports `spaces` before it)
from gradio.components import Navbar  # isort: skip

HERE = Path(__file__).resolve().parent
IDEA = (
    "A trained network held still, and a picture that changes until the network sees what you "
    "asked for. Choose a way of looking."
)
log = logging.getLogger(__name__)


def folders() -> list[Path]:
    """The folders of all other apps: in apps/ of a staged copy, or beside this one."""
    root = HERE / "apps" if (HERE / "apps").is_dir() else HERE.parent
    return sorted(path.parent for path in root.glob("*/app.py") if path.parent != HERE)


def loaded(folder: Path) -> ModuleType | None:
    """An app's module; None, and a line in the log, if it cannot start: the others still do."""
    name = f"phosphene_app_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, folder / "app.py")
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception:
        log.exception("%s could not be started", folder.name)
        return None
    return module if isinstance(getattr(module, "demo", None), gr.Blocks) else None


def card(folder: Path, module: ModuleType) -> str:
    """A link to the app's page: picture, title and one line."""
    thumbnail = folder / "thumbnail.jpg"
    page = module.demo
    picture = f'<span class="ph-blank">{escape(getattr(page, "emoji", ""))}</span>'
    if thumbnail.is_file():
        data = base64.b64encode(thumbnail.read_bytes()).decode()
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="" />'
    text = f"<div><h2>{escape(page.title)}</h2><p>{escape(getattr(page, 'idea', ''))}</p></div>"
    return f'<a class="ph-card" href="{folder.name}">{picture}{text}</a>'


apps = {folder: module for folder in folders() if (module := loaded(folder))}

with gr.Blocks(
    title="Phosphene", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True
) as demo:
    Navbar(main_page_name="Phosphene")
    gr.HTML(f"<h1>Phosphene</h1><p>{escape(IDEA)}</p>", elem_classes=["ph-head"], padding=False)
    cards = "".join(card(folder, module) for folder, module in apps.items())
    gr.HTML(f'<div class="ph-cards">{cards}</div>', elem_classes=["ph-line"], padding=False)

for folder, module in apps.items():
    with demo.route(module.demo.title, f"/{folder.name}"):
        module.demo.render()

vars(demo).update(idea=IDEA, pages_by_route={f.name: m.demo for f, m in apps.items()})
demo.queue(max_size=64, default_concurrency_limit=8)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
