"""What the page's controls do: run, stop, reset, examples, presets, layers, pictures."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from phosphene import images
from phosphene.errors import PhospheneError
from phosphene.frame import ITSELF
from phosphene.knobs import Mask, Parameter, Picture, Point
from phosphene.ui import follow, html, notices, permalinks, play, visits
from phosphene.ui.api import endpoint
from phosphene.ui.chooser import Chooser
from phosphene.ui.footers import Verdict
from phosphene.ui.form import LARGER, Form
from phosphene.ui.quick import QUIET
from phosphene.ui.runs import Run
from phosphene.ui.scripts import script
from phosphene.ui.stages import Map, Panels, PanelSlider
from phosphene.ui.taught import Taught
from phosphene.ui.views import Updates

BRUSHED = 512
"""Pixels of the longer side of a picture under the brush."""


def connect(form: Form, restored: Any) -> None:
    """Wire what one form does by itself; `restored` is over when a link has been read."""
    _connect_run(form)
    reset = [*form.inputs, form.looks, *form.outputs]
    form.reset.click(lambda: cleared(form), None, reset, **QUIET)
    _connect_choices(form)
    _connect_verdict(form)
    for view in form.views:
        if isinstance(view, Map):
            view.stage.select(_reading, [view.stage, form.files], form.status, **QUIET)
            view.region.change(_region, [view.region, form.files], form.status, **QUIET)
    follow.network(form, restored, QUIET)
    follow.layers(form, restored, QUIET)
    _follow_pictures(form, restored)
    _follow_points(form)
    for view in form.views:
        if isinstance(view, PanelSlider):
            shown = [view.slider, view.gallery, view.caption, view.picture]
            moved: dict[str, Any] = {"js": script("scrub"), **QUIET}
            view.slider.input(None, shown, [view.picture, view.caption], **moved)
            if view.place:  # Gradio empties a picture that is set where nobody looked yet
                view.place.select(None, shown, [view.picture, view.caption], **moved)
    if not form.tab.stream:
        endpoint(form)


def _connect_run(form: Form) -> None:
    working = form.working

    def from_form(*values: Any) -> Iterator[Updates]:
        yield from play.run(form, values)

    def go_on(last: Run | None, *values: Any) -> Iterator[Updates]:
        yield from play.run(form, values, last or Run("", {}))

    form.run.click(from_form, form.inputs, form.outputs, **working)

    def enlarge(last: Run | None, *values: Any) -> Iterator[Updates]:
        last = last or Run("", {})
        yield from play.run(form, values, last, size=last.size * LARGER)

    form.resume.click(go_on, [form.run_state, *form.inputs], form.outputs, **working)
    form.large.click(enlarge, [form.run_state, *form.inputs], form.outputs, **working)
    form.stop.click(play.stop, form.run_state, form.stop, queue=False, **QUIET)
    if form.tab.live:
        changes = _changes(form)
        # The one that runs ends after the step it is in; then the newest change has its turn. What
        # was painted by earlier strokes stays.
        if form.brush:
            gr.on(changes, play.stop, form.run_state, form.stop, queue=False, **QUIET)
        else:
            gr.on(changes, play.supersede, form.run_state, None, queue=False, **QUIET)
        newest = working | {"trigger_mode": "always_last", "show_progress": "hidden"}

        def follow_up(last: Run | None, *values: Any) -> Iterator[Updates]:
            yield from play.live(form, values, last)

        gr.on(changes, follow_up, [form.run_state, *form.inputs], form.outputs, **newest)


def _changes(form: Form) -> list[Any]:
    """What makes a live tab run: strokes where there is a brush, else any knob."""
    brush = form.brush
    if brush:
        control: Any = form.named[brush][1]
        return [control.input]  # it changes by itself with its picture
    named: list[tuple[Parameter, Any]] = list(form.named.values())
    # A brush changes by itself with its picture.
    return [c.input if isinstance(p.knob, Mask) else c.change for p, c in named]


def _connect_choices(form: Form) -> None:
    """Strips of pictures, examples and looks: what was made beforehand is there at once."""
    shown = [*form.inputs, *form.outputs]
    for name, strip in form.strips.items():
        strip.click(partial(_offered, form, name), [strip, *form.inputs], shown, **QUIET)
    form.examples.click(partial(_example, form), form.examples, shown, **QUIET)
    # A look of one's own picture was not made beforehand: it runs.
    chosen = form.looks.click(
        partial(_look, form), [form.looks, *form.inputs], [*shown, form.asked], **QUIET
    )

    def if_asked(asked: bool, *values: Any) -> Iterator[Updates]:
        yield from play.run(form, values) if asked else [form.unchanged()]

    chosen.then(if_asked, [form.asked, *form.inputs], form.outputs, **form.working)


def _connect_verdict(form: Form) -> None:
    """A click on a class of the verdict asks about it, where the tab names the knob of that."""
    if not form.tab.asks:
        return

    def chosen(event: gr.SelectData) -> str:
        return str(event.value)

    def ask(*values: Any) -> Iterator[Updates]:
        yield from play.run(form, values)

    bars: Any = next(view.bars for view in form.views if isinstance(view, Verdict))
    named = bars.select(chosen, None, form.named[form.tab.asks][1], **QUIET)
    if not form.tab.live:  # a live tab runs by itself
        named.then(ask, form.inputs, form.outputs, **form.working)


def _reading(shown: Any, files: Sequence[str] | None, event: gr.SelectData) -> Any:
    """The value of a map where somebody clicked on its picture."""
    numbers = _numbers(files)
    if numbers is None or shown is None:
        return gr.skip()
    sides = zip(event.index[::-1], shown.shape, numbers.shape, strict=False)
    row, column = (min(int(at / side * count), count - 1) for at, side, count in sides)
    words = f"row {row}, column {column}: {numbers[row, column]:.4g}"
    return html.status(words, 1.0, "done")


def _region(shares: str, files: Sequence[str] | None) -> Any:
    """What a map says of a dragged region: "left, top, right, bottom" as shares of the picture."""
    numbers = _numbers(files)
    with suppress(ValueError):
        left, top, right, bottom = (min(max(float(x), 0.0), 1.0) for x in shares.split(","))
        if numbers is not None and left < right and top < bottom:
            height, width = numbers.shape
            rows = slice(int(top * height), max(math.ceil(bottom * height), 1))
            columns = slice(int(left * width), max(math.ceil(right * width), 1))
            part = numbers[rows, columns]
            total = float(np.abs(numbers).sum())
            share = float(np.abs(part).sum()) / total if total else 0.0
            words = (
                f"rows {rows.start} to {rows.stop - 1}, columns {columns.start} to "
                f"{columns.stop - 1}: sum {part.sum():.4g}, mean {part.mean():.4g}, {share:.0%} of "
                f"the whole map on {part.size / numbers.size:.0%} of its pixels"
            )
            return html.status(words, 1.0, "done")
    return gr.skip()


def _numbers(files: Sequence[str] | None) -> Any:
    """The bare map of the last run, if there is one."""
    path = next((path for path in files or () if Path(path).name == "map.npy"), None)
    return None if path is None else np.load(path)


def connect_panels(forms: Sequence[Form], chooser: Chooser | None) -> None:
    """A click on a panel fills in the knobs that it sets, here or in a tab that has them."""
    for form in forms:
        for view in form.views:
            if isinstance(view, Panels) and not isinstance(view, PanelSlider):
                _connect_panels(form, view.gallery.select, forms, chooser)
            elif isinstance(view, Taught):
                _connect_panels(form, view.row.click, forms, chooser, view.tab)


def _connect_panels(
    form: Form, chosen_panel: Any, forms: Sequence[Form], chooser: Chooser | None, tab: str = ""
) -> None:
    """`chosen_panel`: the event that tells the number of one; `tab`: where it goes, if that is one.

    Else it goes to the first tab that has all the knobs that it sets, its own before the others.
    """
    own_first = [form, *(other for other in forms if other is not form)]
    ordered = sorted(own_first, key=lambda other: other.tab.name != tab)

    pictures = [n for n, (p, _) in form.named.items() if isinstance(p.knob, Picture)]

    def fill(run: Run | None, event: gr.EventData, *given: Any) -> list[Any]:
        index = event.index
        sets = run.sets[index] if run and index < len(run.sets) else {}
        chosen = next((o for o in ordered if sets and set(sets) <= set(o.named)), None)
        if chosen and chosen is not form:  # the pictures go along
            own = {n: path for n, path in zip(pictures, given, strict=True) if path}
            places = {n for n, (p, _) in chosen.named.items() if isinstance(p.knob, Picture)}
            sets = {n: path for n, path in own.items() if n in places} | dict(sets)
        sets = {n: _own(event) if value == ITSELF else value for n, value in sets.items()}
        return visits.filled(ordered, chosen, sets, chooser)

    source: list[Any] = [form.run_state, *(form.named[name][1] for name in pictures)]
    inputs = [control for other in ordered for control in other.inputs]
    rows = chooser.rows if chooser else []
    chosen_panel(fill, source, [*inputs, *rows], **QUIET)


def _own(event: Any) -> str:
    """The file of the panel that was chosen."""
    return str(event.value["image"]["path"])


def cleared(form: Form) -> list[Any]:
    """What Reset puts into the form, the presets and everything a run may change."""
    first = form.tab.examples[0] if form.tab.examples else {}
    defaults = {
        p.name: None if p.default is inspect.Parameter.empty else p.default
        for p in form.tab.parameters
    }
    updates = form.cleared()
    state = [updates.get(component, gr.skip()) for component in form.outputs]
    return [*visits.updates(form, defaults | dict(first)), None, *state]


def _offered(form: Form, name: str, index: int, *values: Any) -> list[Any]:
    """A picture of a strip, and what was made of it with the others as they are."""
    now = form.arguments(values) | {name: form.tab.strips[name][index]}
    same = (e for e in form.tab.examples if all(_same(now.get(k), v) for k, v in e.items()))
    example = next(same, None)
    state = _premade(form, form.tab.made(example) if example else None, "this example")
    return [*visits.updates(form, {name: now[name]}), *state]


def _example(form: Form, index: int) -> list[Any]:
    example = form.tab.examples[index]
    return [*visits.updates(form, example), *_premade(form, form.tab.made(example), "this example")]


def _look(form: Form, index: int, *values: Any) -> list[Any]:
    """A look's settings; its result where the form holds the first example, else a run."""
    name = list(form.tab.presets)[index]
    touched = {knob for preset in form.tab.presets.values() for knob in preset}
    base = {p.name: p.default for p in form.tab.parameters if p.name in touched}
    now = form.arguments(values)
    first = form.tab.examples[0] if form.tab.examples else {}
    at_first = all(_same(now.get(k), v) for k, v in first.items())
    path = form.tab.made_by(name) if at_first else None
    state = _premade(form, path, f"{name}, of the first example")
    return [*visits.updates(form, base | dict(form.tab.presets[name])), *state, path is None]


