"""Whether a Space runs what was deployed, and answers: waits, then calls it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from phosphene.errors import InputError, quoted
from phosphene.hosting import refusals
from phosphene.hosting.deploy import link
from phosphene.knobs import Picture, parameters
from phosphene.methods import METHODS

TIMEOUT = 1800.0
"""Seconds a Space may take to build and start: PyTorch alone is some gigabytes."""
CALL = 300.0
"""Seconds that the one call may take."""
STARTED, ASLEEP = "RUNNING", "SLEEPING"
OVER = {
    "BUILD_ERROR": "could not be built",
    "RUNTIME_ERROR": "ended with an error",
    "CONFIG_ERROR": "has a README that the Hub does not accept",
    "NO_APP_FILE": "has no app.py",
    "PAUSED": "is paused; start it there",
    "STOPPED": "is stopped; start it there",
    "DELETING": "is being deleted",
}
PATIENCE = 5
"""Failed looks in a row before giving up: a Hub may be gone for a moment."""


def wait(
    hub: HfApi,
    space: str,
    commit: str | None,
    say: Callable[[str], object] = print,
    timeout: float = TIMEOUT,
    pause: float = 5.0,
) -> None:
    """Until the Space runs that commit; InputError where it will not, or not in time."""
    deadline, shown, failures, woken = time.monotonic() + timeout, "", 0, False
    while True:
        stage = ""
        try:
            with refusals.told(space):
                runtime = hub.get_space_runtime(space)
            failures, stage = 0, str(getattr(runtime.stage, "value", runtime.stage))
            # For a moment the version of before still runs.
            if stage == STARTED and runtime.raw.get("sha") in (None, commit):
                return
            if stage in OVER:
                more = runtime.raw.get("errorMessage")
                why = f" ({quoted(more)})" if more else ""
                raise InputError(f"{space} {OVER[stage]}{why}: {link(space)}?logs=container")
            if stage == ASLEEP and not woken:
                with refusals.told(space):
                    hub.restart_space(space)
                woken = True
        except InputError:
            failures += 1
            if stage in OVER or failures >= PATIENCE:
                raise
        if stage and stage != shown:
            say(f"{space}: {stage.lower().replace('_', ' ')}")
            shown = stage
        if time.monotonic() > deadline:
            raise InputError(
                f"{space} does not run after {timeout:g} seconds; look at {link(space)}?logs=build"
            )
        time.sleep(pause)


def call(hub: HfApi, space: str, folder: Path, timeout: float = CALL) -> str:
    """Call the Space's first method as quickly as it goes; what answered, in words."""
    with refusals.told(space):
        host = hub.space_info(space).host
    token = hub.token if isinstance(hub.token, str) else None
    try:
        return ask(space, str(host), folder, token, timeout)
    except InputError as error:
        raise InputError(f"{error}: {link(space)}?logs=container") from None


def ask(
    name: str, address: str, folder: Path, token: str | None = None, timeout: float = CALL
) -> str:
    """Call the first method at an address as quickly as it goes; what answered, in words.

    Pictures are the examples in the staged `folder`.
    """
    try:
        from gradio_client import Client
    except ImportError:
        raise InputError("calling an app needs pip install 'phosphene[ui]'") from None
    try:
        client = Client(
            address, token=token, verbose=False, download_files=False, analytics_enabled=False
        )
        names = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
        chosen = _quickest(names)
        if not chosen:
            return f"it answers with {len(names)} endpoints"
        started = time.monotonic()
        job = client.submit(api_name=f"/{chosen}", **_arguments(chosen, folder))
        job.result(timeout=timeout)
    except Exception as error:
        text = refusals.one_line(str(error)) or type(error).__name__
        raise InputError(f"{name} runs and does not answer ({text})") from None
    return f"/{chosen} answered in {time.monotonic() - started:.1f} s"


def _quickest(endpoints: Iterable[str]) -> str | None:
    """The method of ours that needs the fewest pictures and nothing else."""
    known = [name for name in (text.strip("/") for text in endpoints) if name in METHODS]
    needs = {name: [p for p in parameters(METHODS[name]) if p.required] for name in known}
    fit = [name for name in known if all(isinstance(p.knob, Picture) for p in needs[name])]
    return min(fit, key=lambda name: len(needs[name]), default=None)


def _arguments(name: str, folder: Path) -> dict[str, Any]:
    from gradio_client import handle_file

    declared = parameters(METHODS[name])
    quick = {p.name: p.knob.quick for p in declared if p.knob.quick is not None}
    pictures = sorted(folder.rglob("examples/*.jpg"))
    # The first picture is needed even where another thing could stand in its place.
    needed = [
        p.name for p in declared if isinstance(p.knob, Picture) and (p.required or p == declared[0])
    ]
    if needed and not pictures:
        raise InputError(f"{folder} has no picture in examples to call /{name} with")
    return quick | {parameter: handle_file(str(pictures[0])) for parameter in needed}
