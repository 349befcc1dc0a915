"""Tables that stand in the text: each between its marks, below the command that made it.

A script is a mapping of parts, each a generator of lines; `main` runs those asked for and puts
each one's lines between `<!-- table: PART -->` and `<!-- /table -->` of the script's document.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import torch

from phosphene.hosting import malloc

HERE = Path(__file__).resolve().parent
THREADS = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
"""More than the cores that a process may use would only wait for each other."""
UNITS = ("avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
END = "<!-- /table -->"


@dataclass(frozen=True)
class Options:
    """Where to compute; `smoke`: so small that it only shows that the script works."""

    device: str = "cpu"
    smoke: bool = False

    @property
    def rounds(self) -> int:
        """How often each variant is timed, in turn with the others."""
        return 1 if self.smoke else 3


Part: TypeAlias = Callable[[Options], Iterator[str]]


def main(
    script: str, document: str, parts: Mapping[str, Part], by_name: Collection[str] = ()
) -> None:
    """Run the parts named on the command line, or all but those that run `by_name` alone."""
    prepare()
    parser = argparse.ArgumentParser(description=f"Writes its tables into {document}.")
    usual = [name for name in parts if name not in by_name]
    told = f"of {', '.join(usual)} (all where none is named)"
    if by_name:
        told += f"; takes long: {', '.join(by_name)}"
    parser.add_argument("part", nargs="*", metavar="PART", help=told)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--smoke", action="store_true", help="tiny sizes, once; the text stays as it is"
    )
    asked = parser.parse_args()
    names = asked.part or usual
    for name in names:
        if name not in parts:
            parser.error(f"there is no part {name}; choose from {', '.join(parts)}")
        split(HERE / document, name)  # a mark that is missing is missed before an hour's work
    options = Options(asked.device, asked.smoke)
    print(machine())
    for name in names:
        print(f"\n== {name}", flush=True)
        lines = []
        for line in parts[name](options):
            print(line, flush=True)
            lines.append(line)
        if not options.smoke:
            place = "" if options.device == "cpu" else f" --device {options.device}"
            command = f"python benchmarks/{Path(script).name} {name}{place}"
            write(HERE / document, name, [*origin(command), *lines])


def prepare() -> None:
    """Threads as in the texts, and memory as a page has it."""
    malloc.keep()
    torch.set_num_threads(THREADS)


def split(document: Path, name: str) -> tuple[str, str, str]:
    """The text up to a table, the table, the text behind it; each with its mark outside."""
    text, start = document.read_text(encoding="utf-8"), f"<!-- table: {name} -->\n"
    before, mark, rest = text.partition(start)
    table, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{document.name} has no {start.strip()} with a {END} behind it")
    return before + mark, table, end + after


def write(document: Path, name: str, lines: Iterable[str]) -> None:
    """Put lines between the marks of a table."""
    before, _, after = split(document, name)
    document.write_text(before + "".join(f"{line}\n" for line in lines) + after, encoding="utf-8")


def origin(command: str) -> list[str]:
    """Where a table comes from: its command, the day, the machine."""
    return [f"`{command}`, {date.today()}: {machine()}.", ""]


def machine() -> str:
    """The processor or GPU, and which of the units that matter it has."""
    version = f"PyTorch {torch.__version__}, {THREADS} thread{'s' * (THREADS > 1)}"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}; {version}"
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return f"{platform.processor()}; {version}"
    lines = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
    named = {name.strip(): value.split() for name, value in lines.items()}
    flags, name = named.get("flags", []), " ".join(named.get("model name", []))
    units = ", ".join(unit if unit in flags else f"no {unit}" for unit in UNITS)
    return f"{name} ({units}); {version}"
