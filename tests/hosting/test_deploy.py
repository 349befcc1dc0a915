"""Deploying through the real client to a local Hub: what is uploaded, removed, set, refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from phosphene.__main__ import main
from phosphene.errors import InputError
from phosphene.hosting import answers, deploy, space
from tests.hosting.test_space import add_app, put

WAIT = {"timeout": 5, "pause": 0.01}
# The Hub's client hands a file to httpx in a way that httpx calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with two small apps and the gallery, as the commands see it."""
    for name in ("tiny", "other_app", "gallery"):
        add_app(tmp_path, name)
    put(tmp_path / "apps" / "tiny" / "examples" / "large.txt", "large" * 2000)
    put(tmp_path / "small" / "phosphene" / "__init__.py", "")
    monkeypatch.setattr(space, "PACKAGE", tmp_path / "small" / "phosphene")
    for function in (space.find_apps, space.find_app, space.revision):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    monkeypatch.setattr(space.stage, "__defaults__", (None, tmp_path))
    return tmp_path


@pytest.fixture
def answering(monkeypatch):
    """Waiting without pauses; what was called instead of a running page."""
    called = []
    monkeypatch.setattr(answers.wait, "__defaults__", (print, 5.0, 0.01))

    def call(hub, name, folder):
        called.append(name)
        return "it answers"

    monkeypatch.setattr(answers, "call", call)
    return called


def command(*words):
    return main(["deploy", *words])


def test_a_first_deploy_creates_the_space_and_uploads_all(root, spaces, answering, capsys):
    assert command("tiny", "ada/tiny", "--hardware", "zero-a10g", "--set", "A=1", "B=x=y") == 0
    made = spaces.spaces["ada/tiny"]
    staged = {p: (root / "build/spaces/tiny" / p).read_bytes() for p in made.files if p[0] != "."}
    assert {name: data for name, data in made.files.items() if name[0] != "."} == staged
    assert set(staged) == set(deploy.local_files(root / "build/spaces/tiny"))
    assert (made.hardware, made.private) == ("zero-a10g", False)
    assert made.variables == {"A": "1", "B": "x=y"}
    assert len(made.log) == 1
    assert made.log[0][0] == "tiny at unknown"
    out = capsys.readouterr().out
    assert f"tiny is at {spaces.url}/spaces/ada/tiny" in out
    assert "building" in out
    assert "tiny: it answers" in out
    assert answering == ["ada/tiny"]


def test_only_what_changed_is_uploaded_and_what_is_gone_is_removed(root, spaces, answering):
    assert command("tiny", "ada/tiny") == 0
    sent = len(spaces.requests)
    put(root / "apps" / "tiny" / "app.py", "print('new')")
    put(root / "apps" / "tiny" / "more.txt", "more")
    (root / "apps" / "tiny" / "examples" / "large.txt").unlink()
    assert command("tiny", "ada/tiny") == 0
    assert sorted(spaces.spaces["ada/tiny"].log[1][1]) == [
        "deletedFile examples/large.txt",
        "file app.py",
        "file more.txt",
    ]
    puts = [path for verb, path, _ in spaces.requests[sent:] if verb == "PUT"]
    assert not puts  # the large file was there already


def test_where_nothing_changed_nothing_is_written(root, spaces, answering, capsys):
    assert command("tiny", "ada/tiny", "--set", "A=1") == 0
    before = len(spaces.wrote())
    put(root / ".git-is-not-here", "")
    assert command("tiny", "ada/tiny", "--set", "A=1") == 0
    assert len(spaces.wrote()) == before
    assert "tiny is unchanged at" in capsys.readouterr().out


def test_a_new_commit_alone_is_no_change(root, spaces, answering, monkeypatch):
    assert command("tiny", "ada/tiny") == 0
    monkeypatch.setattr(space, "revision", lambda root: "f" * 40)
    assert command("tiny", "ada/tiny") == 0
    assert len(spaces.spaces["ada/tiny"].log) == 1


