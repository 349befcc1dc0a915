"""A brush on a page: chosen, in a link, handed on from the tab that teaches it."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from phosphene.errors import InputError
from phosphene.frame import Frame, Panel
from phosphene.knobs import BrushChoice, Parameter
from phosphene.networks import brush_file
from phosphene.networks.brush import SIZE, Brush

gr = pytest.importorskip("gradio")

from phosphene.ui import controls, permalinks  # noqa: E402
from phosphene.ui.runs import Run  # noqa: E402
from phosphene.ui.taught import Taught  # noqa: E402
from phosphene.ui.views import Outcome  # noqa: E402

PARAMETER = Parameter("brush", "", BrushChoice(options=(("wave", "brush1-AA"),)))


@pytest.fixture
def text():
    numbers = torch.randn(SIZE, generator=torch.Generator().manual_seed(0)).half().float()
    return brush_file.write(Brush("My wave", numbers))


def test_a_link_holds_the_whole_brush(text):
    query = permalinks.link([PARAMETER], {"brush": text}, tab="Instant")
    values, others, notices = permalinks.restore([PARAMETER], query)
    assert values == {"brush": text}
    assert others == {"tab": "Instant"}
    assert not notices


def test_the_control_offers_what_comes_along_and_holds_a_text(text):
    control = controls.build(PARAMETER)
    assert control.value == ""
    assert controls.from_form(PARAMETER, text) == text
    assert PARAMETER.knob.check("brush", f" {text}\n") == text
    with pytest.raises(InputError, match="at most 40000 fit"):
        PARAMETER.knob.check("brush", "x" * 50_000)


def test_a_result_with_a_brush_is_offered_with_its_name(text, tmp_path):
    picture = Image.new("RGB", (8, 8))
    view = Taught("Instant")
    with gr.Blocks(analytics_enabled=False):
        view.build()
    frame = Frame(picture, panels=(Panel(picture, "My wave", sets={"brush": text}),))
    shown = view.result(Outcome(frame, Run("teach", {}), [], tmp_path))
    assert shown == {view.row: {"name": "My wave", "text": text, "tab": "Instant"}}
    without = Frame(picture, panels=(Panel(picture, "before", sets={"size": 64}),))
    assert view.result(Outcome(without, Run("teach", {}), [], tmp_path)) == {}
    assert view.reset() == {view.row: None}
