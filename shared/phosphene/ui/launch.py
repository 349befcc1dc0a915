"""How every app is served: theme, limits, port; nothing from outside the machine."""

from __future__ import annotations

import importlib.util
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from phosphene import limits
from phosphene.errors import InputError
from phosphene.hosting import ending, login, malloc, port, workers
from phosphene.ui import arrivals, guard, health, previews, quick, runs, sessions, warmup
from phosphene.ui.scripts import script

STYLE = Path(__file__).with_name("style.css")
BAR = """
@media (max-width: 820px) {
  .nav-holder nav { flex-wrap: nowrap !important; overflow-x: auto;
    justify-content: flex-start !important; }
  .nav-holder nav a { flex: none; }
}
"""
"""The bar of pages in one row on a phone; it stands outside of what `css_paths` reaches."""
TRUE = {"1", "true", "yes", "on"}


def theme() -> gr.themes.Base:
    """System fonts, stone neutrals and one warm accent; no request to a font server."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_shadow="none",
        block_label_background_fill="*block_background_fill",
        block_label_border_width="0px",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        block_title_text_weight="500",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_text_color="white",
        button_large_text_weight="600",
        slider_color="*primary_700",
        slider_color_dark="*primary_500",
        checkbox_background_color_selected="*primary_700",
        checkbox_label_background_fill_selected="*primary_700",
        checkbox_label_background_fill_selected_dark="*primary_700",
        checkbox_label_text_color_selected="white",
        checkbox_border_radius="4px",
        loader_color="*primary_600",
    )


def _hang_up(demo: gr.Blocks) -> None:
    """Have the server not wait for open pages, which would keep it for seconds."""
    if server := vars(demo).get("server"):
        server.force_exit = True
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what is cut off is no error


def launch_options(demo: gr.Blocks | None = None, **changes: Any) -> dict[str, Any]:
    """Keyword arguments for `demo.launch`; PORT, SHARE and WORKERS come from the environment.

    Links to `demo`, and to the pages of its routes, have previews of their own.
    """
    limits.check()
    malloc.keep()  # before the server has threads of its own
    scripts = "".join(script(name) for name in ("page", "drag", "glimpse", "names"))
    try:
        workers.begin(lambda: demo is None or demo.is_running)
    except InputError as error:
        raise SystemExit(str(error)) from None
    weights, asked = os.environ.get("PHOSPHENE_WEIGHTS"), login.asked()
    options: dict[str, Any] = {
        "theme": theme(),
        "css_paths": [STYLE],
        "head": f"<script>{scripts}</script><style>{BAR}</style>",
        "server_port": port.chosen(),
        "share": os.environ.get("SHARE", "").lower() in TRUE,
        "auth": asked,
        # Gradio asks nobody for a password there: behind a login it is closed.
        "mcp_server": importlib.util.find_spec("mcp") is not None and not asked,
        "max_file_size": int(limits.UPLOAD.read() * 2**20),
        "state_session_capacity": 1000,
        "max_threads": 128,  # those who wait for their turn hold one each
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "ssr_mode": False,
        "blocked_paths": [weights] if weights else [],
        "footer_links": ["api", "settings"],
    }
    if demo is not None:
        pages = {"": demo, **vars(demo).get("pages_by_route", {})}
        kinds = (guard.Middleware, quick.Middleware, health.Middleware, arrivals.Middleware)
        before = [Middleware(kind) for kind in kinds]
        before += [Middleware(previews.Middleware, pages=pages)]
        options["app_kwargs"] = {"middleware": before}
        guard.guard(demo)
        quick.answers(demo)
        quick.files()
        sessions.share()
        sessions.end_once(demo)
        warmup.after_start(demo)
        if not changes.get("prevent_thread_lock"):  # this thread then waits for a signal
            ending.at_signal(lambda: sum(runs.turns().busy()), partial(_hang_up, demo))
    return options | changes