def test_a_dry_run_lists_every_change_and_makes_none(root, spaces, answering, capsys):
    assert command("tiny", "ada/tiny", "--dry-run", "--private", "--set", "A=1") == 0
    out = capsys.readouterr().out
    assert "+ the Space ada/tiny, private\n" in out
    assert "+ examples/large.txt\n" in out
    assert "= A=1\n" in out
    assert spaces.wrote() == []
    assert command("tiny", "ada/tiny", "--no-wait") == 0
    put(root / "apps" / "tiny" / "app.py", "print('new')")
    (root / "apps" / "tiny" / "examples" / "large.txt").unlink()
    wrote, _ = spaces.wrote(), capsys.readouterr()
    words = ("--dry-run", "--set", "A=2", "--hardware", "t4-small", "--private")
    assert command("tiny", "ada/tiny", *words) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "= ada/tiny private",
        "~ app.py",
        "- examples/large.txt",
        "= A=2",
        "= hardware t4-small",
    ]
    assert spaces.wrote() == wrote


def test_a_space_that_is_there_gets_its_settings(root, spaces, answering):
    assert command("tiny", "ada/tiny", "--set", "KEPT=1") == 0
    assert command("tiny", "ada/tiny", "--private", "--set", "A=2", "--hardware", "t4-small") == 0
    made = spaces.spaces["ada/tiny"]
    assert (made.private, made.hardware) == (True, "t4-small")
    assert made.variables == {"KEPT": "1", "A": "2"}  # what nobody named stays
    assert len(made.log) == 1


def test_a_name_without_an_owner_is_the_tokens_own(root, spaces, answering):
    assert command("tiny", "mine") == 0
    assert list(spaces.spaces) == ["ada/mine"]


def test_all_apps_go_to_spaces_of_their_names_and_a_failure_stops_no_other(
    root, spaces, answering, capsys
):
    readme = root / "apps" / "other_app" / "README.md"
    readme.write_text("# no front matter")
    assert command("--all", "lab") == 1
    assert set(spaces.spaces) == {"lab/phosphene-tiny"}
    told = capsys.readouterr().err
    assert "phosphene: other_app: " in told
    assert "phosphene: gallery: " in told  # which holds every app


@pytest.mark.parametrize(
    ("token", "name", "message"),
    [
        ("", "ada/tiny", "no token for the Hub; make one .* set HF_TOKEN"),
        ("hf_wrong", "ada/tiny", "does not accept this token"),
        ("hf_read", "eve/tiny", "token of eve may only read; make one that may write"),
        ("hf_ada", "eve/tiny", "token is ada's, who may not write to eve; name a Space of ada or"),
    ],
)
def test_a_token_that_is_missing_wrong_or_without_rights_is_one_sentence(
    root, spaces, monkeypatch, capsys, token, name, message
):
    spaces.accounts["hf_read"] = ("eve", [], "read")
    monkeypatch.setenv("HF_TOKEN", token)
    assert command("tiny", name) == 1
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1
    assert not spaces.spaces


@pytest.mark.parametrize(
    ("route", "status", "message"),
    [
        ("create", 402, "paid plan"),
        ("create", 403, "may not write there"),
        ("create", 409, "deploy again in a minute"),
        ("commit", 413, "too large"),
        ("commit", 412, "somebody else changed it meanwhile"),
        ("space", 429, "asks to wait"),
        ("preupload", 403, "may not write there"),
        ("whoami", 404, "check the name"),
    ],
)
def test_whatever_the_hub_refuses_is_one_sentence(
    root, spaces, answering, capsys, route, status, message
):
    spaces.faults[route] = status
    assert command("tiny", "ada/tiny") == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("phosphene: ada/tiny: ")
    assert error.count("\n") == 1


