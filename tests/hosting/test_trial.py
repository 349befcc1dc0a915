"""Trying a staged app: started alone, called once, ended; what does not work is one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from phosphene.__main__ import main
from phosphene.errors import InputError
from phosphene.hosting import trial

pytest.importorskip("gradio")

GOOD = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Interface(lambda text: text.upper(), "text", "text", api_name="shout")
demo.launch()
"""


def staged(folder, text):
    folder.mkdir()
    (folder / "app.py").write_text(text)
    return folder


def test_an_app_that_starts_is_called_and_ended(tmp_path):
    folder, log = staged(tmp_path / "app", GOOD), tmp_path / "log.txt"
    told = trial.started("tiny", folder, Path(sys.executable), log)
    assert told == "it answers with 1 endpoints"
    assert "Running on local URL" in log.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_package", "tiny does not start: .*No module named 'no_such_package'"),
        ("raise SystemExit('PORT is wrong')", "tiny does not start: PORT is wrong"),
    ],
)
def test_an_app_that_does_not_start_says_why(tmp_path, text, words):
    folder = staged(tmp_path / "app", text)
    with pytest.raises(InputError, match=words):
        trial.started("tiny", folder, Path(sys.executable), tmp_path / "log.txt")


def test_requirements_that_cannot_be_had_are_said(tmp_path, monkeypatch):
    commands = []

    def run(command, what):
        commands.append(command)
        if "pip" in command:
            raise InputError(f"could not {what}: no matching distribution")

    monkeypatch.setattr(trial, "_run", run)
    monkeypatch.setattr(trial, "stage", lambda app, out: staged(out, GOOD))
    (tmp_path / "deepdream").mkdir()
    with pytest.raises(InputError, match="could not install its requirements: no matching"):
        trial.trial("deepdream", print, tmp_path / "deepdream")
    assert any(word.startswith("gradio[oauth,mcp]==") for word in commands[-1])


def test_the_command_tries_the_app_that_is_named(monkeypatch, capsys):
    monkeypatch.setattr(trial, "trial", lambda app: f"/{app} answered in 1.0 s")
    assert main(["stage", "deepdream", "--trial"]) == 0
    assert "deepdream: /deepdream answered" in capsys.readouterr().out
    assert "PORT" in trial.OURS
    assert not any(name.startswith(trial.OURS) for name in ("PATH", "HOME"))
