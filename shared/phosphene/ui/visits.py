"""What brings a form back to where somebody was: a link, a PNG of ours, the browser's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from phosphene.errors import InputError, PhospheneError
from phosphene.knobs import Picture
from phosphene.methods import recipes
from phosphene.ui import controls, html, notices, permalinks, uploads
from phosphene.ui.chooser import Chooser
from phosphene.ui.form import Form
from phosphene.ui.quick import QUIET
from phosphene.ui.scripts import script
from phosphene.ui.views import Updates


def connect(
    forms: Sequence[Form], demo: gr.Blocks, query: gr.Textbox, chooser: Chooser | None
) -> dict[Form, Any]:
    """Wire all ways back; for each form what happens once a link is read."""
    if chooser:
        demo.load(chooser.at_link, query, chooser.rows, js=permalinks.QUERY, **QUIET)
    restored = {}
    for form in forms:
        tab = form.tab.name if chooser else ""
        _connect_share(form, tab)
        restored[form] = _connect_link(form, demo, query, tab, form is forms[0])
        if not form.tab.stream:
            _connect_memory(form, tab, chooser)
        _connect_recipe(form, forms, chooser)
    return restored


def updates(form: Form, values: Mapping[str, Any]) -> list[Any]:
    """Updates of a form's inputs: the values where there are some, the others as they are."""
    return [
        controls.to_form(p, values[p.name]) if p.name in values else gr.skip()
        for p in form.tab.parameters
    ]


def filled(
    forms: Sequence[Form], chosen: Form | None, values: Mapping[str, Any], chooser: Chooser | None
) -> list[Any]:
    """Updates of all forms' inputs and of the rows of tabs: the chosen one filled, in front."""
    inputs = [u for form in forms for u in updates(form, values if form is chosen else {})]
    rows = len(chooser.rows) if chooser else 0
    front = chooser.selecting(chosen.tab.name) if chooser and chosen else [gr.skip()] * rows
    return [*inputs, *front]


def _connect_share(form: Form, tab: str) -> None:
    def link(*values: Any) -> Any:
        query = permalinks.link_of(form, values, tab)
        whole = "example=" in query or not form.tab.strips
        notices.tell(f"Link copied{'' if whole else '; your photo is not in it'}")
        return gr.Textbox(query, visible=True)

    form.share.click(link, form.inputs, form.link, **QUIET).then(
        None, form.link, form.link, js=script("publish"), **QUIET
    )


def _connect_link(form: Form, demo: gr.Blocks, query: gr.Textbox, tab: str, first: bool) -> Any:
    def restore(text: str) -> list[Any]:
        values, problems = permalinks.values_of(form, text, tab, first)
        for problem in problems:
            notices.warn(problem)
        return updates(form, values)

    return demo.load(restore, query, form.inputs, js=permalinks.QUERY, **QUIET)


def _connect_memory(form: Form, tab: str, chooser: Chooser | None) -> None:
    """The browser keeps each run, and gives it back after a reload."""
    names = [p.name for p in form.tab.parameters if isinstance(p.knob, Picture)]
    pictures = [form.named[name][1] for name in names]
    key, kept = gr.Textbox(tab, visible=False), gr.Textbox(visible=False)
    nothing, result = gr.JSON(None, visible=False), form.downloads["png"]
    keep: dict[str, Any] = {"js": script("keep"), **QUIET}
    for button in (form.run, form.resume):
        begun = button.click(
            lambda *values: permalinks.link_of(form, values, tab), form.inputs, kept, **QUIET
        )
        begun.then(None, [key, kept, nothing, *pictures], None, **keep)
    result.change(None, [key, kept, result, *pictures], None, **keep)
    form.reset.click(None, None, None, js=script("forget"), **QUIET)
    memory = uploads.Memory(
        None, html_template="<i hidden></i>", js_on_load=script("recall"), visit=tab
    )
    rows = chooser.rows if chooser else []

    def recall(visit: Any) -> list[Any]:
        values, path = _recalled(form, visit, names, tab)
        shown: Updates = {form.status: html.status("Your last result")} if path else {}
        shown |= {form.stage: path} if path and form.stage is not None else {}
        front = chooser.selecting(tab) if chooser else []
        return [
            *updates(form, values),
            *(shown.get(part, gr.skip()) for part in form.outputs),
            *front,
        ]

    memory.change(recall, memory, [*form.inputs, *form.outputs, *rows], **QUIET)


def _recalled(
    form: Form, visit: Any, names: Sequence[str], tab: str
) -> tuple[dict[str, Any], str | None]:
    """What the browser kept: the form's values and the path of the result."""
    if not isinstance(visit, dict):
        return {}, None
    values, _ = permalinks.values_of(form, str(visit.get("query", "")), tab, True)
    paths = [uploads.uploaded(path) for path in visit.get("pictures", ())]
    values |= {name: path for name, path in zip(names, paths, strict=False) if path}
    return values, uploads.uploaded(visit.get("result"))


def _connect_recipe(form: Form, forms: Sequence[Form], chooser: Chooser | None) -> None:
    """A PNG of ours gives back the settings that made it, in the tab that it was made in."""

    def read(path: str) -> list[Any]:
        try:
            recipe = recipes.read(path)
            chosen, values = _of_recipe(recipe, [form, *forms])
        except PhospheneError as error:
            raise notices.failed(error) from None
        notices.tell(f"The settings of this picture are in {chosen.tab.name}")
        return filled(forms, chosen, values, chooser)

    inputs = [control for other in forms for control in other.inputs]
    rows = chooser.rows if chooser else []
    form.recipe.upload(read, form.recipe, [*inputs, *rows], **QUIET)


def _of_recipe(recipe: Mapping[str, Any], forms: Sequence[Form]) -> tuple[Form, dict[str, Any]]:
    name = recipe.get("method")
    chosen = next((form for form in forms if form.tab.method.__name__ == name), None)
    if chosen is None:
        raise InputError(
            f"this picture was made by {name}, which is on another page: open it there"
        )
    values, given = {}, recipe.get("arguments", {})
    for parameter in chosen.tab.parameters:
        if parameter.name in given and not isinstance(parameter.knob, controls.MEDIA):
            value = given[parameter.name]
            if value is not None or parameter.default is None:
                values[parameter.name] = (
                    value if value is None else parameter.knob.check(parameter.name, value)
                )
    return chosen, values
