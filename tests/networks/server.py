"""A small Hub: the routes that huggingface_hub really calls, over files held in memory.

Faults are switched on by name: `hub.fault = "cut"` breaks the next downloads midway.
With `hub.storage` large files are redirected to a storage host, as the Hub does; with `hub.token`
only that token is let in.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

RESOLVE = re.compile(r"^/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)$")
INFO = re.compile(r"^/api/models/(?P<repo>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?$")
TREE = re.compile(r"^/api/models/(?P<repo>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)$")
REFUSED = {str(code): code for code in (401, 403, 404, 409, 413, 429, 500, 502, 503)}


@dataclass
class Hub:
    """Repositories as {repo: {commit: {file: bytes}}}; `branches` say where main stands."""

    repos: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    storage: bool = False
    token: str = ""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def push(self, repo: str, files: dict[str, bytes]) -> str:
        """A new commit on main; its 40 hexadecimal digits."""
        seed = f"{repo}{len(self.repos.get(repo, {}))}{sorted(files)}".encode()
        commit = hashlib.sha1(seed).hexdigest()
        self.repos.setdefault(repo, {})[commit] = files
        self.branches[repo] = commit
        return commit

    def paths(self, method: str) -> list[str]:
        """What was asked for, by method."""
        return [path for verb, path, _ in self.requests if verb == method]


class Handler(BaseHTTPRequestHandler):
    """One request; the Hub it serves is the server's."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, dict(self.headers)))
        if self.hub.fault == "hang":
            self.hub.released.wait(30)
        if self.hub.fault in REFUSED:
            return self.refuse(REFUSED[self.hub.fault])
        if self.hub.fault == "gated":
            return self.refuse(403, "GatedRepo")
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            return self.refuse(401)
        for pattern, reply in ((RESOLVE, self.resolve), (TREE, self.tree), (INFO, self.info)):
            if match := pattern.match(path):
                return reply(match.groupdict(), body)
        return self.refuse(404)

    def files(self, repo: str, revision: str | None) -> tuple[str, dict[str, bytes]] | None:
        commit = self.hub.branches.get(repo) if revision in (None, "main") else revision
        found = self.hub.repos.get(repo, {}).get(str(commit))
        return (str(commit), found) if found is not None else None

    @property
    def storage(self) -> str:
        """The same server under another host's name."""
        return f"localhost:{self.hub.url.rpartition(':')[2]}"

    def resolve(self, named: dict[str, str], body: bool) -> None:
        if named["repo"] not in self.hub.repos:
            return self.refuse(404, "RepoNotFound")
        found = self.files(named["repo"], named["revision"])
        if not found:
            return self.refuse(404, "RevisionNotFound")
        if body and self.hub.fault == "gone":  # it was there a moment ago
            return self.refuse(404, "RepoNotFound")
        commit, files = found
        if named["file"] not in files:
            return self.refuse(404, "EntryNotFound")
        data = files[named["file"]]
        headers = {
            "X-Repo-Commit": commit,
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        if self.hub.storage and self.headers.get("Host") != self.storage:
            headers |= {"X-Linked-Etag": headers["ETag"], "X-Linked-Size": str(len(data))}
            headers |= {
                "ETag": '"of the redirect"',
                "Location": f"http://{self.storage}{self.path}",
            }
            return self.send(302, b"", headers, body)
        first = 0
        if body and (wanted := self.headers.get("Range")):
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        if self.hub.fault == "corrupt":
            data = bytes(len(data) - 8) + b"rotten!!"
        self.send(206 if first else 200, data[first:], headers, body)

    def info(self, named: dict[str, str], body: bool) -> None:
        found = self.files(named["repo"], named["revision"])
        if not found:
            return self.refuse(404, "RepoNotFound")
        siblings = [{"rfilename": name} for name in found[1]]
        self.json({"id": named["repo"], "sha": found[0], "siblings": siblings}, body)

    def tree(self, named: dict[str, str], body: bool) -> None:
        found = self.files(named["repo"], named["revision"])
        if not found:
            return self.refuse(404, "RepoNotFound")
        rows = [
            {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for name, data in found[1].items()
        ]
        self.json(rows, body)

    def json(self, value: object, body: bool) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body)

    def refuse(self, status: int, code: str = "") -> None:
        self.send(status, b"", {"X-Error-Code": code} if code else {}, body=False)

    def send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.hub.fault in ("cut", "cut once") and len(data) > 64:
            self.hub.fault = self.hub.fault.removesuffix("cut once")
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
        elif body and self.hub.fault == "slow":
            for start in range(0, len(data), 512):
                self.wfile.write(data[start : start + 512])
                self.wfile.flush()
                time.sleep(0.02)
        elif body:
            self.wfile.write(data)


def serve(hub: Hub, kind: type[Handler] = Handler) -> ThreadingHTTPServer:
    """Start on a free port of the loopback; `hub.url` is where. Shut it down when done."""
    handler = type("Handler", (kind,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # broken pipes are wanted
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
