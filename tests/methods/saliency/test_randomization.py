"""The check of randomized weights: what is learned is forgotten, in a copy alone."""

from __future__ import annotations

import pytest
import torch

from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Estimate, Options
from phosphene.methods.saliency.gradients import slope
from phosphene.methods.saliency.randomization import (
    Stage,
    cascade,
    compared,
    duplicate,
    ends,
    redraw,
    weighted,
)
from tests.methods.saliency.pairs import case


def gradient(asked):
    return slope(asked, asked.x)


def edges(asked):
    """An edge detector: it never looks at the network, and so must not fall apart."""
    return asked.x.diff(dim=-1, append=asked.x[..., -1:])


def stages(attribute, count=4):
    asked = case()
    generator = Options().generator()
    run = cascade(asked, stream(attribute), attribute(asked), generator, count)
    return [found for found in run if isinstance(found, Stage)]


def stream(attribute):
    """A function of a case as an attribution of one estimate."""

    def run(asked):
        yield Estimate(attribute(asked))

    return run


def test_a_gradient_falls_apart_and_an_edge_detector_does_not():
    learned, blind = stages(gradient), stages(edges)
    assert abs(learned[-1].signed) < 0.1
    assert learned[-1].absolute < 0.6
    assert learned[-1].structure < 0.5
    for stage in blind:
        assert stage.signed == pytest.approx(1)
        assert stage.absolute == pytest.approx(1)
        assert stage.structure == pytest.approx(1)


def test_layers_are_forgotten_from_the_last_to_the_first():
    found = stages(edges, 3)
    assert [stage.layers for stage in found] == [1, 25, 50]
    assert found[0].name == "classifier"
    assert found[-1].name == "conv_stem"


def test_the_shared_network_stays_as_it_is():
    asked = case()
    before = {name: weight.clone() for name, weight in asked.network.body.state_dict().items()}
    asked.score(asked.x)
    score = asked.score(asked.x)
    walks = dict(asked.network._walks)
    run = cascade(asked, stream(gradient), gradient(asked), Options().generator(), 3)
    next(run)
    next(run)
    assert torch.equal(asked.score(asked.x), score)
    run.close()
    after = asked.network.body.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert asked.network._walks == walks


def test_a_copy_answers_as_its_original_until_it_forgets():
    asked = case()
    twin = duplicate(asked.network)
    assert torch.equal(twin.logits(asked.x), asked.network.logits(asked.x))
    name, layer = weighted(twin)[-1]
    original = asked.network.body.get_submodule(name)
    redraw(layer, Options().generator())
    assert float(layer.weight.std()) == pytest.approx(float(original.weight.std()), rel=0.02)
    assert not torch.equal(twin.logits(asked.x), asked.network.logits(asked.x))


@pytest.mark.parametrize("name", ["grad_cam", "guided_backpropagation"])
def test_what_the_original_keeps_ready_is_not_the_copys(name):
    asked, options = case(), Options()
    *_, first = ATTRIBUTIONS[name].run(asked, options)  # its graphs are made and kept

    def attribute(other):
        return ATTRIBUTIONS[name].run(other, options)

    run = cascade(asked, attribute, first.values, options.generator())
    stage = next(found for found in run if isinstance(found, Stage))
    assert not torch.allclose(stage.values, first.values, rtol=0.1)
    *_, again = ATTRIBUTIONS[name].run(asked, options)
    assert torch.equal(again.values, first.values)


def test_a_map_is_like_itself_and_not_like_its_opposite():
    values = gradient(case())
    same, opposite = compared(1, "", values, values), compared(1, "", -values, values)
    assert (same.signed, same.absolute) == pytest.approx((1, 1))
    assert (opposite.signed, opposite.absolute) == pytest.approx((-1, 1))
    flat = compared(1, "", torch.zeros_like(values), values)
    assert (flat.signed, flat.absolute) == (0, 0)


@pytest.mark.parametrize(
    ("count", "parts", "found"), [(10, 4, [1, 4, 7, 10]), (3, 6, [1, 2, 3]), (1, 6, [1])]
)
def test_stages_are_the_last_layer_and_even_parts(count, parts, found):
    assert ends(count, parts) == found
