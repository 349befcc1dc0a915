"""Watch it decide: a map of every layer."""

from __future__ import annotations

import pytest

from phosphene import InputError, images
from phosphene.methods.saliency.cams import ATTRIBUTIONS
from phosphene.methods.saliency.depth import attribute_layers, route
from phosphene.methods.saliency.drawn import Drawn, Style
from phosphene.methods.saliency.estimates import Options
from tests.methods.saliency.pictures import case_of, last, single, squares
from tests.networks.random_weights import noise, pair
from tests.pictures import PANDA

SMALL = {"size": 96, "device": "cpu"}


def test_panels_grow_from_the_first_layer_to_the_last():
    frames = list(attribute_layers(PANDA, count=4, **SMALL))
    assert [len(frame.panels) for frame in frames] == [1, 2, 3, 4]
    assert [(frame.step, frame.steps) for frame in frames] == [(n, 4) for n in (1, 2, 3, 4)]
    assert [panel.caption for panel in frames[-1].panels] == [
        "conv_stem",
        "blocks.1",
        "blocks.5",
        "bn2",
    ]
    assert frames[-1].image.tobytes() == frames[-1].panels[-1].image.tobytes()
    (table,) = frames[-1].tables
    cells = [row[1] for row in table.rows]
    assert cells == sorted(cells, reverse=True)


def test_a_panel_is_layer_cam_at_its_layer():
    x = squares()[:1]
    case = single("koala")
    picture = images.to_image(x)
    frames = list(attribute_layers(picture, target="koala", count=3, **SMALL))
    panel = frames[-1].panels[1]
    options = Options(layer=panel.caption)
    values = last(ATTRIBUTIONS["layer_cam"].run(case, options)).values
    style = Style.of(picture, 512, 0.9, "automatic", 0)
    expected = images.to_tensor(Drawn(values[0, 0], False, style).over())
    assert float((images.to_tensor(panel.image) - expected).abs().mean()) < 0.01
    assert panel.sets == {"layer": panel.caption, "method": "layer_cam"}


def test_layers_end_where_an_inner_target_is():
    names = route(single("blocks.3:7"), 8)
    assert names[-1] == "blocks.3"
    assert len(set(names)) == len(names) >= 5


def test_a_transformers_layers_end_where_its_class_token_last_reads():
    network, _ = pair("timm/vit_tiny_patch16_224")
    names = route(case_of(network, noise(96, 96), "koala"), 6)
    assert names[-1] == "blocks.10"
    assert len(set(names)) == 6


def test_a_class_that_does_not_exist_is_named():
    with pytest.raises(InputError, match="class"):
        next(attribute_layers(PANDA, target="no such thing", **SMALL))


def test_two_streams_do_not_mix():
    def run(target):
        return attribute_layers(PANDA, target=target, count=3, **SMALL)

    alone = [[*run(target)][-1].image.tobytes() for target in ("koala", "toaster")]
    mixed = [*zip(run("koala"), run("toaster"), strict=True)][-1]
    assert alone == [frame.image.tobytes() for frame in mixed]
