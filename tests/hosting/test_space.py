"""A staged app is complete, holds nothing else, and runs with only its own files importable."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from gradio_client import Client
from huggingface_hub import metadata_load, snapshot_download
from packaging.requirements import Requirement

from phosphene.errors import InputError
from phosphene.hosting import answers, credits
from phosphene.hosting import deploy as spaces_of
from phosphene.hosting import space as deploy
from phosphene.networks import registry

README = """---
title: Tiny
emoji: 🔬
short_description: The smallest app there is
models: [timm/tf_efficientnet_lite0.in1k]
---
# Tiny

What to try.
"""
APP = """import gradio as gr
import phosphene

with gr.Blocks(analytics_enabled=False) as demo:
    shout = gr.Interface(lambda text: text.upper(), "text", "text", api_name="shout")
    gr.Interface(lambda: phosphene.__file__, None, "text", api_name="where")

if __name__ == "__main__":
    demo.launch()
"""


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def add_app(root, name, requirements="", readme=README):
    folder = root / "apps" / name
    put(folder / "app.py", APP)
    put(folder / "README.md", readme)
    put(folder / "requirements.txt", requirements)
    put(folder / "examples" / "SOURCES.md", "none")
    put(folder / "__pycache__" / "app.pyc", "")
    put(folder / ".env", "SECRET=1")
    return folder


@pytest.fixture
def root(tmp_path):
    add_app(tmp_path, "tiny", "# how it was tested\npillow<99  # a cap\nscipy>=1.11\n")
    add_app(tmp_path, "other", "scipy<2\ngradio==1.0\n")
    add_app(tmp_path, "gallery")
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_staged_app_holds_what_a_space_needs_and_nothing_else(root):
    out = deploy.stage("tiny", root=root)
    assert out == root / "build" / "spaces" / "tiny"
    assert names(out) == {
        *("app.py", "examples", "phosphene", "README.md", "requirements.txt", "BUILD_INFO")
    }
    assert not [path for path in out.rglob("*") if path.name in {"__pycache__", ".env"}]
    here = {path.name for path in deploy.PACKAGE.rglob("*.py")}
    assert {path.name for path in (out / "phosphene").rglob("*.py")} == here


def test_the_front_matter_is_complete_and_the_text_stays(root):
    readme = deploy.stage("tiny", root=root) / "README.md"
    fields = metadata_load(readme)
    assert set(fields) >= set(deploy.FIELDS)
    assert None not in fields.values()
    assert (fields["sdk"], fields["app_file"]) == ("gradio", "app.py")
    assert (fields["title"], fields["models"]) == ("Tiny", ["timm/tf_efficientnet_lite0.in1k"])
    assert fields["python_version"] == "3.12"  # a string: as a number, 3.10 would become 3.1
    text = readme.read_text(encoding="utf-8")
    assert text.partition(f"\n{credits.HEADING}")[0].endswith("# Tiny\n\nWhat to try.\n")
    assert fields["suggested_hardware"] == "cpu-upgrade"
    assert {"mcp-server", "phosphene"} <= set(fields["tags"])


def test_the_readme_names_license_and_makers_of_all_weights(root):
    text = (deploy.stage("tiny", root=root) / "README.md").read_text(encoding="utf-8")
    rows = text.partition(credits.HEADING)[2].splitlines()[4:]
    assert len(rows) == len(registry.REGISTRY)
    for entry in registry.REGISTRY.values():
        (line,) = [row for row in rows if row.startswith(f"| {entry.name} |")]
        assert entry.license in line
        assert entry.attribution in line
        assert entry.embedded.package in line


def test_weights_are_preloaded_at_the_revision_of_a_lock_and_never_without(
    root, monkeypatch, tmp_path
):
    monkeypatch.setenv("PHOSPHENE_LOCK", str(tmp_path / "lock.json"))
    monkeypatch.setattr(registry, "SHIPPED_LOCK", tmp_path / "none.json")
    readme = deploy.stage("tiny", root=root) / "README.md"
    assert metadata_load(readme)["preload_from_hub"] == []
    repo, commit = "timm/tf_efficientnet_lite0.in1k", "c" * 40
    registry.record(tmp_path / "lock.json", registry.row("efficientnet_lite0"), commit, "a" * 64)
    out = deploy.stage("tiny", root=root)
    assert metadata_load(out / "README.md")["preload_from_hub"] == [
        f"{repo} model.safetensors {commit}"
    ]
    staged = json.loads((out / "phosphene/networks/weights.lock.json").read_text())
    assert staged[f"{repo}/model.safetensors"] == {"revision": commit, "sha256": "a" * 64}


def test_the_gallery_names_the_models_of_every_app(root):
    add_app(root, "vit", readme=README.replace("tf_efficientnet_lite0.in1k", "vit_tiny"))
    models = metadata_load(deploy.stage("gallery", root=root) / "README.md")["models"]
    assert set(models) == {"timm/tf_efficientnet_lite0.in1k", "timm/vit_tiny"}


def test_requirements_are_merged_with_the_packages_own(root):
    lines = (deploy.stage("tiny", root=root) / "requirements.txt").read_text().splitlines()
    found = {need.name: need for need in map(Requirement, lines)}
    assert len(found) == len(lines)
    assert str(found["pillow"].specifier) == "<99,>=11"
    assert {"torch", "timm", "scipy", "av"} <= set(found)
    assert not {"gradio", "mypy", "pytest", "phosphene"} & set(found)
    assert all(need.marker is None for need in found.values())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_requirements_are_those_of_pyproject():
    import tomllib

    project = tomllib.loads((deploy.ROOT / "shared" / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["ui"]
    assert {Requirement(n) for n in declared} == {Requirement(n) for n in deploy.own_requirements()}


def test_the_gallery_brings_every_app_along(root):
    out = deploy.stage("gallery", root=root)
    assert names(out / "apps") == {"tiny", "other"}
    assert names(out / "apps" / "tiny") == {"app.py", "examples", "README.md"}
    assert "scipy<2,>=1.11" in (out / "requirements.txt").read_text().splitlines()


def test_staging_again_replaces_what_was_staged(root):
    out = deploy.stage("tiny", root=root)
    put(out / "left_over.py", "")
    (root / "apps" / "tiny" / "examples" / "SOURCES.md").unlink()
    assert deploy.stage("tiny", root=root) == out
    assert "left_over.py" not in names(out)
    assert names(out / "examples") == set()


def test_a_folder_with_other_files_is_left_alone(root, tmp_path):
    put(tmp_path / "mine" / "thesis.txt", "years of work")
    with pytest.raises(InputError, match=r"mine holds other files; name an empty"):
        deploy.stage("tiny", out=tmp_path / "mine", root=root)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_build_info_is_the_commit_and_says_when_files_differ(root):
    assert (deploy.stage("tiny", root=root) / "BUILD_INFO").read_text() == "unknown\n"
    git = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e@x"]
    put(root / ".gitignore", "build/")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "apps", ".gitignore"], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert (deploy.stage("tiny", root=root) / "BUILD_INFO").read_text() == head.stdout
    put(root / "apps" / "tiny" / "app.py", "changed")
    assert deploy.revision(root) == f"{head.stdout.strip()}-dirty"


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        (README.replace("emoji: 🔬\n", ""), "has no emoji; add it"),
        (README.replace("The smallest", "The very " * 9), "longer than the Hub's 60"),
        (README.replace("models:", "suggested_hardware: zero-a10g\nmodels:"), "'zero-a10g' is not"),
        (README.replace("models:", "colorFrom: mauve\nmodels:"), "'mauve' is not one of"),
        ("# no front matter\n", "has no title"),
    ],
)
def test_a_card_that_the_hub_would_refuse_is_refused_here(root, readme, message):
    folder = add_app(root, "bad", readme=readme)
    with pytest.raises(InputError, match=message):
        deploy.read_card(folder)


def test_an_unknown_app_is_named_with_the_nearest(root, tmp_path):
    with pytest.raises(InputError, match=r"unknown app 'tinny'; did you mean tiny"):
        deploy.stage("tinny", root=root)
    with pytest.raises(InputError, match="run this in a checkout"):
        deploy.stage("tiny", root=tmp_path / "elsewhere")


def test_the_table_lists_every_app_but_the_gallery(root):
    put(root / "README.md", "before\n<!-- apps -->\nold\n<!-- /apps -->\nafter\n")
    assert deploy.write_table(root / "README.md", root)
    text = (root / "README.md").read_text()
    assert "| 🔬 [Tiny](apps/tiny) | The smallest app there is | `make run APP=tiny` |" in text
    assert "old" not in text
    assert "gallery" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert not deploy.write_table(root / "README.md", root)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(stage, log):
    """The staged app started from its own folder; yields a client of it."""
    port = free_port()
    settings = ("PYTHON", "GRADIO", "PORT", "SHARE")
    plain = {key: value for key, value in os.environ.items() if not key.startswith(settings)}
    more = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "app.py"],
            cwd=stage,
            env=plain | more,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 90
        while process.poll() is None and not listening(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert listening(port), log.read_text()
        yield Client(f"http://127.0.0.1:{port}", download_files=False, verbose=False)
    finally:
        process.terminate()
        process.wait(20)


def test_a_staged_app_runs_on_its_own_files(root, tmp_path):
    stage = deploy.stage("tiny", out=tmp_path / "alone", root=root)
    with serving(stage, tmp_path / "log.txt") as client:
        assert client.predict("hush", api_name="/shout") == "HUSH"
        assert Path(client.predict(api_name="/where")).parent == stage / "phosphene"


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
@pytest.mark.parametrize("app", deploy.find_apps())
def test_every_app_deployed_and_cloned_from_the_hub_runs_and_answers(app, spaces, tmp_path):
    stage = deploy.stage(app, out=tmp_path / "staged")
    hub, given = spaces_of.api(), spaces_of.wish(f"ada/{app}")
    plan = spaces_of.compared(hub, stage, given)
    commit = spaces_of.carry_out(hub, stage, plan, "first")
    clone = tmp_path / app
    snapshot_download(given.space, repo_type="space", revision=commit, local_dir=clone)
    assert spaces_of.local_files(clone) == spaces_of.local_files(stage)
    where = "import json, phosphene; print(json.dumps(phosphene.__file__))"
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=clone, capture_output=True, text=True, check=True
    )
    assert Path(json.loads(found.stdout)).parent == clone / "phosphene"
    with serving(clone, tmp_path / "log.txt") as client:
        spaces.spaces[given.space].host = client.src
        answers.wait(hub, given.space, commit, lambda _: None, 5, 0.01)
        assert " answered in " in answers.call(hub, given.space, clone)
