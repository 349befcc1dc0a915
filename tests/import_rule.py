"""The import rule: what a module may import, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# A module imports only from levels above its own, or from its own wing.
LEVELS = (
    ("errors", "version"),
    ("frame", "knobs", "device", "limits"),
    ("images",),
    ("networks",),
    ("optimize",),
    ("training",),
    ("methods",),
    ("__init__",),
    ("hosting",),
    ("ui",),
    ("cli",),
    ("__main__",),
)
RANKS = {wing: rank for rank, wings in enumerate(LEVELS) for wing in wings}
FAMILIES = "methods"
"""The wing whose folders know nothing of each other, and whose own modules know none of them."""


def violations(package: Path) -> list[str]:
    """What breaks the rule in a package's source, a line each."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = path.relative_to(package).with_suffix("").parts
        if module[0] not in RANKS:
            found.append(f"{'/'.join(module)} stands in no wing")
            continue
        if len(module) > 1 and module[-1] == module[-2]:
            found.append(f"{'/'.join(module)} is named after its package")
        for target in imported(path, package):
            reason = broken(module, target)
            if reason:
                found.append(f"{'/'.join(module)} imports {'/'.join(target)}: {reason}")
        if module[-1] == "__init__":
            found += [f"{'/'.join(module)} hides its module {name}" for name in hidden(path)]
    return found


def broken(module: tuple[str, ...], target: tuple[str, ...]) -> str:
    """Why a module may not import another; empty where it may."""
    if target[0] not in RANKS:
        return "it stands in no wing"
    if module[0] != target[0] or len(module) == 1:
        later = RANKS[target[0]] >= RANKS[module[0]] and module != target
        return "it stands later" if later else ""
    family, other = (parts[1] if len(parts) > 2 else "" for parts in (module, target))
    if module[0] == FAMILIES and other and family != other:
        return "it is another family" if family else "it is a family's own"
    return ""


def imported(path: Path, package: Path) -> Iterator[tuple[str, ...]]:
    """The modules of the package that a file imports, wherever in it; parts from the package on."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = path.relative_to(package.parent).parts[: -node.level]
                base = ".".join([*up, *filter(None, [base])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == package.name:
                yield resolved(tuple(rest), package)


def resolved(parts: tuple[str, ...], package: Path) -> tuple[str, ...]:
    """The module that a dotted name is, or is in."""
    while parts:
        place = package.joinpath(*parts)
        if place.with_suffix(".py").is_file():
            return parts
        if place.is_dir():
            return (*parts, "__init__")
        parts = parts[:-1]
    return ("__init__",)


def hidden(init: Path) -> list[str]:
    """The modules beside an __init__.py whose names it gives to something else."""
    beside = {p.stem for p in init.parent.glob("*.py")} | {
        p.parent.name for p in init.parent.glob("*/__init__.py")
    }
    names: list[str] = []
    for node in ast.walk(ast.parse(init.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            of_package = node.module.split(".")[-1] == init.parent.name
            names += [a.asname or a.name for a in node.names if not (of_package and not a.asname)]
    return sorted(set(names) & beside)
