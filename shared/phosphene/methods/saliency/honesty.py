"""Is it honest? Tests that tell maps that follow the network from maps that only look good."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Annotated

from torch import Tensor

from phosphene.errors import InputError
from phosphene.frame import Frame, Progress
from phosphene.knobs import Choice, Choices, Range, Seed
from phosphene.methods import method
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.curves import center_blob, curves, random_map
from phosphene.methods.saliency.drawn import Style
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.findings import BLOB, CHANCE, Findings, Judged
from phosphene.methods.saliency.maps import reduced
from phosphene.methods.saliency.parameters import Baseline, Net, Photo, Samples, Size, Target
from phosphene.methods.saliency.randomization import cascade

USUAL = ("gradient", "smoothgrad", "integrated_gradients", "grad_cam")
SIDE = 256
"""Pixels of a map's longer side on the page."""


@method
def honesty(
    image: Photo,
    *,
    target: Target = "",
    methods: Annotated[
        tuple[str, ...],
        Choices(tuple(ATTRIBUTIONS), label="Methods", help="to be tested", quick="gradient"),
    ] = tuple(name for name in USUAL if name in ATTRIBUTIONS),
    forgets: Annotated[
        str,
        Choice(
            tuple(ATTRIBUTIONS),
            label="Map of a network that forgets",
            help="the method whose maps should fall apart when the weights are redrawn",
        ),
    ] = "gradient",
    stages: Annotated[
        int, Range(2, 12, label="Stages of forgetting", advanced=True, group="Tests", quick=2)
    ] = 6,
    detail: Annotated[
        int,
        Range(
            4,
            128,
            label="Steps of the curves",
            help="shares",
            advanced=True,
            group="Tests",
            quick=4,
        ),
    ] = 32,
    samples: Samples = 0,
    baseline: Baseline = "black",
    size: Size = 224,
    network: Net = "efficientnet_lite0",
    seed: Seed = 0,
    device: str | None = None,
) -> Iterator[Frame]:
    """Test maps instead of believing them, always beside a random map and a blob at the center.

    Deletion and insertion (arXiv 1806.07421): the probability as the pixels that a map calls
    important go, and come. Agreement: rank correlations between maps. Completeness, where a method
    promises it. Weights redrawn from the top (arXiv 1810.03292): a map that stays as it was never
    looked at them.
    """
    case = prepare(image, target, "", size, network, device)
    options = Options(samples, baseline=baseline, seed=seed)
    chosen = [asked for name, asked in ATTRIBUTIONS.items() if name in methods]
    forgotten = ATTRIBUTIONS[forgets]
    trial = Trial(
        case, options, Findings(case, Style.of(image, SIDE, 0.85, "automatic", 0)), detail
    )
    passes = trial.passes * (2 + len(chosen)) + sum(asked.passes for asked in chosen)
    progress = Progress(passes + forgotten.passes * (stages + 1) + 1)
    yield progress.frame(case.image, note="what knows nothing comes first")
    for name, heat in ((CHANCE, random_map(case, options.generator())), (BLOB, center_blob(case))):
        yield from trial.judge(Judged(name, heat), progress)
    for asked in chosen:
        yield from trial.measure(asked, progress)
    yield from trial.forget(forgotten, stages, progress)
    yield trial.findings.frame(progress, steps=progress.steps - progress.done)


class Trial:
    """The tests of one run: each is a stream of frames, and what it finds goes to `findings`."""

    def __init__(self, case: Case, options: Options, findings: Findings, detail: int) -> None:
        """`detail` is the number of steps of a curve."""
        self.case, self.options, self.findings, self.detail = case, options, findings, detail
        self.passes = 2 * (detail + 1)

    def ask(self, asked: Attribution, progress: Progress) -> Generator[Frame, None, Tensor | None]:
        """A method's map (1, C, H, W); none where it does not know the network."""
        start = progress.done
        estimate: Estimate | None = None
        try:
            for estimate in asked.run(self.case, self.options):
                due = start + int(min(estimate.done / estimate.of, 1.0) * asked.passes)
                yield self.findings.frame(progress, max(due - progress.done, 0), asked.title)
        except InputError as error:
            self.findings.refuse(asked, str(error))
            progress.done = start + asked.passes
            return None
        progress.done = start + asked.passes
        if estimate is not None:
            self.findings.measured[asked.title] = dict(estimate.metrics)
        return None if estimate is None else estimate.values

    def judge(self, judged: Judged, progress: Progress) -> Iterator[Frame]:
        """A map's curves."""
        end = progress.done + self.passes
        for found in curves(self.case, self.options, judged.heat, self.detail):
            if found is None:
                yield self.findings.frame(progress, note=judged.name)
            else:
                self.findings.add(judged, found)
        yield self.findings.frame(progress, end - progress.done, judged.name)

    def measure(self, asked: Attribution, progress: Progress) -> Iterator[Frame]:
        """A method's map and its curves."""
        values = yield from self.ask(asked, progress)
        if values is None:
            progress.done += self.passes
            return
        heat = reduced(values, asked.signed).cpu()
        yield from self.judge(Judged(asked.title, heat, asked.signed), progress)

    def forget(self, asked: Attribution, stages: int, progress: Progress) -> Iterator[Frame]:
        """A method's map of the network as it is, and as it forgets layer by layer."""
        values = yield from self.ask(asked, progress)
        if values is None:
            return
        self.findings.remember(asked, values)

        def attribute(case: Case) -> Iterator[Estimate]:
            return asked.run(case, self.options)

        generator = self.options.generator()
        for found in cascade(self.case, attribute, values, generator, stages):
            note = f"{asked.title}, forgetting"
            if isinstance(found, Estimate):
                yield self.findings.frame(progress, note=note)
                continue
            self.findings.fall(asked, found)
            left = progress.steps - 1 - progress.done
            yield self.findings.frame(progress, min(asked.passes, left), note)
