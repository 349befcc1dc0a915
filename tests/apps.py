"""The apps as they are found by their folders, for tests that hold for each of them."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

from phosphene.hosting import space

PAGES = [name for name in space.find_apps() if name != space.GALLERY]


@cache
def module_of(app: str) -> ModuleType:
    """An app's module, its page built and not launched."""
    name = f"tested_{app}"
    spec = importlib.util.spec_from_file_location(name, space.find_app(app) / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def tabs_of(app: str) -> tuple[Any, ...]:
    """The tabs of an app's page."""
    return tuple(module_of(app).demo.tabs)
