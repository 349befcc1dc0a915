"""What is remembered of a visit: what it changed of the page, over the page that all share.

Gradio keeps the whole page once more for each visit and each call of a program, for a link that
these pages do not offer.
"""

from __future__ import annotations

from collections import ChainMap
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from gradio import state_holder
from gradio.blocks import Blocks, BlocksConfig


class Session(state_holder.SessionState):
    """A visit's values and the components that it changed; all else is the page's own."""

    def __init__(self, blocks: Blocks) -> None:
        nothing: Any = SimpleNamespace(default_config=BlocksConfig(blocks), blocks={})
        super().__init__(nothing)
        page, own = blocks.default_config, self.blocks_config
        own.blocks = ChainMap({}, page.blocks)  # type: ignore[assignment]
        own.fns, own.fn_id, own.renderables = page.fns, page.fn_id, page.renderables

    def _update_config(self, key: int) -> None:
        """Nothing is kept for a link of Gradio's own."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is kept for a link of Gradio's own."""


def end_once(demo: Blocks) -> None:
    """Have runs ended once that end in two ways: their page is closed while a Stop is on its way.

    Gradio counts on the first still being there for the second, and drops what it was to clear up.
    """
    queue: Any = demo._queue
    plain = queue.reset_iterators

    async def reset_iterators(event_id: str) -> None:
        with suppress(KeyError):
            await plain(event_id)

    queue.reset_iterators = reset_iterators


def share() -> None:
    """Have all visits of this process share the page."""
    state_holder.SessionState = Session  # type: ignore[misc]
