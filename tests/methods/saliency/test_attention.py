"""Attention of timm's transformers with random weights, against what hooks see in timm's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from phosphene import InputError
from phosphene.methods.saliency.attention import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.randomization import duplicate
from tests.methods.saliency.pictures import case_of, last, relative, single
from tests.networks.random_weights import noise, pair

VIT, DISTILLED = "timm/vit_tiny_patch16_224", "timm/deit_tiny_distilled_patch16_224"


@pytest.fixture(scope="module", params=[VIT, DISTILLED])
def both(request):
    return pair(request.param)


def seen(network, model, x, index=None):
    """The attention of timm's own modules, with its gradients where a class is named."""
    layers = []
    for block in model.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda m, i, out: layers.append(out))
    logits = model((x.clone().requires_grad_() - network.mean) / network.std)
    gradients = torch.autograd.grad(logits[0, index or 0], layers)
    for block in model.blocks:
        block.attn.attn_drop._forward_hooks.clear()
    return [layer.detach() for layer in layers], gradients


def run(name, case):
    return last(ATTRIBUTIONS[name].run(case, Options())).values


def test_attention_is_timms_and_changes_nothing(both):
    network, model = both
    x = torch.cat([noise(224, 224), 1 - noise(224, 224)])
    with torch.no_grad():
        layers, acts = network.attention(x, ["logits"])
        assert relative(acts["logits"], network.logits(x)) < 1e-4
    expected, _ = seen(network, model, x)
    assert len(layers) == len(expected) == 12
    for ours, theirs in zip(layers, expected, strict=True):
        assert ours.shape == theirs.shape
        assert relative(ours, theirs) < 1e-3


def test_rollout_is_the_papers_loop(both):
    network, model = both
    x = noise(224, 224)
    prefix = model.num_prefix_tokens
    layers, _ = seen(network, model, x)
    flow = torch.eye(196 + prefix).double()
    for layer in layers:
        mixed = layer[0].double().mean(0) + torch.eye(196 + prefix)
        flow = (mixed / mixed.sum(-1, keepdim=True)) @ flow
    cells = flow[:prefix, prefix:].mean(0).view(1, 1, 14, 14)
    expected = F.interpolate(cells, (224, 224), mode="bilinear")
    assert relative(run("attention_rollout", case_of(network, x, "koala")), expected) < 1e-3


def test_the_gradients_form_is_the_papers_loop(both):
    network, model = both
    x = noise(224, 224)
    index, prefix = network.find_class("koala"), model.num_prefix_tokens
    flow = torch.eye(196 + prefix).double()
    for layer, gradient in zip(*seen(network, model, x, index), strict=True):
        flow = flow + (layer * gradient)[0].double().clamp(min=0).mean(0) @ flow
    cells = flow[:prefix, prefix:].mean(0).view(1, 1, 14, 14)
    expected = F.interpolate(cells, (224, 224), mode="bilinear")
    assert relative(run("attention_gradient", case_of(network, x, "koala")), expected) < 1e-3


def test_rollout_knows_no_class_and_the_gradients_form_does(both):
    network, _ = both
    cases = [case_of(network, noise(160, 224), name) for name in ("koala", "toaster")]
    one, other = (run("attention_rollout", case) for case in cases)
    assert one.shape == (1, 1, 160, 224)
    assert torch.equal(one, other)
    one, other = (run("attention_gradient", case) for case in cases)
    assert relative(one, other) > 0.01


def test_an_inner_target_reads_all_places_of_the_layers_before_it(both):
    network, _ = both
    case = case_of(network, noise(224, 224), "blocks.3:7")
    assert len(network.attention(case.x, case.layers)[0]) == 4
    assert run("attention_gradient", case).max() > 0


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_networks_without_attention_of_all_to_all_are_refused_with_a_remedy(name):
    with pytest.raises(InputError, match=r"efficientnet_lite0 has no attention .* choose a vision"):
        run(name, single())
    windows, _ = pair("timm/swin_tiny_patch4_window7_224")
    with pytest.raises(InputError, match=r"swin_tiny.* no attention of all places"):
        run(name, case_of(windows, noise(224, 224), "koala"))


def test_a_copys_attention_is_that_of_its_own_weights(both):
    network, _ = both
    x = noise(224, 224)
    with torch.no_grad():
        before = network.attention(x, ["logits"])[0]
        twin = duplicate(network)
        for layer in twin.body.parameters():
            layer.mul_(0.5)
        assert relative(twin.attention(x, ["logits"])[0][-1], before[-1]) > 0.01
        assert torch.equal(network.attention(x, ["logits"])[0][-1], before[-1])
