"""A camera painted live: its pictures come in by Gradio's stream, the newest is painted at once.

Nothing of it is written to the disk. What is kept while it runs are the last pictures that it
painted, for a film to take home, bounded in number; they are gone when the page is closed, and a
minute after the camera is.
"""

from __future__ import annotations

import base64
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr

from phosphene import knobs
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.knobs import Parameter, Picture
from phosphene.networks.loading import recorded
from phosphene.networks.weights import Source
from phosphene.ui import html, stages
from phosphene.ui.export import jpeg
from phosphene.ui.form import Form
from phosphene.ui.quick import QUIET
from phosphene.ui.runs import Run, user_error
from phosphene.ui.scripts import script
from phosphene.ui.uploads import CameraInput
from phosphene.ui.views import Updates, View, outcome

EVERY = 0.1
"""Seconds between two pictures that the browser sends."""
KEPT, SECONDS = 100, 10.0
"""Pictures, and seconds, of a camera that are kept for a film at most."""
AFTER = 60
"""Seconds that they are kept after the last one."""
ENDED = f"The camera is off. Its last {SECONDS:g} seconds can be taken home for a minute"
SEEN = {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}}
"""What the browser asks of the camera: more is made smaller here anyway."""


def control(parameter: Parameter) -> gr.components.Component:
    """The control of the parameter that a camera gives its pictures to."""
    made: gr.components.Component = CameraInput(
        label=parameter.label,
        sources=["webcam"],
        streaming=True,
        type="pil",
        height=260,
        webcam_options=gr.WebcamOptions(mirror=True, constraints=SEEN),
        elem_classes=["ph-camera"],
    )
    return made


class Snapshot(stages.Picture):
    """A picture that was taken of the camera."""

    running = False

    def __init__(self, title: str = "Snapshot") -> None:
        super().__init__(title)


class Live(View):
    """What the camera sees, painted; with buttons for a picture of it and for a film."""

    title = "Live"
    running = True

    def build(self, opening: Path | None = None) -> None:
        """The picture, empty at first, and the buttons."""
        self.page = gr.HTML(
            _url(opening.read_bytes()) if opening else None,
            html_template=(
                '<div class="ph-live"><img alt="What the camera sees, painted" hidden>'
                '<p role="status">Allow the camera, press Record: it is painted here.</p></div>'
            ),
            js_on_load=script("camera"),
        )
        with gr.Row(elem_classes=["ph-downloads"]):
            self.snapshot = gr.Button("Snapshot", size="sm")
            self.clip = gr.Button(f"The last {SECONDS:g} seconds", size="sm")

    @property
    def outputs(self) -> list[Any]:
        """The picture."""
        return [self.page]


class Roll:
    """What is known of one visitor's camera: its painter and its last pictures."""

    def __init__(
        self, method: str, paint: Callable[..., Frame], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`paint` is told the arguments of the method of that name, and answers at once."""
        self.method, self._paint, self._clock = method, paint, clock
        self.last: Frame | None = None
        self.pictures: deque[tuple[float, bytes]] = deque(maxlen=KEPT)

    def add(self, arguments: Mapping[str, Any]) -> bytes:
        """A picture painted, as JPEG; it is the newest of those kept."""
        sources: list[Source] = []
        with recorded(sources):
            frame = self._paint(**arguments)
        recipe = {"method": self.method, "arguments": dict(arguments)}
        self.last = replace(frame, recipe={**recipe, "weights": [s.credit for s in sources]})
        now, data = self._clock(), jpeg(frame.image, quality=82)
        self.pictures.append((now, data))
        while now - self.pictures[0][0] > SECONDS:
            self.pictures.popleft()
        return data

    @property
    def rate(self) -> float:
        """Pictures a second, as they came."""
        if len(self.pictures) < 2:
            return 1.0
        return (len(self.pictures) - 1) / max(self.pictures[-1][0] - self.pictures[0][0], 1e-3)

    def close(self) -> None:
        """Let go of all pictures."""
        self.last = None
        self.pictures.clear()


ROLLS: WeakValueDictionary[str, Roll] = WeakValueDictionary()
"""Those of open pages, by session: a page that is closed lets go of its own at once."""


def connect(form: Form, demo: gr.Blocks) -> None:
    """Wire the camera of a tab: its stream, what is taken of it, and its end."""
    live = next(view for view in form.views if isinstance(view, Live))
    camera: Any = form.named[_picture(form)][1]
    roll = gr.State(None, time_to_live=AFTER, delete_callback=_forget)

    def seen(roll: Roll | None, request: gr.Request, *values: Any) -> tuple[Any, Any, Roll | None]:
        return painted(form, roll, values, str(request.session_hash))

    def snapshot(roll: Roll | None) -> Iterator[Updates]:
        yield from taken(form, roll, False)

    def clip(roll: Roll | None) -> Iterator[Updates]:
        yield from taken(form, roll, True)

    stream: dict[str, Any] = {"stream_every": EVERY, "concurrency_limit": 64, **QUIET}
    shown = [live.page, form.status, roll]
    ended = camera.stream(seen, [roll, *form.inputs], shown, **stream)
    ended.then(lambda: html.status(ENDED), None, form.status, **QUIET)
    live.snapshot.click(snapshot, roll, form.outputs, **QUIET)
    live.clip.click(clip, roll, form.outputs, **QUIET)
    demo.unload(closed)


def painted(
    form: Form, roll: Roll | None, values: Sequence[Any], session: str
) -> tuple[Any, Any, Roll | None]:
    """The newest picture of a session's camera, painted: as data URL, in words, and its roll."""
    arguments = form.arguments(values)
    if arguments.get(_picture(form)) is None or form.tab.stream is None:
        return gr.skip(), gr.skip(), roll
    if roll is None:
        roll = ROLLS[session] = Roll(form.tab.method.__name__, form.tab.stream())
    try:
        data = roll.add(knobs.check(form.tab.method, arguments))
    except Exception as error:  # the next picture may be a better one
        return gr.skip(), html.status(str(user_error(error).message), state="error"), roll
    return _url(data), html.status(f"{roll.rate:.1f} pictures a second", 1.0, "running"), roll


def taken(form: Form, roll: Roll | None, film: bool) -> Iterator[Updates]:
    """The newest picture, or the film of those kept, in the views and to take home."""
    frame = roll.last if roll else None
    if roll is None or frame is None:
        raise user_error(InputError("the camera has shown nothing yet; start it first"))
    run = Run(form.tab.method.__name__, dict(frame.recipe.get("arguments", {})), frame)
    reel = [(number, data) for number, (_, data) in enumerate(tuple(roll.pictures))] if film else []
    run.rate = max(roll.rate, 1.0) if film else 0.0
    with outcome(frame, run, reel) as made:
        updates: Updates = {}
        for view in form.views:
            result = view.result(made)
            updates |= result
            if result and view.place:
                updates[view.place] = gr.Tab(visible=True)
                updates[form.chooser] = gr.Tabs(selected=view.title)
        # All at once: while a stream runs, of several updates only the last arrives.
        yield {**updates, **form.later(made)}


def closed(request: gr.Request) -> None:
    """A page was closed: nothing of its camera stays."""
    roll = ROLLS.pop(f"{request.session_hash}", None)
    if roll:
        roll.close()


def _picture(form: Form) -> str:
    """The parameter that the camera gives its pictures to."""
    return next(p.name for p in form.tab.parameters if isinstance(p.knob, Picture))


def _forget(roll: Roll | None) -> None:
    if roll:
        roll.close()


def _url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
