"""How to call a page's methods from a program, and how to embed it; from the same declarations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from phosphene.knobs import File, Flag, Parameter, Picture
from phosphene.ui.controls import MEDIA, schema
from phosphene.ui.tab import Tab

ADDRESS = "https://ADDRESS"
"""Stands for the site's address, which `scripts/calling.js` writes in its place."""
SHOWN = 3
"""Settings that an example names beside what is needed."""
NAMES = ("Python", "JavaScript", "curl", "MCP, for agents", "In a page of yours")


def arguments(tab: Tab) -> tuple[dict[str, str], dict[str, Any]]:
    """What an example call gives: names of files by parameter, and a few settings.

    Files are those that the method needs, or that its first example has.
    """
    needed = {p.name for p in tab.parameters if p.required} | tab.starting_names
    files = {p.name: _file(p) for p in tab.parameters if p.name in needed and _is_file(p)}
    plain = [p for p in tab.parameters if not isinstance(p.knob, MEDIA)]
    first = tab.examples[0] if tab.examples else {}
    settings = {p.name: first[p.name] for p in plain if p.name in first}
    settings |= {p.name: _sample(p) for p in plain if p.required and p.name not in first}
    simple = [p for p in plain if not p.knob.advanced and not _empty(p.default)]
    more = [p for p in simple if p.name not in settings and not isinstance(p.knob, Flag)]
    return files, settings | {p.name: _listed(p.default) for p in more[:SHOWN]}


def examples(tab: Tab, changes: Mapping[str, Any] | None = None) -> dict[str, str]:
    """An example by each of `NAMES`; `changes` are settings to give in place of those shown."""
    files, settings = arguments(tab)
    name, settings = tab.method.__name__, settings | dict(changes or {})
    texts = (
        _python(name, files, settings),
        _javascript(name, files, settings),
        _curl(name, files, settings),
        json.dumps({"mcpServers": {"phosphene": {"url": f"{ADDRESS}/gradio_api/mcp/"}}}, indent=2)
        + f"\n\nThe tool is called {name}.",
        f'<iframe src="{ADDRESS}/" title="Phosphene" width="100%" height="900"></iframe>',
    )
    return dict(zip(NAMES, texts, strict=True))


def section(tabs: Sequence[Tab]) -> str:
    """The fold at the foot of a page, as HTML: its first method by example, the others by name."""
    if not tabs:
        return ""
    pieces = "".join(
        f'<h2>{escape(name)}</h2><pre tabindex="0">{escape(text)}</pre>'
        for name, text in examples(tabs[0]).items()
    )
    names = ", ".join(f"<code>/{escape(tab.method.__name__)}</code>" for tab in tabs)
    return (
        '<details class="ph-calling"><summary>Use it from a program, or in a page of yours'
        f"</summary>{pieces}<p>This page has {names}: what each takes stands under "
        "<em>Use via API</em> below. They stream previews; the last answer is the result, with its "
        "settings in the file. A private site wants a token or a login besides: "
        "<code>Client(address, token=…)</code>, <code>auth=(name, password)</code>.</p></details>"
    )


def _python(name: str, files: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    given = [f'{key}=handle_file("{file}")' for key, file in files.items()]
    given += [f"{key}={value!r}" for key, value in settings.items()]
    lines = "".join(f"    {line},\n" for line in [*given, f'api_name="/{name}"'])
    return (
        "# pip install gradio_client\n"
        "from gradio_client import Client, handle_file\n\n"
        f'client = Client("{ADDRESS}/")\n'
        f"picture, facts, panels, files = client.predict(\n{lines})\n"
        "print(picture, facts)\n"
    )


def _javascript(name: str, files: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    given = [f"{key}: handle_file(files.{key})" for key in files]
    given += [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
    lines = "".join(f"  {line},\n" for line in given)
    return (
        "// npm install @gradio/client; `files` are Blobs or addresses of pictures\n"
        'import { Client, handle_file } from "@gradio/client";\n\n'
        f'const app = await Client.connect("{ADDRESS}/");\n'
        f'const frames = app.submit("/{name}", {{\n{lines}}});\n'
        'for await (const frame of frames) if (frame.type === "data") console.log(frame.data);\n'
    )


def _curl(name: str, files: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    lines = [f"SITE={ADDRESS}/gradio_api"]
    for key, file in files.items():
        lines.append(f"""{_shell(key)}=$(curl -s -F "files=@{file}" $SITE/upload | tr -d '[]"')""")
    body = ", ".join(_pairs(files, settings))
    lines += [
        f"CALL=$(curl -s $SITE/call/v2/{name} -H 'Content-Type: application/json' -d @- <<END",
        f"{{{body}}}",
        "END",
        ")",
        'ID=$(echo "$CALL" | tr -d \'{}" \' | cut -d: -f2)',
        f"curl -sN $SITE/call/{name}/$ID  # previews, then the result, as they come",
    ]
    return "\n".join(lines) + "\n"


def _pairs(files: Mapping[str, str], settings: Mapping[str, Any]) -> Iterator[str]:
    for key in files:
        meta = '"meta": {"_type": "gradio.FileData"}'
        yield f'"{key}": {{"path": "${_shell(key)}", {meta}}}'
    for key, value in settings.items():
        text = json.dumps(value).replace("\\", "\\\\").replace("$", "\\$").replace("`", "\\`")
        yield f'"{key}": {text}'


def _shell(name: str) -> str:
    return name.upper()


def _is_file(parameter: Parameter) -> bool:
    return isinstance(parameter.knob, (Picture, File))


def _file(parameter: Parameter) -> str:
    if isinstance(parameter.knob, File):
        return f"{parameter.name}{next(iter(parameter.knob.suffixes), '')}"
    return f"{'photo' if parameter.name == 'image' else parameter.name}.jpg"


def _sample(parameter: Parameter) -> Any:
    kind = schema(parameter.knob)
    return next(iter(kind.get("enum", ())), kind.get("minimum", "…"))


def _empty(value: Any) -> bool:
    return value is None or value in ("", (), [])


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def shown(name: str, tab: Tab, address: str, changes: Mapping[str, Any] | None = None) -> str:
    """One example with the site's address in it."""
    return examples(tab, changes)[name].replace(ADDRESS, address.rstrip("/"))
