"""Coarse to fine: sizes, steps and what is carried on."""

from __future__ import annotations

from phosphene import images
from phosphene.optimize.pyramid import Round, paint, schedule, sizes_up_to
from tests.pictures import PANDA


def test_sizes_grow_from_coarse_to_full():
    sizes = sizes_up_to(384, 512, 32)
    assert sizes[-1] == (384, 512)
    assert max(sizes[0]) <= 160
    assert sizes == sorted(sizes)
    assert sizes_up_to(48, 64, 32) == [(48, 64)]


def test_the_coarsest_size_is_adams_and_takes_thrice_the_steps():
    plan = schedule([(64, 128), (128, 256)], 10, rounds=2)
    assert [part.optimizer for part in plan] == ["adam", "lbfgs", "lbfgs"]
    assert [part.steps for part in plan] == [36, 10, 10]
    assert {part.steps for part in schedule([(64, 64)], 10, search="adam")} == {30}
    single = schedule([(64, 64)], 10, rounds=2)
    assert [(part.optimizer, part.steps) for part in single] == [("adam", 30), ("lbfgs", 10)]


def test_a_picture_is_given_detail_on_its_way_to_a_larger_size():
    photo = images.to_tensor(images.load(PANDA, 96))
    height, width = photo.shape[-2:]
    plan = [Round(height // 4, width // 4, 1, "adam"), Round(height, width, 1, "adam")]
    apart = {}
    for detail in (photo, None):  # a loss that wants nothing leaves the rest to the way up
        *_, frame = paint(photo, plan, lambda *_: lambda x: {"none": 0 * x.sum()}, detail=detail)
        apart[detail is None] = float((images.to_tensor(frame.image) - photo).abs().mean())
    assert apart[False] < 0.005
    assert apart[True] > 0.02
