"""What Captum or grad-cam have gives the same, for five pictures and two classes each."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from phosphene.methods.saliency.baselines import BASELINES, baseline
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options
from tests.methods.saliency.pictures import case_of, cases, doubled, last, peer, relative, squares

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    captum = pytest.importorskip("captum.attr")
    from captum.attr._core.gradient_shap import InputBaselineXGradient

    pytorch_grad_cam = pytest.importorskip("pytorch_grad_cam")

LIKE = 1e-4
FEW = 64
"""Pixels where a method asks many times: in float64 that takes long."""


def ours(name, case, **options):
    return last(ATTRIBUTIONS[name].run(case, Options(**options))).values


def wanted(case):
    """The picture, asked for its gradient: the peers warn where they must ask themselves."""
    return case.x.clone().requires_grad_()


def noise_of(case, samples, noise, seed):
    """The noise that SmoothGrad is to draw, written down once more."""
    generator = torch.Generator().manual_seed(seed)
    sigma = noise / 100 * float(case.x.max() - case.x.min())
    drawn = [torch.randn(case.x.shape[1:], generator=generator) for _ in range(samples)]
    return sigma * torch.stack(drawn)


def test_the_gradient_is_captums():
    for case, index in cases():
        theirs = captum.Saliency(peer()).attribute(wanted(case), target=index, abs=False)
        assert relative(ours("gradient", case), theirs) < LIKE


def test_gradient_times_input_is_captums_in_pixel_space():
    for case, index in cases(FEW):
        theirs = captum.InputXGradient(peer()).attribute(wanted(case), target=index)
        assert relative(ours("gradient_times_input", case), theirs.detach()) < LIKE


@pytest.mark.parametrize(("name", "kind"), [("smoothgrad", "smoothgrad"), ("vargrad", "vargrad")])
def test_the_mean_and_the_variance_under_noise_are_captums_under_the_same(name, kind, monkeypatch):
    for case, index in cases(FEW):
        noise = noise_of(case, 2, 15, 3)
        tunnel = captum.NoiseTunnel(captum.Saliency(peer()))
        monkeypatch.setattr(
            captum.NoiseTunnel,
            "_add_noise_to_input",
            staticmethod(lambda x, stdev, count, noise=noise: x + noise),
        )
        theirs = tunnel.attribute(case.x, nt_type=kind, nt_samples=2, target=index, abs=False)
        found = ours(name, case, samples=2, noise=15, seed=3)
        assert relative(found, theirs.detach()) < LIKE


@pytest.mark.parametrize(
    ("name", "steps", "every"), [("black", 2, 1), ("black", 7, 9), ("blur", 2, 9)]
)
def test_integrated_gradients_of_so_many_steps_are_captums(name, steps, every):
    method = captum.IntegratedGradients(peer())
    for case, index in list(cases(FEW))[::every]:
        start = baseline(case, name)
        theirs = method.attribute(wanted(case), start, target=index, n_steps=steps)
        found = ours("integrated_gradients", case, baseline=name, samples=steps)
        assert relative(found, theirs.detach()) < LIKE


def test_the_completeness_error_is_captums_delta():
    for case, index in list(cases(FEW))[:1]:
        start = torch.zeros_like(case.x)
        method = captum.IntegratedGradients(peer())
        _, delta = method.attribute(
            wanted(case), start, target=index, n_steps=4, return_convergence_delta=True
        )
        with torch.no_grad():
            change = peer()(case.x)[0, index] - peer()(start)[0, index]
        run = ATTRIBUTIONS["integrated_gradients"].run(case, Options(samples=4))
        error = last(run).metrics["completeness error, %"]
        assert error == pytest.approx(100 * abs(float(delta / change)), rel=1e-3)


def test_several_baselines_are_the_mean_of_each():
    case, _ = next(cases(FEW))
    alone = [ours("integrated_gradients", case, baseline=n, samples=1) for n in BASELINES]
    found = ours("integrated_gradients", case, baseline="several", samples=1)
    assert relative(found, torch.cat(alone).mean(0, keepdim=True)) < 1e-5


@pytest.mark.parametrize(("samples", "every"), [(2, 1), (7, 9)])
def test_expected_gradients_are_captums_at_the_same_places(samples, every, monkeypatch):
    for case, index in list(cases(FEW))[::every]:
        generator = torch.Generator().manual_seed(2)
        shares = torch.rand(samples, generator=generator)
        names = [BASELINES[number % len(BASELINES)] for number in range(samples)]
        starts = torch.cat([baseline(case, name, generator) for name in names])
        monkeypatch.setattr(np.random, "uniform", lambda low, high, size, s=shares: s.numpy())
        method = InputBaselineXGradient(peer())
        x = case.x.repeat(samples, 1, 1, 1).requires_grad_()
        theirs = method.attribute(x, starts, target=index).mean(0, keepdim=True)
        found = ours("expected_gradients", case, samples=samples, seed=2)
        assert relative(found, theirs.detach()) < LIKE


def stretched(heat):
    """grad-cam shows every map from 0 to 1, but one that is all zero."""
    low = heat - heat.min()
    return low / (float(low.max()) or 1.0)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("grad_cam", "GradCAM"), ("grad_cam_plus_plus", "GradCAMPlusPlus"), ("layer_cam", "LayerCAM")],
)
@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
def test_class_activation_maps_are_grad_cams(name, theirs, layer):
    target = pytorch_grad_cam.utils.model_targets.ClassifierOutputTarget
    model = peer()
    with getattr(pytorch_grad_cam, theirs)(model, [model.body.get_submodule(layer)]) as method:
        for case, index in list(cases())[:: 1 if layer == "bn2" else 6]:
            expected = method(wanted(case), [target(index)])
            found = ours(name, case, layer=layer)
            assert relative(stretched(found)[0], expected) < LIKE


def test_grad_cam_is_captums_before_it_is_stretched():
    method = captum.LayerGradCam(peer(), peer().body.bn2)
    for case, index in cases():
        coarse = method.attribute(wanted(case), target=index, relu_attributions=True)
        size = case.x.shape[-2:]
        expected = captum.LayerAttribution.interpolate(coarse, size, "bilinear").detach()
        assert relative(ours("grad_cam", case, layer="bn2"), expected) < LIKE


def test_two_classes_held_against_each_other_are_the_difference_of_their_gradients():
    network, x = doubled(), squares()[:1].double()
    found = ours("gradient", case_of(network, x, "koala", "toaster"))
    one, other = (ours("gradient", case_of(network, x, name)) for name in ("koala", "toaster"))
    assert relative(found, one - other) < 1e-6
