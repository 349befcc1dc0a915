"""The page frame of every app, generated from its methods' knobs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from phosphene.ui import events as wiring
from phosphene.ui.layout import form_of
from phosphene.ui.tab import Tab

QUERY = "() => [window.location.search]"


def page(
    title: str,
    idea: str,
    papers: Sequence[tuple[str, str]] = (),
    tabs: Sequence[Tab] = (),
    emoji: str = "✨",
) -> gr.Blocks:
    """An app: title, idea, papers as (label, url), and a tab per method; ready to launch."""
    gr.set_static_paths(_example_files(tabs))
    demo: gr.Blocks
    with gr.Blocks(
        title=title,
        analytics_enabled=False,
        delete_cache=(600, 3600),
        fill_width=True,
    ) as demo:
        gr.HTML(_heading(title, idea, papers), elem_classes=["ph-head"], padding=False)
        query = gr.Textbox(visible=False)
        several = len(tabs) > 1
        forms = []
        if several:
            with gr.Tabs(elem_classes=["ph-methods"]) as chooser:
                for tab in tabs:
                    with gr.Tab(tab.name, id=tab.name):
                        forms.append(form_of(tab))
            demo.load(
                lambda text: gr.Tabs(selected=wiring.wanted_tab(text, [t.name for t in tabs])),
                query,
                chooser,
                js=QUERY,
                **wiring.QUIET,
            )
        else:
            forms = [form_of(tab) for tab in tabs]
        for form in forms:
            wiring.connect(form, demo, query, form.tab.name if several else "", QUERY)
    # What the gallery writes on the app's card.
    vars(demo).update(idea=idea, emoji=emoji)
    demo.queue(max_size=64, default_concurrency_limit=8)
    return demo


def _heading(title: str, idea: str, papers: Sequence[tuple[str, str]]) -> str:
    links = " · ".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(label)}</a>'
        for label, url in papers
    )
    return f"<h1>{escape(title)}</h1><p>{escape(idea)} {links}</p>"


def _example_files(tabs: Sequence[Tab]) -> list[str | Path]:
    values = [value for tab in tabs for example in tab.examples for value in example.values()]
    return [value for value in values if isinstance(value, (str, Path)) and Path(value).is_file()]
