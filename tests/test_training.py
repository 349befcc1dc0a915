"""Training: the loss falls, a run goes on where it was stopped, what it writes is diffusers'."""

from __future__ import annotations

import pytest
import torch

from phosphene import InputError
from phosphene.networks.autoencoders.datasets import dataset
from phosphene.networks.autoencoders.small import SmallAutoencoder
from phosphene.training.__main__ import plans
from phosphene.training.card import write
from phosphene.training.fit import Plan, Training, cross_entropy, moved, noisy

TINY = {"widths": (4, 8), "hidden": 16}
KINDS = {
    "vae": Plan("tiny_vae", "digits", steps=10, batch=16, model=TINY),
    "dae": Plan("tiny_dae", "digits", "point", noise=0.5, steps=10, batch=16, model=TINY),
}


def few():
    return dataset("digits").pictures[:64]


@pytest.mark.parametrize("plan", KINDS.values(), ids=KINDS)
def test_ten_steps_lower_the_loss_and_leave_what_diffusers_loads(plan, tmp_path):
    training = Training(plan, few())
    moments = list(training.run(every=5))
    assert [m.step for m in moments] == [5, 10]
    assert moments[-1].loss < moments[0].loss
    folder = write(training, tmp_path)
    again = SmallAutoencoder.from_pretrained(folder).float()
    assert again.decode(again.encode(few())[0]).shape == (64, 1, 28, 28)
    card = (folder / "README.md").read_text()
    for word in ("PSNR", "SSIM", "10-NN", "mnist 1.1.0", "1,000", "license: apache-2.0"):
        assert word in card
    assert ("ELBO" in card) == (plan.posterior == "normal")
    assert {"loss.jpg", "sheet.jpg", "__init__.py"} <= {p.name for p in folder.iterdir()}


def test_a_run_that_was_stopped_ends_where_one_without_a_stop_does(tmp_path):
    plan = KINDS["vae"]
    whole = Training(plan, few())
    list(whole.run())
    first = Training(plan, few())
    next(iter(first.run(every=4)))
    first.save(tmp_path / "state.pt")
    second = Training(plan, few())
    second.load(tmp_path / "state.pt")
    assert second.step == 4
    list(second.run())
    for one, two in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_seed_makes_the_same_model():
    one, two = (Training(KINDS["vae"], few()).model.state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_what_another_plan_left_and_too_few_pictures_are_refused(tmp_path):
    Training(KINDS["vae"], few()).save(tmp_path / "state.pt")
    with pytest.raises(InputError, match="another training"):
        Training(KINDS["dae"], few()).load(tmp_path / "state.pt")
    with pytest.raises(InputError, match="1 pictures"):
        Training(KINDS["vae"], few()[:1])
    with pytest.raises(InputError, match="did you mean"):
        plans(["digit"])


def test_plans_are_named_one_by_one_or_together():
    assert [p.name for p in plans(["digits"])] == ["digits_vae", "digits_ae", "digits_dae"]
    (plan,) = plans(["digits_ae"], steps=7)
    assert (plan.name, plan.steps) == ("digits_ae", 7)


def test_the_likelihood_is_that_of_a_coin_for_each_pixel():
    logits, picture = torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.0, 1], [0.3, 1]]]])
    assert float(cross_entropy(logits, picture)) == pytest.approx(4 * 0.693147, rel=1e-5)


def test_moving_and_noise_keep_pictures_in_range_and_near():
    x, generator = few(), torch.Generator().manual_seed(0)
    for changed in (moved(x, generator), noisy(x, 0.5, generator)):
        assert changed.shape == x.shape
        assert 0 <= changed.min() <= changed.max() <= 1
        assert not torch.equal(changed, x)
    assert float(moved(x, generator).mean() / x.mean()) == pytest.approx(1, abs=0.1)
    assert noisy(x, 0.0, generator) is x
