"""A method that tells which process runs it, and notes each step in a file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

from phosphene import images
from phosphene.frame import Frame, Panel
from phosphene.knobs import NetworkChoice, Picture, Range, Seed, Text
from phosphene.methods import method


@method
def errand(
    image: Annotated[object, Picture(label="Your picture")],
    *,
    steps: Annotated[int, Range(1, 500, label="Steps", quick=2)] = 3,
    pause: Annotated[float, Range(0.0, 1.0, label="Pause")] = 0.0,
    notes: Annotated[str, Text(label="Notes")] = "",
    network: Annotated[str, NetworkChoice(options=("efficientnet_lite0", "vgg19"))] = "vgg19",
    seed: Seed = 0,
    device: str | None = None,
):
    """Take a picture along for some steps."""
    picture = images.load(image, 64)
    for step in range(1, steps + 1):
        time.sleep(pause)
        if notes:
            with Path(notes).open("a") as file:
                file.write(f"{step}\n")
        panels = (Panel(picture, "before", sets={"image": image}),)
        yield Frame(picture, step, steps, note=str(os.getpid()), panels=panels)
