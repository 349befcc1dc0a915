"""CONTRIBUTING's tutorial, followed word for word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phosphene.hosting.space import GALLERY, ROOT, find_apps

TUTORIAL = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add an app")[1]
STEPS = re.findall(r"^(?:`(\S+)`:\n\n)?```(\w+)\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
FILES = [name for name, _, _ in STEPS if name]
COMMANDS = [line for _, language, text in STEPS if language == "sh" for line in text.splitlines()]
(APP,) = re.findall(r"apps/(\w+)/app\.py`:", TUTORIAL)
PYTHON = [Path(name) for name in FILES if name.endswith(".py")]
CONFIG = "shared/pyproject.toml"
LEAVE_OUT = shutil.ignore_patterns(".git", ".venv", "build", "*cache*", "*.egg-info", ".gradio")
# Of the whole suite, what meets a new app: every test with its name, the documents, the imports.
MEETS = f"({APP} or test_project or test_wings) and not (setup or planned)"


class Copy:
    """The repository in another folder, where the new app is made."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *command: str | Path) -> str:
        """What a command prints, started in the copy and importing from it."""
        here = os.environ | {"PYTHONPATH": "shared", "GRADIO_ANALYTICS_ENABLED": "False"}
        here["MYPY_CACHE_DIR"] = str(ROOT / ".mypy_cache")  # PyTorch's types take a minute
        done = subprocess.run(
            command, cwd=self.root, env=here, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, *arguments: str | Path) -> str:
        """The same for a module of Python's."""
        return self.run(sys.executable, "-m", *arguments)

    def follow(self, lines: str) -> None:
        """Commands of the tutorial; those of make are the tests' own."""
        for line in lines.splitlines():
            program, *arguments = shlex.split(line)
            if program != "make":
                self.run(sys.executable if program == "python" else program, *arguments)

    def make(self, line: str) -> str:
        """A line of the tutorial that starts with make, in the environment of these tests."""
        return self.run(*shlex.split(line), "-o", "setup", f"VENV={sys.prefix}")

    def tests(self, *arguments: str) -> str:
        """What pytest says at the end, run as make runs it."""
        said = self.python("pytest", "-c", CONFIG, "--rootdir=.", "-q", "-rs", *arguments)
        return said[said.index("%]") :]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT, root, ignore=LEAVE_OUT, dirs_exist_ok=True)
    copy = Copy(root)
    for name, language, text in STEPS:
        if name:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        elif language == "sh":
            copy.follow(text)
    copy.make("make docs")
    return copy


def test_the_tutorial_makes_an_app_that_is_not_there_yet():
    assert APP not in find_apps()
    assert not [name for name in FILES if (ROOT / name).exists()]
    kinds = {Path(name).name for name in FILES}
    assert {"app.py", "README.md", "requirements.txt", "SOURCES.md"} <= kinds


def test_its_commands_are_those_that_the_tests_here_follow():
    made = [line for line in COMMANDS if line.startswith("make ")]
    assert made == [f"make {what}" for what in ("docs", "check", "test", "e2e")] + [
        f"make stage APP={APP}"
    ]


def test_nothing_but_new_files_and_the_table_of_apps_has_changed(copy):
    text, before = ((root / "README.md").read_text("utf-8") for root in (copy.root, ROOT))
    added = set(text.splitlines()) - set(before.splitlines())
    assert [f"`make run APP={APP}`" in line for line in added] == [True]


def test_ruff_its_format_and_mypy_are_content(copy):
    copy.python("ruff", "check", "--config", CONFIG, *PYTHON)
    copy.python("ruff", "format", "--config", CONFIG, "--check", *PYTHON)
    app = [path for path in PYTHON if path.parts[0] == "apps"]
    copy.python("mypy", "--config-file", CONFIG, "--explicit-package-bases", *app)


def test_every_test_that_meets_an_app_passes_with_it(copy):
    whole = ["--ignore=tests/e2e", "--ignore=tests/test_tutorial.py"]
    assert " passed" in copy.tests("tests", *whole, "-k", MEETS)


def test_it_is_packed_as_a_space_alone_and_within_the_gallery(copy):
    copy.make(f"make stage APP={APP}")
    copy.make(f"make stage APP={GALLERY}")
    spaces = copy.root / "build" / "spaces"
    assert (spaces / APP / "examples" / "SOURCES.md").is_file()
    assert (spaces / GALLERY / "apps" / APP / "app.py").is_file()
    assert "title: Gradient map" in (spaces / APP / "README.md").read_text("utf-8")


def test_it_runs_in_a_browser(copy):
    said = copy.tests("tests/e2e/test_tabs.py", "-k", APP)
    if " skipped" in said:
        pytest.skip(said)
    assert " passed" in said
