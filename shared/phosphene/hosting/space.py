"""Apps as folders: find them, describe them, pack one so that it runs alone as a Space."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from huggingface_hub import SpaceHardware, metadata_load, metadata_save
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from phosphene.errors import InputError, unknown
from phosphene.hosting import credits

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
GALLERY = "gallery"
MARKS = "<!-- apps -->", "<!-- /apps -->"

# What a Space build adds to requirements.txt, in one resolve; `make resolve` checks against it.
SPACE_ADDS = ("gradio[oauth,mcp]=={gradio}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces")
# The newest PyTorch that ZeroGPU knows is 2.11.
SPACE_TORCH = "torch<2.12"
# The newest Python that ZeroGPU offers beside plain CPU Spaces.
SPACE_PYTHON = "3.12"

FIELDS: dict[str, Any] = {
    "title": None,
    "emoji": None,
    "colorFrom": "indigo",
    "colorTo": "pink",
    "sdk": "gradio",
    "sdk_version": None,
    "python_version": SPACE_PYTHON,
    "app_file": "app.py",
    "short_description": None,
    "suggested_hardware": "cpu-upgrade",
    "models": [],
    "preload_from_hub": [],
    "tags": [],
    "license": "apache-2.0",
    "pinned": False,
}
# What the front matter may suggest: ZeroGPU can only be asked for, by `make deploy HARDWARE=`.
SUGGESTED = [kind.value for kind in SpaceHardware if not kind.value.startswith("zero")]
COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
LEAVE_OUT = shutil.ignore_patterns(
    "__pycache__", "*.pyc", "*.pyi", ".*", "requirements.txt", "*.egg-info"
)


def find_apps(root: Path = ROOT) -> dict[str, Path]:
    """Every folder apps/NAME with an app.py, by name."""
    return {path.parent.name: path.parent for path in sorted(root.glob("apps/*/app.py"))}


def find_app(name: str, root: Path = ROOT) -> Path:
    """The folder of one app; InputError with the nearest names if there is none."""
    apps = find_apps(root)
    if not apps:
        raise InputError(f"no apps in {root / 'apps'}; run this in a checkout of Phosphene")
    if name not in apps:
        raise unknown("app", name, apps)
    return apps[name]


def read_card(folder: Path) -> dict[str, Any]:
    """The front matter of an app's README.md, checked for what a Space needs."""
    readme = folder / "README.md"
    if not readme.is_file():
        raise InputError(f"{readme} is missing; it holds the front matter of the Space")
    fields = metadata_load(readme) or {}
    for key in ("title", "emoji", "short_description"):
        if not isinstance(fields.get(key), str):
            raise InputError(f"{readme} has no {key}; add it to the front matter")
    if len(fields["short_description"]) > 60:
        raise InputError(f"{readme}: short_description is longer than the Hub's 60 characters")
    hardware = fields.get("suggested_hardware", SUGGESTED[0])
    if hardware not in SUGGESTED:
        raise InputError(f"{readme}: suggested_hardware {hardware!r} is not one of {SUGGESTED}")
    for key in ("colorFrom", "colorTo"):
        if fields.get(key, "gray") not in COLORS:
            raise InputError(f"{readme}: {key} {fields[key]!r} is not one of {sorted(COLORS)}")
    return fields


def front_matter(fields: dict[str, Any]) -> dict[str, Any]:
    """Complete front matter of a Space, in a fixed order, the rest of the app's own after it."""
    complete = FIELDS | fields | {"sdk_version": metadata.version("gradio")}
    # One that serves agents and one of ours can be found as such.
    tags = list(dict.fromkeys([*complete["tags"], "mcp-server", "phosphene"]))
    preload = credits.preloaded(complete["models"])
    own = {"sdk": "gradio", "app_file": "app.py", "tags": tags, "preload_from_hub": preload}
    return complete | own


