"""A small method with a knob of each kind, for the tests of the page."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Annotated

from PIL import Image

from phosphene import images
from phosphene.errors import InputError
from phosphene.frame import Frame, Panel, Table
from phosphene.knobs import Choice, File, Flag, Mask, Picture, Pictures, Range, Text
from phosphene.methods import method

CLOSED = threading.Semaphore(0)


def everything(picture):
    """A panel, a table and a file."""
    panel = Panel(picture, "before", "as <it> was", {"amount": 0})
    table = Table("How red", ("what", "share"), (("red", 0.5),))
    return {"panels": (panel,), "tables": (table,), "files": {"numbers.bin": b"numbers"}}


@method
def tint(
    image: Annotated[object, Picture(label="Your picture")],
    *,
    steps: Annotated[int, Range(1, 500, label="Steps")] = 5,
    amount: Annotated[float, Range(0.0, 1.0, 0.05, label="Amount", help="how much")] = 0.8,
    rate: Annotated[float, Range(1e-4, 10.0, log=True, label="Rate", advanced=True)] = 0.1,
    way: Annotated[str, Choice(("red", "green", "blue"), label="Way")] = "red",
    soft: Annotated[bool, Flag(label="Soft")] = False,
    words: Annotated[str | None, Text(label="Words", advanced=True)] = None,
    mask: Annotated[object, Mask(label="Where", advanced=True)] = None,
    more: Annotated[object, Pictures(label="More", advanced=True)] = None,
    table: Annotated[str | None, File(label="Table", suffixes=(".csv",), advanced=True)] = None,
    rich: Annotated[bool, Flag(label="Everything", advanced=True)] = False,
    pause: Annotated[float, Range(0.0, 1.0, label="Pause", advanced=True)] = 0.0,
    size: Annotated[int, Range(32, 512, 32, label="Size")] = 96,
    seed: Annotated[int, Range(0, 2**31 - 1, label="Seed", advanced=True)] = 0,
    device: str | None = None,
):
    """Tint a picture step by step: RGB in, RGB out."""
    history: tuple[dict[str, float], ...] = ()
    began = time.monotonic()
    try:
        picture = images.load(image, size)
        if words == "crash":
            raise RuntimeError("a secret of the server")
        for step in range(1, steps + 1):
            time.sleep(pause)
            if words == "late" and step == 3:
                raise InputError("the loss is not finite at step 3; lower the rate")
            color = Image.new("RGB", picture.size, way)
            now = Image.blend(picture, color, amount * step / steps)
            history = (*history, {"tint": 1.0 / step, "tv": 0.5 + 0.01 * step})
            seconds = time.monotonic() - began
            verdict = {"pagoda": 0.6, "temple": 0.3} if soft else {}
            metrics = {"redness": step / steps}
            frame = Frame(
                now, step, steps, history[-1], history, seconds, "tinting", metrics, verdict
            )
            yield replace(frame, **everything(picture)) if rich and frame.last else frame
    finally:
        CLOSED.release()
