"""The page frame of every app, generated from its methods' knobs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from phosphene.ui import calling, camera, events, landing, quick, strips, visits
from phosphene.ui.chooser import Chooser
from phosphene.ui.layout import form_of
from phosphene.ui.scripts import script
from phosphene.ui.tab import Tab


@quick.building()
def page(
    title: str,
    idea: str,
    papers: Sequence[tuple[str, str]] = (),
    tabs: Sequence[Tab] = (),
    emoji: str = "✨",
) -> gr.Blocks:
    """An app: title, idea, papers as (label, url), and a tab per method; ready to launch."""
    gr.set_static_paths(_static_files(tabs))
    demo: gr.Blocks
    with gr.Blocks(
        title=title,
        analytics_enabled=False,
        delete_cache=(600, 3600),
        fill_width=True,
    ) as demo:
        gr.HTML(_heading(title, idea), elem_classes=["ph-head"], padding=False)
        query = gr.Textbox(visible=False)
        chooser: Chooser | None = None
        if len(tabs) > 1:
            chooser = Chooser(tabs)
            forms = chooser.forms
        else:
            forms = [form_of(tab) for tab in tabs]
        for form, restored in visits.connect(forms, demo, query, chooser).items():
            events.connect(form, restored)
            if form.tab.stream:
                camera.connect(form, demo)
        events.connect_panels(forms, chooser)
        landing.receive(forms)
        gr.HTML(_foot(papers), elem_classes=["ph-papers"], padding=False)
        if tabs:
            gr.HTML(calling.section(tabs), js_on_load=script("calling"), padding=False)
        quick.events(demo, query)
    # What the gallery writes on the app's card, and what tests run.
    vars(demo).update(idea=idea, emoji=emoji, tabs=tuple(tabs))
    demo.queue(max_size=64, default_concurrency_limit=8)
    return demo


def _heading(title: str, idea: str) -> str:
    return f"<h1>{escape(title)}</h1><p>{escape(idea)}</p>"


def _foot(papers: Sequence[tuple[str, str]]) -> str:
    links = " · ".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(label)}</a>'
        for label, url in papers
    )
    return f"<p>Papers: {links}</p>" if links else ""


def _static_files(tabs: Sequence[Tab]) -> list[Path]:
    """What a page shows of itself: examples, what was made of them, thumbnails; each once.

    A folder called `examples` is served as a whole: Gradio looks through all that is named, for
    every picture of every page.
    """
    examples = [example for tab in tabs for example in tab.examples]
    values = [value for example in examples for value in example.values()]
    files = [Path(v) for v in values if isinstance(v, (str, Path)) and Path(v).is_file()]
    shown = [next((f for f in path.parents if f.name == "examples"), path) for path in files]
    folders = [tab.results for tab in tabs if tab.results]
    return list(dict.fromkeys([*shown, *folders, strips.folder()]))
