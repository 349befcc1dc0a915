"""One page frame for every app: controls, stream, share, download; the only door to gradio."""

from phosphene.ui.launch import launch_options
from phosphene.ui.page import Tab, page

__all__ = ["Tab", "launch_options", "page"]
