"""One process of a pool: it runs methods for a page that may stand on another machine."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from inspect import unwrap
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import torch

from phosphene import device
from phosphene.errors import PhospheneError
from phosphene.frame import Frame
from phosphene.hosting import malloc
from phosphene.knobs import AutoencoderChoice, Checked, NetworkChoice, parameters
from phosphene.methods import METHODS, recipes, start
from phosphene.networks import zoo
from phosphene.version import __version__

FOLDER = "phosphene-worker-"
"""How a folder with the files of a run begins; the number of its process follows."""


def in_worker(name: str, arguments: Mapping[str, Any]) -> Iterator[Frame | Exception | None]:
    """None once the worker is there, then a method's frames, or at last what ended them.

    Arguments and frames can be pickled. An error that is meant for people is handed over: raised in
    another process, it would come through changed, from ZeroGPU's as the name of its class alone.
    """
    yield None
    stream: Any = start(METHODS[name], arguments)
    try:
        yield from stream
    except PhospheneError as error:
        yield error
    finally:
        stream.close()


@dataclass(frozen=True)
class Order:
    """A run as it is sent: a method, the module that declares it, arguments, their files."""

    name: str
    module: str
    arguments: Mapping[str, Any]
    files: Mapping[str, bytes]


class About(NamedTuple):
    """What a worker is, as told to the page."""

    phosphene: str
    torch: str
    device: str
    words: str


def about() -> About:
    """What this process is."""
    here = device.pick()
    return About(__version__, torch.__version__, here.type, device.describe(here))


def sendable(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether another process can run it: a classifier that was adopted lives in this one."""
    own = any(network in zoo.OWN for network in networks(name, arguments))
    return not own and unwrap(METHODS[name]).__module__ != "__main__"


def networks(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """The networks that a run is going to load."""
    kinds = (NetworkChoice, AutoencoderChoice)
    chosen = (arguments.get(p.name) for p in parameters(METHODS[name]) if isinstance(p.knob, kinds))
    return list(chain.from_iterable(zoo.members(text) for text in chosen if text))


def packed(name: str, arguments: Mapping[str, Any]) -> Order:
    """A run with its pictures: a file of this machine need not be there on another."""
    media = recipes.media(name)
    files = {}
    for path in set(chain.from_iterable(_paths(arguments.get(key)) for key in media)):
        with suppress(OSError, ValueError):  # the method says what is wrong with it
            files[path] = Path(path).read_bytes()
    return Order(name, unwrap(METHODS[name]).__module__, Checked(arguments), files)


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, (str, Path)):
        yield str(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _paths(item)


@contextmanager
def unpacked(order: Order) -> Iterator[tuple[Checked, dict[str, str]]]:
    """The arguments with their files in a folder of this machine, and which path was which."""
    with tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-") as folder:
        there = {}
        for number, (path, data) in enumerate(order.files.items()):
            copy = Path(folder, str(number), Path(path).name)  # errors name it
            copy.parent.mkdir()
            copy.write_bytes(data)
            there[path] = str(copy)
        media = recipes.media(order.name)
        arguments = {
            key: renamed(value, there) if key in media else value
            for key, value in order.arguments.items()
        }
        yield Checked(arguments), {copy: path for path, copy in there.items()}


def sweep() -> None:
    """Remove the folders of workers that were killed: pictures of visitors are in them."""
    if os.name != "posix":  # elsewhere asking for a process may end it
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        pid = folder.name.removeprefix(FOLDER).partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with its texts and paths changed where they are among `names`."""
    if isinstance(value, (str, Path)):
        return names.get(str(value), value)
    if isinstance(value, Mapping):
        return {key: renamed(item, names) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(renamed(item, names) for item in value)
    return value


def _as_sent(item: Frame | Exception | None, names: Mapping[str, str]) -> Frame | Exception | None:
    """A frame whose recipe and panels name the files as the page does."""
    if not isinstance(item, Frame) or not names:
        return item
    panels = tuple(replace(panel, sets=renamed(panel.sets, names)) for panel in item.panels)
    return replace(item, recipe=renamed(item.recipe, names), panels=panels)


class Worker:
    """What a process of the pool does: an actor of Ray, each call in a thread of its own."""

    def __init__(self, settings: Mapping[str, str], threads: int) -> None:
        """`settings` are environment variables; `threads` of PyTorch, 0 as it likes."""
        os.environ.update(settings)
        malloc.keep()
        sweep()
        if threads:
            torch.set_num_threads(threads)
        self._ended: deque[int] = deque(maxlen=256)

    def about(self) -> About:
        """What this worker is."""
        return about()

    def run(self, number: int, order: Order) -> Iterator[Frame | Exception | None]:
        """What `in_worker` yields, until it is over or `end` was called with its number."""
        if order.name not in METHODS:
            import_module(order.module)
        with unpacked(order) as (arguments, names):
            stream: Any = in_worker(order.name, arguments)
            try:
                # Asked before each step: the page takes a frame only when it wants the next.
                while number not in self._ended:
                    try:
                        item = next(stream)
                    except StopIteration:
                        return
                    yield _as_sent(item, names)
            finally:
                stream.close()
                malloc.release()

    def end(self, number: int) -> None:
        """End a run after the step that it is in."""
        self._ended.append(number)

    def live(self) -> None:
        """Does not return: whoever waits for it is told when the process has ended."""
        threading.Event().wait()
