"""The attacks against foolbox's, and against plain loops of the papers in float64.

Trajectories are the same where the definitions coincide; elsewhere success and norms agree.
"""

from __future__ import annotations

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from phosphene.methods.adversarial.attacks.descents import apgd, pgd
from phosphene.methods.adversarial.attacks.queries import square
from phosphene.methods.adversarial.attacks.smallest import carlini_wagner, deepfool, distances
from phosphene.methods.adversarial.goals import Goal, margin
from phosphene.methods.adversarial.norms import random_start, size
from phosphene.networks import loading
from tests.methods.adversarial.pictures import batch, network

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foolbox = pytest.importorskip("foolbox")

EPSILON, STEP = 4 / 255, 1 / 255
TARGETS = (105, 859, 105, 859)  # koala, toaster


class Logits(nn.Module):
    """Our network as a peer takes one."""

    def __init__(self, logits):
        super().__init__()
        self.forward = logits


def model(logits=None):
    logits = logits or network().logits
    return foolbox.PyTorchModel(Logits(logits).eval(), bounds=(0, 1), device="cpu")


def goal_of(targeted=False, side=128, **settings):
    x, labels = batch(side)
    wish = torch.where(labels == 105, 859, torch.tensor(TARGETS)) if targeted else labels
    return Goal([network()], x, wish, targeted, **settings)


def criterion(goal):
    kind = foolbox.criteria.TargetedMisclassification if goal.targeted else None
    return (kind or foolbox.criteria.Misclassification)(goal.labels)


def ran(attempts):
    """The picture after the last step."""
    for _, picture in attempts:  # noqa: B007 (the last one is the result)
        pass
    return picture


def fools(goal, picture):
    with torch.no_grad():
        return (network().logits(picture).argmax(1) == goal.labels) == goal.targeted


def from_start(attack, start):
    """A foolbox attack that begins at a given picture."""
    attack.random_start = True
    attack.get_random_start = lambda x0, epsilon: type(x0)(start.clone())
    return attack