def _premade(form: Form, path: Path | None, of: str) -> list[Any]:
    words = f"Made beforehand: {of}. Press Run: yours forms here"
    updates = form.premade(path, words) if path else {}
    return [updates.get(component, gr.skip()) for component in form.outputs]


def _same(one: Any, example: Any) -> bool:
    """Whether a form's value is that of an example, or the same picture."""
    if one == example:
        return True
    digest = permalinks.digest(example)
    return bool(digest) and permalinks.digest(one) == digest


def _follow_pictures(form: Form, restored: Any) -> None:
    """A file that is no picture is named at once; a new picture gives clean masks."""
    for name, (parameter, control) in form.named.items():
        picture: Any = control
        if isinstance(parameter.knob, Picture):
            picture.upload(_check, picture, None, **QUIET)
        masks = [
            brush
            for other, brush in form.named.values()
            if isinstance(other.knob, Mask) and other.knob.of == name
        ]
        if masks:
            blank = partial(_blank, masks)
            picture.change(blank, picture, masks, **QUIET)
            restored.then(blank, picture, masks, **QUIET)


def _check(path: str) -> None:
    try:
        images.load(path, BRUSHED)
    except PhospheneError as error:
        raise notices.failed(error) from None


def _blank(masks: Sequence[Any], path: str | None) -> dict[Any, Any]:
    """The brushes over a picture, nothing painted."""
    clean = None
    with suppress(PhospheneError):  # whoever uploaded it has been told
        if path:
            clean = {"background": images.load(path, BRUSHED), "layers": [], "composite": None}
    return dict.fromkeys(masks, clean)


def _follow_points(form: Form) -> None:
    """A click or drag on a picture sets its points; one of no picture lies on the result.

    The browser does so by itself; it finds the control of a picture's point by a class of both.
    """
    for name, (parameter, control) in form.named.items():
        if isinstance(parameter.knob, Point):
            named = form.named.get(parameter.knob.of)
            picture: Any = named[1] if named else form.stage
            if picture is not None:
                picture.elem_classes = [*picture.elem_classes, "ph-places", f"ph-sets-{name}"]
                control.elem_classes = [*(control.elem_classes or ()), f"ph-set-{name}"]
