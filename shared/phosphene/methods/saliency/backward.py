"""Gradients with another rule at ReLUs: crisp, and less about the class than they look."""

from __future__ import annotations

from collections.abc import Iterator

from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.estimates import Attribution, Estimate, Options
from phosphene.methods.saliency.gradients import slope
from phosphene.networks.backward import Rule

RECTIFIERS = "ReLUs with this rule"
"""A metric: 0 where the network has none, and the map is the plain gradient."""

_CAUTION = (
    "A network with GELU or SiLU instead of ReLU gives its plain gradient; shuffled weights "
    "give almost the same map (1810.03292)."
)


def guided_backpropagation(case: Case, options: Options) -> Iterator[Estimate]:
    """Backwards only what is positive, through open ReLUs (arXiv 1412.6806)."""
    yield _ruled(case, "guided")


def deconvolution(case: Case, options: Options) -> Iterator[Estimate]:
    """Backwards only what is positive, through any ReLU (arXiv 1311.2901)."""
    yield _ruled(case, "deconvolution")


def _ruled(case: Case, rule: Rule) -> Estimate:
    values = slope(case, case.x, case.network.with_backward(rule))
    return Estimate(values, metrics={RECTIFIERS: case.network.rectifiers(case.layers)})


ATTRIBUTIONS = {
    "guided_backpropagation": Attribution(
        guided_backpropagation,
        "Guided backpropagation",
        signed=False,
        passes=2,
        about="The gradient along paths that speak for the class all the way: crisp lines.",
        caution=f"It draws edges more than it explains. {_CAUTION}",
        paper="1412.6806",
    ),
    "deconvolution": Attribution(
        deconvolution,
        "Deconvolution",
        signed=False,
        passes=2,
        about="What is positive is sent back through every ReLU, open or not.",
        caution=f"Hardly depends on what the ReLUs saw, so hardly on the picture. {_CAUTION}",
        paper="1311.2901",
    ),
}
