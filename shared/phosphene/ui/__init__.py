"""One page frame for every app: controls, stream, share, download; the only door to gradio."""

from phosphene.ui.launch import launch_options
from phosphene.ui.page import page
from phosphene.ui.tab import Tab

__all__ = ["Tab", "launch_options", "page"]