class Plain:
    """The network in float64: its scores in float32 have no digits left where one class is sure."""

    def __init__(self):
        self.network = loading._load("efficientnet_lite0", torch.device("cpu"), "max").double()
        self.network.dtype = torch.float64

    def logits(self, x):
        return self.network.acts(x, ["logits"])["logits"]

    def gradient(self, x, labels, targeted):
        x = x.detach().requires_grad_()
        loss = F.cross_entropy(self.logits(x), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(-loss if targeted else loss, x)
        return gradient


@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_is_foolboxes(targeted):
    goal = goal_of(targeted)
    ours = ran(pgd(goal, EPSILON, steps=1, step_size=EPSILON, stop=False))
    peer = foolbox.attacks.LinfFastGradientAttack()
    if targeted:
        # foolbox has FGSM untargeted alone; one step of its PGD is the targeted one.
        peer = foolbox.attacks.LinfPGD(abs_stepsize=EPSILON, steps=1, random_start=False)
    theirs = peer.run(model(), goal.original, criterion(goal), epsilon=EPSILON)
    assert same(ours, theirs, 1e-5) > 0.9999


def same(ours, theirs, tolerance):
    """The share of values that agree; a sign of a gradient next to zero may fall either way."""
    return float(((ours - theirs).abs() <= tolerance).float().mean())


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_trajectory_of_pgd_is_foolboxes_from_the_same_start(norm, targeted):
    goal, plain = goal_of(targeted, side=64), Plain()
    # Away from black and white both projections are the same.
    original = 0.3 + 0.4 * goal.original.double()
    goal.networks, goal.original, goal.best = [plain], original, original
    radius = EPSILON if norm == "linf" else 0.5
    step = STEP if norm == "linf" else 0.05
    start = random_start(goal.original, radius, norm, torch.Generator().manual_seed(0))
    ours = ran(pgd(goal, radius, norm, steps=5, step_size=step, start=start, stop=False))
    kind = foolbox.attacks.LinfPGD if norm == "linf" else foolbox.attacks.L2PGD
    peer = from_start(kind(abs_stepsize=step, steps=5), start)
    theirs = peer.run(model(plain.logits), original, criterion(goal), epsilon=radius)
    assert same(ours, theirs, 1e-5) > 0.9999


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("attack", ["fgsm", "linf", "l2", "momentum"])
def test_they_follow_the_papers_loops_in_float64(attack, targeted):
    """foolbox's momentum sums up signs; that of the paper, gradients over their mean."""
    goal, plain = goal_of(targeted, side=64), Plain()
    original = 0.3 + 0.4 * goal.original.double()
    goal.networks, goal.original, goal.best = [plain], original, original
    norm, radius, step = ("l2", 0.5, 0.1) if attack == "l2" else ("linf", EPSILON, STEP)
    steps, decay = 3, float(attack == "momentum")
    if attack == "fgsm":
        steps, step = 1, radius
    ours = ran(pgd(goal, radius, norm, steps=steps, step_size=step, decay=decay, stop=False))
    x, total = original, 0.0
    for _ in range(steps):
        gradient = plain.gradient(x, goal.labels, targeted)
        if decay:
            total = decay * total + gradient / gradient.abs().mean((1, 2, 3), keepdim=True)
            gradient = total
        if norm == "l2":
            x = x + step * gradient / size(gradient, "l2").view(-1, 1, 1, 1)
            change = x - original
            x = original + change * (radius / size(change, "l2")).clamp(max=1).view(-1, 1, 1, 1)
        else:
            x = (x + step * gradient.sign()).clamp(original - radius, original + radius)
    assert same(ours, x, 1e-5) > 0.9999


def test_apgd_is_at_least_as_strong_as_pgd_of_as_many_steps():
    radius, lowest = 1 / 255, {}
    for name in ("apgd", "pgd"):
        goal = goal_of(keep="sure")
        start = random_start(goal.original, radius, "linf", torch.Generator().manual_seed(0))
        run = (
            apgd(goal, radius, steps=20, start=start, stop=False)
            if name == "apgd"
            else pgd(goal, radius, steps=20, step_size=radius / 4, start=start, stop=False)
        )
        trail = [picture for _, picture in run]
        assert max(float(size(p - goal.original, "linf").max()) for p in trail) <= radius + 1e-6
        lowest[name] = torch.stack([goal.ask(picture) for picture in trail]).amin(0).mean()
    assert lowest["apgd"] <= lowest["pgd"]  # both below zero


def test_deepfool_goes_about_as_far_as_foolboxes():
    goal = goal_of(keep="near")
    ran(deepfool(goal))
    peer = foolbox.attacks.L2DeepFoolAttack(steps=50, candidates=10, overshoot=0.02)
    theirs = peer.run(model(), goal.original, criterion(goal))
    assert goal.done
    assert fools(goal, theirs).all()
    ours = torch.tensor(distances(goal))
    assert torch.allclose(ours, size(theirs - goal.original, "l2"), rtol=0.1)


def test_carlini_and_wagners_distances_are_foolboxes():
    goal = goal_of(keep="near")
    ran(carlini_wagner(goal, steps=30, searches=2, weight=1.0, lr=0.01, every=30))
    peer = foolbox.attacks.L2CarliniWagnerAttack(
        binary_search_steps=2, steps=30, stepsize=0.01, initial_const=1.0, abort_early=False
    )
    theirs = peer.run(model(), goal.original, criterion(goal))
    assert goal.done
    assert fools(goal, goal.best).all()
    ours = torch.tensor(distances(goal))
    assert torch.allclose(ours, size(theirs - goal.original, "l2"), rtol=0.1)


def test_square_attack_fools_within_the_budget_and_most_of_them_soon():
    goal = goal_of(criterion=margin)
    ran(square(goal, 16 / 255, torch.Generator().manual_seed(0), queries=120))
    assert float(size(goal.best - goal.original, "linf").max()) <= 16 / 255 + 1e-6
    assert int(goal.reached.sum()) >= 3
    assert fools(goal, goal.best)[goal.reached].all()
