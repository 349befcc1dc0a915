"""The tabs of a page in one row; those of a group in a second row within the group's tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from phosphene.ui import permalinks, quick
from phosphene.ui.form import Form
from phosphene.ui.layout import form_of
from phosphene.ui.tab import Tab


class Chooser:
    """Rows of tabs with their forms; made where the page is being built."""

    def __init__(self, tabs: Sequence[Tab]) -> None:
        self.tabs = tuple(tabs)
        self.forms: list[Form] = []
        self._groups: dict[str, gr.Tabs] = {}
        with gr.Tabs(elem_classes=["ph-methods"]) as self._row:
            for name in dict.fromkeys(tab.group or tab.name for tab in tabs):
                own = [tab for tab in tabs if (tab.group or tab.name) == name]
                with gr.Tab(name, id=name) as place:
                    self._build(name, own, place)

    def _build(self, name: str, own: Sequence[Tab], place: gr.Tab) -> None:
        if len(own) == 1:
            self._add(own[0], place.select)
            return
        with gr.Tabs(elem_classes=["ph-ways"]) as self._groups[name]:
            for tab in own:
                with gr.Tab(tab.way or tab.name, id=tab.name) as way:
                    self._add(tab, place.select, way.select)

    def _add(self, tab: Tab, *looks: Any) -> None:
        """A form; what is heavy in it waits for a look, unless the page opens with it."""
        form = form_of(tab)
        self.forms.append(form)
        if len(self.forms) > 1:
            quick.await_look([*form.inputs, *form.outputs], *looks)

    @property
    def rows(self) -> list[gr.Tabs]:
        """All rows: what `selecting` gives updates for."""
        return [self._row, *self._groups.values()]

    def selecting(self, name: str) -> list[Any]:
        """Updates of the rows that bring the tab of this name to the front."""
        tab = next(tab for tab in self.tabs if tab.name == name)
        groups = [
            gr.Tabs(selected=name) if group == tab.group else gr.skip() for group in self._groups
        ]
        return [gr.Tabs(selected=tab.group or name), *groups]

    def at_link(self, query: str) -> Any:
        """The same for the tab that a permalink names; the first one is in front already."""
        name = permalinks.chosen_tab(query, [tab.name for tab in self.tabs])
        # Choosing it again would build its row anew, under the hands of a quick visitor.
        here = name == self.tabs[0].name
        updates = [gr.skip()] * len(self.rows) if here else self.selecting(name)
        return updates if len(updates) > 1 else updates[0]
