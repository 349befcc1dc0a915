"""One method in several settings: a contact sheet that grows as each is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from phosphene.frame import Frame, Panel, Progress
from phosphene.images.sheets import contact_sheet


def variations(
    method: Callable[..., Iterator[Frame]],
    variants: Mapping[str, Mapping[str, Any]],
    columns: int,
    **common: Any,
) -> Iterator[Frame]:
    """Frames of a sheet with a picture per variant {caption: arguments}, `columns` in a row.

    Each picture is a panel that sets its variant's arguments. All must come out of one size.
    """
    done: tuple[Panel, ...] = ()
    progress = Progress(0)
    for index, (caption, arguments) in enumerate(variants.items()):
        for own in method(**{**common, **arguments}):
            if not progress.steps or own.step <= 1:  # variants may take unlike numbers of steps
                progress.steps = progress.done + (len(variants) - index) * own.steps
            panels = (*done, Panel(own.image, caption, sets=arguments))
            yield replace(
                progress.of(own),
                image=contact_sheet(panels, columns, len(variants)),
                history=(),
                losses={},
                note=caption,
                panels=panels,
                recipe={},  # not the one of this picture alone
            )
        done = panels