def test_a_hub_that_is_not_there_is_one_sentence(root, spaces, monkeypatch, capsys):
    monkeypatch.setattr(deploy.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert command("tiny", "ada/tiny") == 1
    assert "the Hub cannot be reached (ConnectError); try again online" in capsys.readouterr().err


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(root, spaces, answering):
    assert command("tiny", "ada/tiny") == 0
    hub, folder = deploy.api(), root / "build" / "spaces" / "tiny"
    put(folder / "app.py", "print('mine')")
    plan = deploy.compared(hub, folder, deploy.wish("ada/tiny"))
    spaces.spaces["ada/tiny"].commit = "e" * 40
    with pytest.raises(InputError, match="somebody else changed it meanwhile; deploy again"):
        deploy.carry_out(hub, folder, plan, "mine")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tiny",), "which Space?"),
        (("tiny", "a/b/c"), "name it as user/name"),
        (("tiny", "ada/t", "--hardware", "t4-smal"), "did you mean t4-small"),
        (("tiny", "ada/t", "--set", "A"), "write NAME=VALUE"),
        (("tiny", "ada/t", "--set", "A B=1"), "is no name of a variable"),
        (("tinny", "ada/t"), "did you mean tiny"),
        (("--all", "ada/t"), "the owner of the Spaces alone"),
    ],
)
def test_a_wrong_word_is_refused_before_the_hub_is_asked(root, spaces, capsys, words, message):
    assert command(*words) == 1
    assert message in capsys.readouterr().err
    assert spaces.requests == []


def space_with(spaces, *stages, error=""):
    command("tiny", "ada/tiny", "--no-wait")
    spaces.spaces["ada/tiny"].stages, spaces.error = list(stages), error
    return deploy.api(), "ada/tiny", spaces.spaces["ada/tiny"].commit


def test_waiting_ends_when_that_commit_runs_and_says_what_goes_on(root, spaces):
    said = []
    stages = ("BUILDING", "BUILDING", "RUNNING_APP_STARTING", "RUNNING")
    answers.wait(*space_with(spaces, *stages), said.append, **WAIT)
    assert said == ["ada/tiny: building", "ada/tiny: running app starting"]
    hub, name, _ = space_with(spaces, "RUNNING")
    with pytest.raises(InputError, match=r"does not run after 0\.05 seconds; look at"):
        answers.wait(hub, name, "f" * 40, print, 0.05, 0.01)  # the version of before still runs


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("BUILD_ERROR", r"could not be built \('no pip'\): .*logs=container"),
        ("RUNTIME_ERROR", "ended with an error"),
        ("PAUSED", "is paused; start it there"),
    ],
)
def test_a_space_that_will_not_run_is_said_with_the_hubs_reason(root, spaces, stage, message):
    where = space_with(spaces, "BUILDING", stage, error="no pip")
    with pytest.raises(InputError, match=message):
        answers.wait(*where, lambda _: None, **WAIT)


def test_a_sleeping_space_is_woken_once(root, spaces):
    answers.wait(*space_with(spaces, "SLEEPING"), lambda _: None, **WAIT)
    assert sum("restart" in line for line in spaces.wrote()) == 1


def test_a_hub_that_is_gone_for_a_moment_is_waited_for(root, spaces):
    where = space_with(spaces, "RUNNING")
    spaces.fault = "503"
    said = []
    with pytest.raises(InputError, match="the Hub answered 503; try again later"):
        answers.wait(*where, said.append, **WAIT)
    asked = sum("runtime" in path for path in spaces.paths("GET"))
    assert asked == answers.PATIENCE


def test_secrets_and_variables_can_be_written_through_the_client(root, spaces):
    hub, name, _ = space_with(spaces, "RUNNING")
    hub.add_space_secret(name, "KEY", "hidden")
    hub.add_space_variable(name, "A", "1")
    hub.delete_space_variable(name, "A")
    made = spaces.spaces[name]
    assert (made.secrets, made.variables) == ({"KEY": "hidden"}, {})


def test_the_workflow_deploys_with_commands_that_exist():
    text = (space.ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    flow = yaml.safe_load(text)
    assert flow[True]["push"]["branches"]  # YAML reads the word `on` so
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    targets = {t for step in steps for t in re.findall(r"make ([\w-]+)", step.get("run", ""))}
    makefile = (space.ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets >= {"deploy-all"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    assert Path(space.ROOT / ".ci" / "run").is_file()
