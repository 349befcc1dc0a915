"""Every command does its work, or says in one line what is wrong and what to do."""

import os
import socket
import subprocess
import sys
from importlib import metadata

import pytest

from phosphene.__main__ import PACKAGES, main
from phosphene.errors import WeightsError
from phosphene.hosting import space as deploy
from phosphene.methods import METHODS
from phosphene.networks import weights


def test_a_mistake_is_one_line_on_stderr_and_status_1(capsys):
    assert main(["stage", "deep_dreem"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("phosphene: ")
    assert printed.err.count("\n") == 1


def test_an_unknown_command_names_those_that_exist(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["fly"])
    error = capsys.readouterr().err
    assert all(name in error for name in ("run", "stage", "weights", "doctor", "docs", "repeat"))
    assert all(name in error for name in METHODS)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A checkout with one app, and the command that `run` would have become."""
    folder = tmp_path / "apps" / "tiny"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text("")
    monkeypatch.setattr(deploy.find_app, "__defaults__", (tmp_path,))
    started = []
    monkeypatch.setattr(os, "execve", lambda *command: started.append(command))
    return folder / "app.py", started


def test_run_becomes_the_app_with_port_and_share_as_pages_read_them(tiny):
    app, started = tiny
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert main(["run", "tiny", "--port", str(port), "--share"]) == 0
    (program, command, environment), *others = started
    assert (program, command, others) == (sys.executable, [sys.executable, str(app)], [])
    assert environment["PORT"] == str(port)
    assert environment["SHARE"] == "1"


def test_run_shares_nothing_unless_asked(tiny, monkeypatch):
    monkeypatch.delenv("SHARE", raising=False)
    assert main(["run", "tiny"]) == 0
    assert "SHARE" not in tiny[1][0][2]


def test_a_port_in_use_is_said_before_anything_starts(tiny, capsys):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert main(["run", "tiny", "--port", str(port)]) == 1
    assert f"port {port}: address already in use; choose another" in capsys.readouterr().err
    assert not tiny[1]


@pytest.mark.parametrize("port", ["0", "70000", "８０８０", "many"])
def test_a_port_that_does_not_exist_is_refused(tiny, port, capsys):
    assert main(["run", "tiny", "--port", port]) == 1
    words = f"port is '{port}'; choose a whole number from 1 to 65535"
    assert words in capsys.readouterr().err
    assert not tiny[1]


def test_doctor_names_versions_device_and_every_weights_file(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert f"torch            {metadata.version('torch')}" in printed
    assert all(name in printed for name in PACKAGES)
    assert "bfloat16" in printed
    assert "efficientnet_lite0" in printed
    assert "vgg19" in printed


def test_doctor_says_what_a_missing_package_is_needed_for(monkeypatch, capsys):
    have = metadata.version

    def version(name):
        if name == "gradio":
            raise metadata.PackageNotFoundError
        return have(name)

    monkeypatch.setattr(metadata, "version", version)
    assert main(["doctor"]) == 0
    assert "not installed (needed for the pages: pip install" in capsys.readouterr().out


def test_the_core_and_doctor_work_without_gradio_and_diffusers():
    block = "import sys; sys.modules.update(gradio=None, diffusers=None, av=None)"
    code = f"{block}; from phosphene.__main__ import main; sys.exit(main(['doctor']))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_weights_that_cannot_be_had_stop_no_others(monkeypatch, capsys):
    have = weights.fetch

    def fetch(name, **how):
        if name == "lost":
            raise WeightsError("lost cannot be reached; try again online")
        return have(name, **how)

    monkeypatch.setattr(weights, "fetch", fetch)
    assert main(["weights", "--fetch", "lost", "vgg19"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("vgg19 · embedded")
    assert printed.err == "phosphene: lost cannot be reached; try again online\n"


def test_weights_lists_a_line_for_every_file(capsys):
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(weights.REGISTRY)
