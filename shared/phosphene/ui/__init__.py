"""One page frame for every app: controls, stream, share, download; the only door to gradio."""

from phosphene.hosting import port

port.read("GRADIO_SERVER_PORT")

from phosphene.ui.launch import launch_options  # noqa: E402
from phosphene.ui.page import page  # noqa: E402
from phosphene.ui.tab import Tab  # noqa: E402

__all__ = ["Tab", "launch_options", "page"]
