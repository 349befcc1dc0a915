import pytest
import torch

from phosphene.methods.deepdream.rolloff import added


def test_without_detail_a_picture_is_itself_and_a_little_is_added_as_it_is():
    base = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(added(base, torch.zeros_like(base)), base)
    middle = torch.full((1, 3, 8, 8), 0.5)
    assert added(middle, middle * 0.02).mean() == pytest.approx(0.51, abs=1e-4)


def test_much_detail_nears_black_and_white_without_reaching_them():
    middle = torch.full((1, 3, 1, 1), 0.5)
    steps = [float(added(middle, middle * size).mean()) for size in (1, 2, 4, 8)]
    assert steps == sorted(steps)
    assert steps[-1] < 1
    assert float(added(middle, -8 * middle).mean()) > 0


def test_far_less_is_burnt_than_by_clipping():
    generator = torch.Generator().manual_seed(0)
    base = torch.rand(1, 3, 64, 64, generator=generator)
    detail = 0.5 * torch.randn(1, 3, 64, 64, generator=generator)

    def burnt(picture):
        return ((picture < 0.01) | (picture > 0.99)).float().mean()

    assert burnt(added(base, detail)) < 0.4 * burnt(base + detail)
