"""One page frame for every app: controls, runs, views, links; the only door to gradio."""

from phosphene.hosting import port

port.read("GRADIO_SERVER_PORT")

from phosphene.ui.camera import Live, Snapshot  # noqa: E402
from phosphene.ui.landing import landing_page  # noqa: E402
from phosphene.ui.launch import launch_options  # noqa: E402
from phosphene.ui.notebook import open  # noqa: E402
from phosphene.ui.pages import page  # noqa: E402
from phosphene.ui.quick import building  # noqa: E402
from phosphene.ui.stages import (  # noqa: E402
    Chart,
    Compare,
    Film,
    Map,
    Panels,
    PanelSlider,
    Picture,
    Plot,
    Steps,
    Tables,
)
from phosphene.ui.tab import Tab  # noqa: E402
from phosphene.ui.views import View  # noqa: E402

__all__ = [
    "Chart",
    "Compare",
    "Film",
    "Live",
    "Map",
    "PanelSlider",
    "Panels",
    "Picture",
    "Plot",
    "Snapshot",
    "Steps",
    "Tab",
    "Tables",
    "View",
    "building",
    "landing_page",
    "launch_options",
    "open",
    "page",
]
