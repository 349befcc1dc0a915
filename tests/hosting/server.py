"""The Hub's routes for Spaces: create, list, upload, delete, variables, hardware, runtime.

`Spaces` extends the small Hub of tests/networks with what `huggingface_hub` asks when a Space is
written to. Accounts are {token: (name, organizations, role)}; `stages` is what a Space's runtime
goes through after a commit; `large` is from how many bytes on a file goes to LFS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.networks import server
from tests.networks.server import REFUSED, Hub

SPACE = r"(?P<space>[^/]+/[^/]+)"
ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate"),
    ("GET", rf"/api/spaces/{SPACE}(/revision/[^/]+)?", "space"),
    ("GET", rf"/api/spaces/{SPACE}/tree/(?P<revision>[^/]+)", "listing"),
    ("POST", rf"/api/spaces/{SPACE}/preupload/main", "preupload"),
    ("POST", rf"/spaces/{SPACE}.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", "store"),
    ("POST", rf"/api/spaces/{SPACE}/commit/main", "commit"),
    ("GET", rf"/api/spaces/{SPACE}/variables", "variables"),
    ("POST", rf"/api/spaces/{SPACE}/variables", "set_variable"),
    ("DELETE", rf"/api/spaces/{SPACE}/variables", "unset_variable"),
    ("GET", rf"/api/spaces/{SPACE}/secrets", "secrets"),
    ("POST", rf"/api/spaces/{SPACE}/secrets", "set_secret"),
    ("GET", rf"/api/spaces/{SPACE}/runtime", "runtime"),
    ("POST", rf"/api/spaces/{SPACE}/hardware", "set_hardware"),
    ("POST", rf"/api/spaces/{SPACE}/restart", "restart"),
    ("PUT", rf"/api/spaces/{SPACE}/settings", "settings"),
    ("(GET|HEAD)", rf"/spaces/{SPACE}/resolve/(?P<revision>[^/]+)/(?P<file>.+)", "file"),
)


@dataclass
class Space:
    """A Space's files and settings; `log` names the commits with what each changed."""

    files: dict[str, bytes] = field(default_factory=lambda: {".gitattributes": b"*.jpg filter=lfs"})
    private: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    hardware: str = "cpu-basic"
    commit: str = "0" * 40
    stages: list[str] = field(default_factory=lambda: ["RUNNING"])
    log: list[tuple[str, list[str]]] = field(default_factory=list)
    host: str = ""


@dataclass
class Spaces(Hub):
    """A Hub with Spaces and accounts."""

    spaces: dict[str, Space] = field(default_factory=dict)
    accounts: dict[str, tuple[str, list[str], str]] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: ["BUILDING", "APP_STARTING", "RUNNING"])
    error: str = ""
    large: int = 8_000
    host: str = ""
    faults: dict[str, int] = field(default_factory=dict)

    def wrote(self) -> list[str]:
        """What was asked for that changes something, without reads and checks."""
        reads = ("preupload", "validate-yaml", "objects/batch")
        writes = [(v, p) for v, p, _ in self.requests if v in ("POST", "PUT", "DELETE")]
        return [f"{v} {p}" for v, p in writes if not any(word in p for word in reads)]


