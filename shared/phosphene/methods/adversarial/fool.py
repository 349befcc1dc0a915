"""The same picture to you, another answer from the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch

from phosphene.frame import Frame
from phosphene.images import ImageLike
from phosphene.knobs import Choice, ClassChoice, Flag, Picture, Range, Seed
from phosphene.methods import method
from phosphene.methods.adversarial.case import CLASSES, prepare
from phosphene.methods.adversarial.damage import hardships
from phosphene.methods.adversarial.goals import cross_entropy, margin
from phosphene.methods.adversarial.parameters import Epsilon, Net, Photo, Size, Steps, Target
from phosphene.methods.adversarial.run import (
    ATTACKS,
    GRADIENT,
    QUERIES,
    SMALLEST,
    Options,
    attempts,
    check,
    example_of,
    finished,
    so_far,
)


@method
def fool(
    image: Photo,
    *,
    target: Target = "",
    attack: Annotated[
        str,
        Choice(
            ATTACKS,
            label="Attack",
            help="pgd: many small steps; smallest: the least change; square, pixels and "
            "hop_skip_jump only ask the network",
        ),
    ] = "pgd",
    epsilon: Epsilon = 4,
    confidence: Annotated[
        float,
        Range(
            0,
            1,
            0.05,
            label="How sure should it be?",
            help="of pgd, momentum, apgd; 0: stop as soon as the answer changes; 1: every step",
        ),
    ] = 0.9,
    norm: Annotated[
        str,
        Choice(
            ("linf", "l2"),
            label="Norm",
            help="linf: no pixel by more than that; l2: their root mean square",
            advanced=True,
            group="Budget",
        ),
    ] = "linf",
    pixels: Annotated[
        int,
        Range(1, 100, label="Pixels", help="of the attack pixels", advanced=True, group="Budget"),
    ] = 5,
    survive: Annotated[
        bool,
        Flag(
            label="Survive JPEG, blur and the like",
            help="pgd, momentum and apgd; six times the work",
            advanced=True,
            group="Budget",
        ),
    ] = False,
    steps: Steps = 40,
    step_size: Annotated[
        float,
        Range(
            0,
            255,
            0.1,
            label="Step size",
            help="gray levels; 0: a quarter of the budget",
            advanced=True,
            group="Search",
        ),
    ] = 0,
    start: Annotated[
        str,
        Choice(("original", "random"), label="Start from", advanced=True, group="Search"),
    ] = "original",
    restarts: Annotated[
        int,
        Range(1, 20, label="Restarts", help="from a random start", advanced=True, group="Search"),
    ] = 1,
    queries: Annotated[
        int,
        Range(
            10,
            10000,
            label="Questions at most",
            help="of the attacks that only ask",
            log=True,
            advanced=True,
            group="Search",
            quick=20,
        ),
    ] = 1000,
    example: Annotated[
        ImageLike | None,
        Picture(
            label="A picture of the target", help="where hop_skip_jump starts from", advanced=True
        ),
    ] = None,
    truth: Annotated[
        str,
        ClassChoice(
            options=CLASSES,
            label="What is it really?",
            help="empty: what the network says now",
            advanced=True,
        ),
    ] = "",
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Change a picture so little that you see nothing, and the network something else.

    Gradient attacks within `epsilon`: "fgsm" (arXiv 1412.6572), "pgd" (1706.06083), "momentum"
    (1710.06081), "apgd" (2003.01690). The smallest change, whatever `epsilon`: "deepfool"
    (1511.04599) and "carlini_wagner" (1608.04644) in L2; "smallest" searches budgets up to
    `epsilon`. By questions alone: "square" (1912.00049) within `epsilon`, "pixels" (1710.08864),
    "hop_skip_jump" (1904.02144) in L2.

    The result is an 8-bit picture, and its verdict is of those bits: the network is shown whole
    gray levels all the way, or the last steps put right what rounding undid. InputError for a
    target that is seen already, or that the attack does not know.
    """
    case = prepare(image, target, size, network, device, truth)
    generator = torch.Generator().manual_seed(seed)
    options = Options(
        attack,
        epsilon,
        "l2" if norm == "l2" else "linf",
        steps,
        step_size,
        restarts,
        start == "random" or restarts > 1,
        queries,
        pixels,
    )
    check(case, options, example)
    views = hardships(seed) if survive and attack in GRADIENT else ()
    sure = confidence if attack in ("pgd", "momentum", "apgd") else 0.0
    whole = sure >= 1
    near = attack in SMALLEST or attack == "hop_skip_jump"
    goal = case.goal(
        0.0 if whole else sure,
        keep="near" if near else "sure" if whole else "first",
        criterion=margin if attack in QUERIES and case.target is None else cross_entropy,
        views=views,
    )
    begin = example_of(example, case) if example is not None else None
    for frame, picture in attempts(goal, options, generator, begin, stop=not whole):
        shown = replace(frame, note=frame.note or case.note)
        yield so_far(shown, case, goal, picture)
    yield finished(shown, case, goal, picture)