def merge(lines: Iterable[str]) -> list[str]:
    """One requirement per package: ranges intersected, extras joined; never gradio itself."""
    merged: dict[tuple[str, str], Requirement] = {}
    for line in lines:
        new = Requirement(line)
        name = canonicalize_name(new.name)
        if name == "gradio":  # The Space installs it at sdk_version; a second version would clash.
            continue
        old = merged.setdefault((name, str(new.marker)), new)
        old.specifier &= new.specifier
        old.extras |= new.extras
    return [str(merged[key]) for key in sorted(merged)]


def own_requirements() -> list[str]:
    """What phosphene and its pages need at run time, as declared in its pyproject.toml."""
    needs = [Requirement(line) for line in metadata.requires("phosphene") or []]
    wanted = [n for n in needs if n.marker is None or n.marker.evaluate({"extra": "ui"})]
    for need in wanted:
        if "extra" in str(need.marker):
            need.marker = None
    return [str(need) for need in wanted]


def requirements(folders: Iterable[Path]) -> list[str]:
    """The merged requirements of these apps and of phosphene itself."""
    lines = [*own_requirements(), SPACE_TORCH]
    for folder in folders:
        file = folder / "requirements.txt"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        stripped = (line.split(" #")[0].strip() for line in text.splitlines())
        lines += [line for line in stripped if line and not line.startswith("#")]
    return merge(lines)


def revision(root: Path = ROOT) -> str:
    """The commit of the checkout, marked -dirty where files differ from it; or "unknown"."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _clear(out: Path) -> None:
    """Make `out` an empty folder; only a folder staged earlier is ever emptied."""
    if out.exists() and any(out.iterdir()) and not (out / "BUILD_INFO").is_file():
        raise InputError(f"{out} holds other files; name an empty or a new folder")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)


def stage(app: str, out: Path | None = None, root: Path = ROOT) -> Path:
    """Pack an app as a folder that runs alone, and is what a Space holds; returns the folder."""
    folder = find_app(app, root)
    out = out or root / "build" / "spaces" / app
    card = read_card(folder)
    parts = [path for path in find_apps(root).values() if app == GALLERY and path != folder]
    needs = requirements([folder, *parts])
    # A site of all apps uses the networks of all.
    models = [m for one in (card, *map(read_card, parts)) for m in one.get("models", [])]
    fields = front_matter(card | {"models": list(dict.fromkeys(models))})
    _clear(out)
    shutil.copytree(folder, out, ignore=LEAVE_OUT, dirs_exist_ok=True)
    for part in parts:
        shutil.copytree(part, out / "apps" / part.name, ignore=LEAVE_OUT)
    shutil.copytree(PACKAGE, out / "phosphene", ignore=LEAVE_OUT)
    metadata_save(out / "README.md", fields)
    credits.add_to(out / "README.md", fields["models"])
    credits.pin(out / "phosphene", fields["models"])
    if (root / "LICENSE").is_file():
        shutil.copy(root / "LICENSE", out)
    (out / "requirements.txt").write_text("\n".join(needs) + "\n", encoding="utf-8")
    (out / "BUILD_INFO").write_text(revision(root) + "\n", encoding="utf-8")
    return out


def space_line() -> list[str]:
    """What the build of a Space installs beside requirements.txt."""
    return [item.format(gradio=metadata.version("gradio")) for item in SPACE_ADDS]


def table(root: Path = ROOT) -> str:
    """The README's table of apps, from their front matter."""
    rows = ["| app | what you see | start it |", "|---|---|---|"]
    for name, folder in find_apps(root).items():
        if name == GALLERY:
            continue
        card = read_card(folder)
        title = f"{card['emoji']} [{card['title']}](apps/{name})"
        rows.append(f"| {title} | {card['short_description']} | `make run APP={name}` |")
    return "\n".join(rows)


def write_table(readme: Path, root: Path = ROOT) -> bool:
    """Bring the table between the marks up to date; returns whether the file changed."""
    text = readme.read_text(encoding="utf-8")
    if any(text.count(mark) != 1 for mark in MARKS):
        raise InputError(f"{readme} needs the marks {' and '.join(MARKS)} once each")
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    new = f"{before}{MARKS[0]}\n{table(root)}\n{MARKS[1]}{after}"
    readme.write_text(new, encoding="utf-8")
    return new != text
