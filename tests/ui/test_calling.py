"""The examples of calls that a page shows are run as they stand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.apps import PAGES, tabs_of
from tests.tint import tint

gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import calling  # noqa: E402

QUICK = {"steps": 2, "size": 64}


@pytest.fixture(scope="module")
def tab(picture):
    return ui.Tab("Tint", tint, examples=[{"image": str(picture)}])


@pytest.fixture(scope="module")
def url(tab, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PHOSPHENE_WARMUP", "0")
        demo = ui.page("Tint", "A picture turns red.", tabs=[tab])
        options = {"server_port": None, "share": False, "quiet": True, "prevent_thread_lock": True}
        demo.launch(**ui.launch_options(demo, **options))
        yield demo.local_url
        demo.close()


@pytest.fixture
def folder(picture, tmp_path):
    shutil.copy(picture, tmp_path / "photo.jpg")
    return tmp_path


def test_the_python_example_runs(tab, url, folder):
    text = calling.shown("Python", tab, url, QUICK)
    compile(text, "example", "exec")
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "'step': 2" in done.stdout
    assert ".png" in done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_curl_example_runs(tab, url, folder):
    text = calling.shown("curl", tab, url, QUICK)
    done = subprocess.run(
        ["sh", "-c", text], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    events = [block.split("\n") for block in done.stdout.strip().split("\n\n")]
    assert events[-1][0] == "event: complete", done.stdout + done.stderr
    picture, facts, *_ = json.loads(events[-1][1].removeprefix("data: "))
    assert picture["path"].endswith(".png")
    assert facts["step"] == 2


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_what_a_shell_would_read_in_a_text_reaches_the_method_as_it_is(tab, url, folder):
    words = "$(reboot) `id` \"quoted\" \\ 'it' ${HOME}"
    text = calling.shown("curl", tab, url, {**QUICK, "way": words})
    done = subprocess.run(
        ["sh", "-c", text], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert "unknown way" in done.stdout
    told = json.loads(done.stdout.partition("data: ")[2].partition("\n")[0])
    assert repr(words)[1:30] in told["error"] or words[:30] in told["error"]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_javascript_example_is_javascript(tab, url, tmp_path):
    file = tmp_path / "example.mjs"
    file.write_text(calling.shown("JavaScript", tab, url, QUICK))
    subprocess.run(["node", "--check", str(file)], check=True)


@pytest.mark.parametrize("app", PAGES)
def test_every_page_says_how_to_call_its_methods(app):
    tabs = tabs_of(app)
    html = calling.section(tabs)
    assert all(f"<code>/{tab.method.__name__}</code>" in html for tab in tabs)
    for tab in tabs:
        files, settings = calling.arguments(tab)
        known = {p.name: p for p in tab.parameters}
        needed = {name for name, p in known.items() if p.required}
        assert needed <= set(files) | set(settings)
        for name, value in settings.items():
            known[name].knob.check(name, value)
        compile(calling.examples(tab)["Python"], tab.name, "exec")
    config = json.loads(calling.examples(tabs[0])["MCP, for agents"].partition("\n\n")[0])
    assert config["mcpServers"]["phosphene"]["url"].endswith("/gradio_api/mcp/")


def test_the_mcp_server_offers_the_method_by_the_name_that_is_told(tab, url):
    pytest.importorskip("mcp")
    import httpx

    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    address = calling.shown("MCP, for agents", tab, url).partition("\n\n")[0]
    address = json.loads(address)["mcpServers"]["phosphene"]["url"]
    answer = httpx.post(address, json=call, headers=accept)
    data = next(line for line in answer.text.splitlines() if line.startswith(("data:", "{")))
    tools = json.loads(data.removeprefix("data:"))["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["tint"]
    assert tools[0]["inputSchema"]["properties"].keys() >= {"image", "steps"}
