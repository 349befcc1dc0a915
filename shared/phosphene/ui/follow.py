"""What a form shows of the chosen network, without loading it: layers, classes, weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from phosphene import device
from phosphene.errors import PhospheneError
from phosphene.hosting import workers
from phosphene.knobs import ClassChoice, LayerChoice, NetworkChoice
from phosphene.networks import weights, zoo
from phosphene.networks.structure import Structure, structure
from phosphene.ui import html, notices
from phosphene.ui.form import Form
from phosphene.ui.runs import user_error


def network(form: Form, restored: Any, quiet: dict[str, Any]) -> None:
    """Layers, classes and badge follow the network, on opening the page and on each change."""
    networks = [n for n, (p, _) in form.named.items() if isinstance(p.knob, NetworkChoice)]
    if not networks:
        restored.then(lambda: html.badge((), device_words()), None, form.badge, **quiet)
    for name in networks:
        followers = [
            (parameter.knob, control)
            for parameter, control in form.named.values()
            if isinstance(parameter.knob, (LayerChoice, ClassChoice))
            and parameter.knob.network == name
        ]
        knobs = [knob for knob, _ in followers]
        lists: list[Any] = [control for _, control in followers]
        chosen: Any = form.named[name][1]
        first = name == networks[0]
        outputs = [*([form.badge] if first else []), *lists]

        update = partial(_update, knobs, first)
        if outputs:
            restored.then(update, [chosen, *lists], outputs, **quiet)
            chosen.change(update, [chosen, *lists], outputs, **quiet)


def layers(form: Form, restored: Any, quiet: dict[str, Any]) -> None:
    """The pictured layers are those of the network; one that is pressed is chosen."""
    for name, strips in form.layers.items():
        control = form.named[name][1]
        listed = form.tab.pictured_layers
        for network, strip in strips.items():
            names = [layer for layer, _, _ in listed[network]]
            strip.click(partial(_pressed, names), strip, control, **quiet)
        knob: Any = form.named[name][0].knob
        if strips and knob.network in form.named:
            chosen: Any = form.named[knob.network][1]
            show = partial(_pictured, list(strips))
            restored.then(show, chosen, list(strips.values()), **quiet)
            chosen.change(show, chosen, list(strips.values()), **quiet)


def _pressed(names: Sequence[str], index: int) -> str:
    return names[index]


def _pictured(networks: Sequence[str], name: str) -> Any:
    updates = [gr.HTML(visible=network == name) for network in networks]
    return updates if len(updates) > 1 else updates[0]


def device_words() -> str:
    """The device that runs take place on, or the workers."""
    pool = workers.pool()
    return pool.words if pool else device.describe(device.pick())


def _update(knobs: Sequence[Any], first: bool, name: str, *values: Any) -> list[Any]:
    try:
        kind = device.pick().type
        names = zoo.members(str(name)) if name else ()
        for one in filter(zoo.known, names):
            weights.check_allowed(one)  # what may not be loaded is not even built
        known = structure(str(name)) if name else None
        sources = [s for one in names if (s := weights.at_hand(one, device_type=kind))]
    except PhospheneError as error:
        notices.warn(str(error))
        known = None
    except Exception as error:
        notices.warn(str(user_error(error).message))
        known = None
    if known is None:
        return [gr.skip() for _ in range(len(knobs) + first)]
    badge = html.badge([source.credit for source in sources], device_words())
    lists = [_listing(known, knob, value) for knob, value in zip(knobs, values, strict=True)]
    return [*([badge] if first else []), *lists]


def _listing(known: Structure, knob: Any, value: Any) -> Any:
    """What there is to choose from; a value that fits is left alone: it may be the older one."""
    if isinstance(knob, ClassChoice):
        names = sorted({name.split(",")[0] for name in known.classes}, key=str.lower)
        return gr.Dropdown(choices=names) if names else gr.skip()
    layers = list(known.taps)
    fitting = _fitting(value, layers, known.default_tap)
    if fitting == value:
        return gr.Dropdown(choices=layers)
    return gr.Dropdown(choices=layers, value=fitting)


def _fitting(value: Any, layers: Sequence[str], default: str) -> Any:
    if isinstance(value, list):
        # None chosen stays so: it has a meaning of its own, such as a walk through all.
        return [layer for layer in value if layer in layers] or [default] * bool(value)
    return value if value in layers or not value else default
