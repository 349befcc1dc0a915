"""What an operator allows, in one place: environment variables, read when they are needed."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase

from phosphene.errors import InputError, WeightsError, quoted


@dataclass(frozen=True)
class Limit:
    """A number from the environment; 0 means no limit where `free` says so."""

    variable: str
    default: float
    unit: str
    about: str
    free: bool = True

    def read(self) -> float:
        """The number; InputError where the variable holds none."""
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.default
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < 0 or (not number and not self.free):
            least = "0 for no limit" if self.free else "more than 0"
            raise InputError(f"{self.variable} is {quoted(text)}; set a number, {least}")
        return number

    def __str__(self) -> str:
        number = self.read()
        shown = f"{number:g} {self.unit}" if number else "no limit"
        return f"{self.variable:28} {shown:24} {self.about}"


SECONDS = Limit("PHOSPHENE_BUDGET", 600, "seconds", "a run may take", free=False)
PIXELS = Limit("PHOSPHENE_PIXELS", 0, "megapixels", "of the picture that a run works on")
STEPS = Limit("PHOSPHENE_STEPS", 0, "steps", "of a run, all its pictures together")
WORK = Limit("PHOSPHENE_WORK", 0, "megapixel steps", "of a run: pixels times steps")
UPLOAD = Limit("PHOSPHENE_UPLOAD", 30, "MB", "of one uploaded file", free=False)
UPLOAD_RATE = Limit("PHOSPHENE_UPLOAD_RATE", 200, "MB a minute", "uploaded by one visitor")
UPLOAD_TOTAL = Limit("PHOSPHENE_UPLOAD_TOTAL", 4000, "MB an hour", "uploaded by all visitors")
VISITORS = Limit("PHOSPHENE_VISITORS", 64, "visitors", "who run or wait at a time", free=False)
SHUTDOWN = Limit(
    "PHOSPHENE_SHUTDOWN", 20, "seconds", "for running work, once told to stop", free=False
)
HUB_SIZE = Limit("PHOSPHENE_HUB_SIZE", 2000, "MB", "of a network from the Hub")
_RUNS = (SECONDS, PIXELS, STEPS, WORK)
LIMITS = (*_RUNS, UPLOAD, UPLOAD_RATE, UPLOAD_TOTAL, VISITORS, SHUTDOWN, HUB_SIZE)

HUB = "PHOSPHENE_HUB"
"""Which networks may come from the Hub: `*` (all, the default), `none`, or patterns by commas."""


def check_hub(repo: str) -> None:
    """WeightsError where the operator does not let this repository be loaded."""
    patterns = [part.strip() for part in os.environ.get(HUB, "").split(",") if part.strip()]
    if not patterns or any(fnmatchcase(repo, pattern) for pattern in patterns):
        return
    allowed = [pattern for pattern in patterns if pattern != "none"]
    remedy = f"choose one of {', '.join(allowed)}" if allowed else "choose one of the list"
    raise WeightsError(f"{quoted(repo)} may not be loaded from the Hub here; {remedy}")


def check_hub_size(what: str, size: int | None) -> None:
    """WeightsError where a file of the Hub is larger than the operator lets be loaded."""
    most = HUB_SIZE.read()
    if most and (size or 0) > most * 1e6:
        raise WeightsError(
            f"{what} has {(size or 0) / 1e6:.0f} MB, at most {most:g} are loaded here; "
            "choose a smaller network"
        )


def listed() -> list[str]:
    """A line for each limit: its variable, what it is now, what it bounds."""
    names = os.environ.get(HUB, "").strip() or "*"
    return [*map(str, LIMITS), f"{HUB:28} {names:24} networks that may come from the Hub"]


def check() -> None:
    """End the program with one sentence where a variable cannot be read."""
    try:
        listed()
    except InputError as error:
        raise SystemExit(f"{error}, or leave it unset") from None
