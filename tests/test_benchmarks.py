"""Every benchmark has a place for its table, and writes there and nowhere else."""

from __future__ import annotations

import importlib
import re

import pytest

from phosphene.hosting.space import ROOT

FOLDER = ROOT / "benchmarks"
SCRIPTS = [path.stem for path in sorted(FOLDER.glob("[a-z]*.py")) if "PARTS = " in path.read_text()]


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_part_has_its_marks_and_its_command_in_the_text(script, load):
    module, tables = load(script), load("_tables")
    for name in module.PARTS:
        _, table, _ = tables.split(FOLDER / module.DOCUMENT, name)
        assert f"`python benchmarks/{script}.py {name}`" in table
        assert table.count("\n|") >= 3


@pytest.mark.parametrize("document", sorted(path.name for path in FOLDER.glob("*.md")))
def test_no_marks_are_left_of_a_part_that_is_gone(document, load):
    modules = [load(script) for script in SCRIPTS]
    parts = [name for m in modules if document == m.DOCUMENT for name in m.PARTS]
    text = (FOLDER / document).read_text(encoding="utf-8")
    assert sorted(re.findall(r"<!-- table: (.+) -->", text)) == sorted(parts)


def test_a_table_is_written_between_its_marks_alone(load, tmp_path):
    tables, document = load("_tables"), tmp_path / "text.md"
    document.write_text(
        "Before.\n\n<!-- table: a -->\nold\n<!-- /table -->\n\n"
        "<!-- table: b -->\nother\n<!-- /table -->\n\nAfter.\n"
    )
    tables.write(document, "a", ["| new |", "|---|", "| 1 |"])
    assert document.read_text() == (
        "Before.\n\n<!-- table: a -->\n| new |\n|---|\n| 1 |\n<!-- /table -->\n\n"
        "<!-- table: b -->\nother\n<!-- /table -->\n\nAfter.\n"
    )


def test_a_text_without_the_marks_is_named_before_anything_is_measured(load, tmp_path):
    document = tmp_path / "text.md"
    document.write_text("<!-- table: a -->\nno end\n")
    for name in ("a", "b"):
        with pytest.raises(SystemExit, match=f"text.md has no <!-- table: {name} -->"):
            load("_tables").split(document, name)


def test_a_peer_that_is_not_there_says_so_in_its_cell(load, monkeypatch):
    tools = load("_tools")
    monkeypatch.setitem(tools.MODULES, "pystiche", "no_such_module")
    rounds = [{"ours": 10.0, "pastiche": 25.0}, {"ours": 12.0, "pastiche": 24.0}]
    assert tools.compared(rounds, "ours", "pystiche") == ("not installed", "")
    assert tools.compared(rounds, "ours", "pastiche") == ("24", "2.25")
    assert tools.compared([{"ours": 1.0}], "ours", "pastiche") == ("does not run here", "")
