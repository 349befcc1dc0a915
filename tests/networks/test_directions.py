"""Directions in codes: found where they were put, told apart, kept beside a model."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from phosphene.networks.autoencoders import directions


def drawn(count=4000, seed=0):
    """Correlated codes of two classes that lie `apart`, and what they were drawn with."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.eye(5) + 0.5 * torch.randn(5, 5, generator=generator)
    apart = torch.tensor([1.0, 0.5, 0.0, -0.5, 0.2])
    noise = torch.randn(2, count, 5, generator=generator) @ mixing.T
    return noise[0] + apart, noise[1], apart, mixing @ mixing.T


def test_logistic_regression_finds_the_best_plane():
    one, two, apart, covariance = drawn()
    best = torch.linalg.solve(covariance, apart)  # of two Gaussians of one covariance
    found = directions.logistic(one, two)
    assert float(F.cosine_similarity(found, best, dim=0)) > 0.98
    unit = found / found.norm()
    assert float(found.norm()) == pytest.approx(float(unit @ (one.mean(0) - two.mean(0))), rel=1e-4)


def test_it_tells_two_sides_better_than_the_difference_of_means():
    one, two, _, _ = drawn(seed=1)
    train, test = [(part[:2000], part[2000:]) for part in (one, two)], []
    for find in (directions.logistic, directions.difference):
        way = find(train[0][0], train[1][0])
        cut = (torch.cat([train[0][0], train[1][0]]) @ way).mean()
        right = (train[0][1] @ way > cut).float().mean() + (train[1][1] @ way < cut).float().mean()
        test.append(float(right) / 2)
    assert test[0] > test[1]


def test_two_single_codes_give_a_direction_too():
    one, two = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]])
    assert directions.difference(one, two).tolist() == [1, 2]
    assert torch.isfinite(directions.logistic(one, two)).all()


def test_alone_a_direction_changes_nothing_along_the_others():
    generator = torch.Generator().manual_seed(2)
    way, others = torch.randn(8, generator=generator), torch.randn(3, 8, generator=generator)
    left = directions.alone(way, others)
    assert (others @ left).abs().max() < 1e-4
    assert float(left @ way) == pytest.approx(float(way @ way), rel=1e-4)
    assert directions.alone(way, way[None]) is way  # nothing of its own would be left
    assert directions.alone(way, others[:0]) is way


def test_attributes_are_read_off_codes_that_hold_them():
    generator = torch.Generator().manual_seed(3)
    attributes = 2 * torch.rand(500, 2, generator=generator) - 1
    codes = attributes @ torch.randn(2, 6, generator=generator) + 0.3
    codes = codes + 0.01 * torch.randn(codes.shape, generator=generator)
    found = directions.find(codes, attributes, ("a", "b"))
    assert (found.read(codes) - attributes).abs().max() < 0.1
    for index in range(2):
        moved = found.read(codes + found.means[index]) - found.read(codes)
        assert float(moved[0, index]) == pytest.approx(1.0, abs=0.1)  # from -0.5 to 0.5


def test_directions_are_kept_and_read_again(tmp_path):
    generator = torch.Generator().manual_seed(4)
    codes, attributes = torch.randn(60, 3, generator=generator), torch.randn(60, 2).clamp(-1, 1)
    found = directions.find(codes, attributes, ("smile", "long hair"))
    directions.write(found, tmp_path)
    again = directions.read(tmp_path)
    assert again is not None
    assert again.names == found.names
    assert torch.equal(again.logistic, found.logistic)
    (tmp_path / directions.FILE).write_bytes(b"rotten")
    assert directions.read(tmp_path) is None
    assert directions.read(tmp_path / "nowhere") is None
