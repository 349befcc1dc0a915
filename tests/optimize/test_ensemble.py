import torch

from phosphene.networks.zoo import CLASSIFIERS, members
from phosphene.optimize.ensemble import in_turn


def test_networks_are_named_by_an_ensemble_by_a_sum_or_alone():
    assert members("efficientnet_lites") == CLASSIFIERS
    assert members("vgg19 + timm/resnet50") == ("vgg19", "timm/resnet50")
    assert members("vgg19") == ("vgg19",)


def test_losses_take_turns_and_one_alone_is_itself():
    one, two = (lambda x, n=n: {"loss": n * x.sum()} for n in (1, 2))
    loss, picture = in_turn([one, two]), torch.ones(1)
    assert [float(loss(picture)["loss"]) for _ in range(4)] == [1, 2, 1, 2]
    assert in_turn([one]) is one
