"""Every attribution by name, the cheap ones first."""

from __future__ import annotations

from phosphene.methods.saliency import (
    attention,
    backward,
    cams,
    gradients,
    masks,
    occlusion,
    path,
    surrogate,
)
from phosphene.methods.saliency.estimates import Attribution

FAMILIES = (
    gradients.ATTRIBUTIONS,
    backward.ATTRIBUTIONS,
    cams.ATTRIBUTIONS,
    attention.ATTRIBUTIONS,
    path.ATTRIBUTIONS,
    occlusion.ATTRIBUTIONS,
    masks.ATTRIBUTIONS,
    surrogate.ATTRIBUTIONS,
)
ATTRIBUTIONS: dict[str, Attribution] = dict(
    sorted(
        (item for family in FAMILIES for item in family.items()),
        key=lambda item: item[1].passes,
    )
)
