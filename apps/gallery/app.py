"""Every app as a page of one site; an app is found by its folder, beside this one or within."""

from __future__ import annotations

import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType

from phosphene import ui

import gradio as gr  # isort: skip  (the page frame imports `spaces` before it)
from gradio.components import Navbar  # isort: skip

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
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


def thumbnail(folder: Path) -> Path | None:
    """The picture of an app's card, if it has one."""
    path = folder / "thumbnail.jpg"
    return path if path.is_file() else None


with ui.building():
    apps = {folder: module for folder in folders() if (module := loaded(folder))}

    with gr.Blocks(
        title="Phosphene", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True
    ) as demo:
        Navbar(main_page_name="Phosphene")
        cards = {folder.name: (module.demo, thumbnail(folder)) for folder, module in apps.items()}
        ui.landing_page(PICTURES, cards, IDEA)

    for folder, module in apps.items():
        with demo.route(module.demo.title, f"/{folder.name}"):
            module.demo.render()

    routes = {folder.name: module.demo for folder, module in apps.items()}
    opening = {"before": PICTURES / "photograph.jpg", "picture": PICTURES / "dream.jpg"}
    vars(demo).update(idea=IDEA, pages_by_route=routes, **opening)
    demo.queue(max_size=64, default_concurrency_limit=8)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
