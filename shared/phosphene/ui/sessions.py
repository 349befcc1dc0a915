"""What is remembered of a visit: what it changed of the page, over the page that all share.

Gradio keeps the whole page once more for each visit and each call of a program, for a link that
these pages do not offer.
"""

from __future__ import annotations

from collections import ChainMap
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


def share() -> None:
    """Have all visits of this process share the page."""
    state_holder.SessionState = Session  # type: ignore[misc]
