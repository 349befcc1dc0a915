"""A form of a page as tests read it."""

from __future__ import annotations

import pytest

pytest.importorskip("gradio")

from phosphene.ui import controls, footers


def view(form, kind):
    return next(view for view in form.views if type(view) is kind)


def downloads(form):
    return view(form, footers.Downloads)


def values_for(form, **chosen):
    return [chosen.get(p.name, controls.to_form(p, p.default)) for p in form.tab.parameters]


def final(updates):
    """What a run leaves in each component, by the component."""
    return {part: value for update in updates for part, value in update.items()}
