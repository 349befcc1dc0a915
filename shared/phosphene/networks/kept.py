"""What was loaded, shared by all who ask for it; of many the one longest unasked for goes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """At most `most` values by their keys; one thread loads at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Key, load: Callable[[], Value]) -> Value:
        """The value of a key, loaded where it is not there yet."""
        with self._guard:
            if key not in self._values:
                self._values[key] = load()
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return self._values[key]