class Handler(server.Handler):
    """Requests about Spaces; all others are those of the models."""

    hub: Spaces

    def answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.sent = self.chunks()
        else:
            self.sent = self.rfile.read(length) if length else b""
        for verb, pattern, name in ROUTES:
            match = re.fullmatch(pattern, path)
            if re.fullmatch(verb, self.command) and match:
                self.hub.requests.append((self.command, path, dict(self.headers)))
                status = self.fault(name)
                if status:
                    return self.refuse(status)
                return getattr(self, f"on_{name}")(**match.groupdict())
        return super().answer(body)

    def chunks(self) -> bytes:
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def fault(self, name: str) -> int:
        """What to refuse this request with: a fault of the whole Hub, or of one route."""
        if self.hub.fault in REFUSED:
            return REFUSED[self.hub.fault]
        return self.hub.faults.get(name, 0)

    @property
    def account(self) -> tuple[str, list[str], str] | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return self.hub.accounts.get(token)

    def writable(self, space: str) -> bool:
        """Whether the token may write there; answers 401 or 403 where not."""
        if not self.account:
            self.refuse(401)
            return False
        name, organizations, role = self.account
        if role == "read" or space.partition("/")[0] not in (name, *organizations):
            self.refuse(403)
            return False
        return True

    def seen(self, space: str) -> Space | None:
        """The Space; answers 404 where there is none that this token may see."""
        found = self.hub.spaces.get(space)
        owner = space.partition("/")[0]
        if found and (not found.private or (self.account and owner in self.owners)):
            return found
        self.refuse(404, "RepoNotFound")
        return None

    @property
    def owners(self) -> list[str]:
        return [self.account[0], *self.account[1]] if self.account else []

    def reply(self, value: object) -> None:
        self.json(value, True)

    def on_whoami(self) -> None:
        if not self.account:
            return self.refuse(401)
        name, organizations, role = self.account
        orgs = [{"name": org, "type": "org"} for org in organizations]
        auth = {"type": "access_token", "accessToken": {"role": role, "displayName": "t"}}
        return self.reply({"type": "user", "name": name, "orgs": orgs, "auth": auth})

    def on_create(self) -> None:
        asked = json.loads(self.sent)
        owner = asked.get("organization") or (self.account[0] if self.account else "")
        space = f"{owner}/{asked['name']}"
        if not self.writable(space):
            return None
        if space in self.hub.spaces:
            return self.refuse(409)
        assert asked["type"] == "space"
        assert asked["sdk"] == "gradio"
        self.hub.spaces[space] = Space(
            private=asked.get("visibility", "public") == "private" or bool(asked.get("private")),
            variables={v["key"]: v["value"] for v in asked.get("variables") or []},
            hardware=asked.get("hardware") or "cpu-basic",
            host=self.hub.host,
        )
        return self.reply({"url": f"{self.hub.url}/spaces/{space}", "name": space})

    def on_validate(self) -> None:
        self.reply({"errors": [], "warnings": []})

    def on_space(self, space: str) -> None:
        if found := self.seen(space):
            siblings = [{"rfilename": name} for name in found.files]
            self.reply(
                {
                    "_id": "1",
                    "id": space,
                    "sha": found.commit,
                    "private": found.private,
                    "siblings": siblings,
                    "host": found.host,
                    "tags": [],
                    "likes": 0,
                }
            )

    def on_listing(self, space: str, revision: str) -> None:
        if found := self.seen(space):
            self.reply([self.row(name, data) for name, data in found.files.items()])

    def row(self, name: str, data: bytes) -> dict[str, Any]:
        row = {"type": "file", "path": name, "size": len(data), "oid": blob(data)}
        if len(data) >= self.hub.large:
            sha = hashlib.sha256(data).hexdigest()
            row |= {"oid": blob(sha.encode()), "lfs": {"oid": sha, "size": len(data)}}
            row["lfs"]["pointerSize"] = 130
        return row

    def on_preupload(self, space: str) -> None:
        if not self.writable(space) or not (found := self.seen(space)):
            return
        files = []
        for item in json.loads(self.sent)["files"]:
            large = item["size"] >= self.hub.large
            known = found.files.get(item["path"])
            oid = self.row("", known)["oid"] if known is not None else None
            mode = "lfs" if large else "regular"
            files.append(
                {"path": item["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            )
        self.reply({"files": files, "commitOid": found.commit})

    def on_batch(self, space: str) -> None:
        if not self.writable(space):
            return
        objects = []
        for item in json.loads(self.sent)["objects"]:
            actions = {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}", "header": {}}}
            objects.append({**item, "authenticated": True, "actions": actions})
        self.reply({"transfer": "basic", "objects": objects})

    def on_store(self, oid: str) -> None:
        assert hashlib.sha256(self.sent).hexdigest() == oid
        self.hub.stored[oid] = self.sent
        self.send(200, b"", {}, True)

    def on_commit(self, space: str) -> None:
        if not self.writable(space) or not (found := self.seen(space)):
            return
        lines = [json.loads(line) for line in self.sent.decode().splitlines() if line]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, found.commit):
            return self.refuse(412)
        changed = []
        for line in lines[1:]:
            value, path = line["value"], line["value"]["path"]
            changed.append(f"{line['key']} {path}")
            if line["key"] == "file":
                found.files[path] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                found.files[path] = self.hub.stored[value["oid"]]
            else:
                assert line["key"] == "deletedFile"
                del found.files[path]
        found.commit = hashlib.sha1(f"{found.commit}{changed}".encode()).hexdigest()
        found.stages = list(self.hub.stages)
        found.log.append((header["summary"], changed))
        url = f"{self.hub.url}/spaces/{space}/commit/{found.commit}"
        return self.reply({"success": True, "commitOid": found.commit, "commitUrl": url})

    def on_variables(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            self.reply({name: {"value": value} for name, value in found.variables.items()})

    def on_set_variable(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            asked = json.loads(self.sent)
            found.variables[asked["key"]] = asked["value"]
            self.on_variables(space)

    def on_unset_variable(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            found.variables.pop(json.loads(self.sent)["key"], None)
            self.on_variables(space)

    def on_secrets(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            self.reply({name: {} for name in found.secrets})

    def on_set_secret(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            asked = json.loads(self.sent)
            found.secrets[asked["key"]] = asked["value"]
            self.reply({})

    def on_runtime(self, space: str) -> None:
        if found := self.seen(space):
            stage = found.stages.pop(0) if len(found.stages) > 1 else found.stages[0]
            hardware = {"current": found.hardware, "requested": found.hardware}
            told = {"stage": stage, "hardware": hardware, "sha": found.commit}
            self.reply(told | ({"errorMessage": self.hub.error} if self.hub.error else {}))

    def on_set_hardware(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            found.hardware = json.loads(self.sent)["flavor"]
            self.on_runtime(space)

    def on_restart(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            found.stages = ["APP_STARTING", "RUNNING"]
            self.on_runtime(space)

    def on_settings(self, space: str) -> None:
        if self.writable(space) and (found := self.seen(space)):
            asked = json.loads(self.sent)
            found.private = bool(asked.get("private")) or asked.get("visibility") == "private"
            self.reply({"private": found.private})

    def on_file(self, space: str, revision: str, file: str) -> None:
        found = self.seen(space)
        if not found:
            return None
        if file not in found.files:
            return self.refuse(404, "EntryNotFound")
        data = found.files[file]
        headers = {"X-Repo-Commit": found.commit, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        return self.send(200, data, headers, self.command == "GET")


for _verb in ("POST", "PUT", "DELETE"):
    setattr(Handler, f"do_{_verb}", Handler.do_GET)


def blob(data: bytes) -> str:
    """Git's name of a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def serve(hub: Spaces) -> ThreadingHTTPServer:
    """Start on a free port of the loopback; shut it down when done."""
    return server.serve(hub, Handler)
