"""The documents are true, every app folder is complete, the layers stay apart."""

import ast
import os
import re
import subprocess

import pytest
from packaging.requirements import Requirement

from phosphene.hosting import space as deploy
from tests.import_rule import violations

ROOT = deploy.ROOT
APPS = deploy.find_apps()
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9]+):", MAKEFILE, re.MULTILINE))
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".ci/run"]
SIDES = {"gradio": ("ui",), "diffusers": ("networks/autoencoder",)}


def imports(path):
    """The top-level names of everything that a file imports, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def test_the_table_of_apps_is_what_make_docs_writes():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start, end = deploy.MARKS
    assert text.split(start)[1].split(end)[0].strip() == deploy.table()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_mention_only_commands_that_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    mentioned = set(re.findall(r"(?:^|[`&;] *|    )make ([a-z0-9]+)", text, re.MULTILINE))
    assert mentioned <= TARGETS
    made = set(re.findall(r"^`apps/(\w+)/app.py`:", text, re.MULTILINE))  # by a tutorial
    apps = set(re.findall(r"APP=(\w+)", text)) - {"name", "NAME"}
    assert apps <= set(APPS) | made


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_points_at_is_there(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", text)
    local = [path for pair in linked for path in pair if path and "://" not in path]
    assert [path for path in local if not (ROOT / path).exists()] == []


def make(*arguments, cwd=ROOT):
    """Run make as from a shell, even where make itself started these tests."""
    ours = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "TORCH", "APP"}
    outside = {key: value for key, value in os.environ.items() if key not in ours}
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env=outside, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_command_of_the_makefile_can_be_planned(target):
    done = make("-n", target)
    assert done.returncode == 0, done.stderr
    assert f"make {target} " in make("help").stdout


@pytest.fixture
def checkout(tmp_path):
    """A checkout that needs no packages."""
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "pyproject.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize("python", ["/nowhere/python", "false"])
def test_a_python_that_does_not_run_is_named_with_the_remedy(checkout, python):
    done = make("setup", f"PYTHON={python}", cwd=checkout)
    assert done.returncode != 0
    assert f"No usable Python 3.10 or later at {python}: install one" in done.stderr
    assert not (checkout / ".venv").exists()


def test_setup_does_its_work_once_and_again_when_requirements_change(checkout):
    assert "Making .venv with Python 3" in make("setup", cwd=checkout).stdout
    assert make("setup", cwd=checkout).stdout == ""
    (checkout / "requirements.txt").write_text("# nothing, differently\n")
    again = make("setup", cwd=checkout).stdout
    assert "Installing requirements.txt" in again
    assert "Making" not in again


@pytest.mark.parametrize("name", APPS)
def test_every_app_folder_is_complete(name):
    folder = APPS[name]
    deploy.read_card(folder)
    source = (folder / "app.py").read_text(encoding="utf-8")
    assert 'if __name__ == "__main__":' in source
    assert re.search(r"^demo\b|as demo:", source, re.MULTILINE), "no module-level `demo`"
    assert "diffusers" not in source or "diffusers" in (folder / "requirements.txt").read_text()
    for line in (folder / "requirements.txt").read_text(encoding="utf-8").splitlines():
        stripped = line.split("#")[0].strip()
        assert not stripped or Requirement(stripped).name not in {"gradio", "phosphene"}
    if name != deploy.GALLERY:
        sources = (folder / "examples" / "SOURCES.md").read_text(encoding="utf-8")
        pictures = [p for p in (folder / "examples").iterdir() if p.suffix != ".md"]
        assert pictures
        assert [p.name for p in pictures if p.name not in sources] == []


@pytest.mark.parametrize("package", SIDES)
def test_only_the_page_imports_gradio_and_only_autoencoders_import_diffusers(package):
    allowed = SIDES[package]
    users = [p for p in deploy.PACKAGE.rglob("*.py") if package in set(imports(p))]
    inside = [p.relative_to(deploy.PACKAGE) for p in users]
    assert [p for p in inside if not p.as_posix().startswith(allowed)] == []


def test_a_wing_imports_only_what_stands_before_it():
    assert violations(deploy.PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("images/io.py", "from phosphene import networks", "images/io imports networks/__init__"),
        ("frame.py", "import phosphene.knobs", "frame imports knobs: it stands later"),
        ("errors.py", "from phosphene import Frame", "errors imports __init__: it stands later"),
        ("__init__.py", "from phosphene.ui.tab import Tab", "__init__ imports ui/tab"),
        ("__init__.py", "from phosphene.cli import commands", "__init__ imports cli/commands"),
        ("hosting/port.py", "def f(): from phosphene.ui import tab", "hosting/port imports ui/tab"),
        ("ui/tab.py", "from phosphene.__main__ import main", "ui/tab imports __main__"),
        ("optimize/canvas.py", "from ..methods import recipes", "imports methods/recipes"),
        (
            "methods/deepdream/dream.py",
            "from phosphene.methods.style_transfer.loss import painting_loss",
            "imports methods/style_transfer/loss: it is another family",
        ),
        (
            "methods/recipes.py",
            "from phosphene.methods.deepdream import dream",
            "imports methods/deepdream/dream: it is a family's own",
        ),
        ("helpers/text.py", "", "helpers/text stands in no wing"),
        ("networks/networks.py", "", "networks/networks is named after its package"),
        ("images/__init__.py", "from phosphene.images.io import load as io", "hides its module io"),
        ("methods/__init__.py", "def deepdream(): pass", "hides its module deepdream"),
    ],
)
def test_an_arrow_back_that_is_planted_is_found(file, line, told, tmp_path):
    package = tmp_path / "phosphene"
    for path in deploy.PACKAGE.rglob("*.py"):
        copy = package / path.relative_to(deploy.PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    before = violations(package)
    target = package / file
    target.parent.mkdir(exist_ok=True)
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(f"{text}\n{line}\n", encoding="utf-8")
    (new,) = set(violations(package)) - set(before)
    assert told in new


def test_a_wheel_takes_every_file_of_the_package_along():
    text = (ROOT / "shared" / "pyproject.toml").read_text(encoding="utf-8")
    (line,) = re.findall(r'^"\*" = \[(.*)\]$', text, re.MULTILINE)
    patterns = [*re.findall(r'"([^"]+)"', line), "*.py", "*.pyc"]
    files = [path for path in deploy.PACKAGE.rglob("*") if path.is_file()]
    assert [p.name for p in files if not any(p.match(pattern) for pattern in patterns)] == []
    assert [p.name for p in files if not (p.parent / "__init__.py").is_file()] == [
        p.name for p in files if p.parent.name == "__pycache__"
    ]


def test_the_license_is_apache_2():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_continuous_integration_can_be_started():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
