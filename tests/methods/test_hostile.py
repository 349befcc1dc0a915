"""Every public method, by its own declarations, refuses what does not fit in one short sentence."""

from __future__ import annotations

import pytest

from phosphene import knobs
from phosphene.errors import InputError
from phosphene.hosting import cost
from phosphene.knobs import Picture, parameters
from phosphene.methods import METHODS
from tests.apps import PAGES, tabs_of
from tests.ui.strangers import malformed

pytest.importorskip("gradio")

from phosphene.ui import controls

SEEDS = 40
NAMES = sorted({tab.method.__name__ for app in PAGES for tab in tabs_of(app)})


@pytest.mark.parametrize("name", NAMES)
def test_settings_of_any_kind_are_taken_or_refused_in_a_sentence(name, picture):
    declared = parameters(METHODS[name])
    schemas = [
        {"parameter_name": p.name, "type": controls.schema(p.knob)}
        for p in declared
        if not isinstance(p.knob, controls.MEDIA)
    ]
    good = {p.name: p.knob.quick for p in declared if p.knob.quick is not None}
    good |= {p.name: str(picture) for p in declared if isinstance(p.knob, Picture)}
    refused = []
    for seed in range(SEEDS):
        call = {k: v for k, v in malformed(schemas, good, seed).items() if v is not None}
        try:
            fitting = knobs.check(METHODS[name], call)
            cost.check(name, fitting)
            assert cost.seconds(name, fitting) > 0
        except InputError as error:
            refused.append(str(error))
    assert refused
    assert not [words for words in refused if len(words) > 400 or "\n" in words]
