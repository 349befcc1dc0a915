"""A staged app brought onto the Hub: compare, list what differs, change that alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    RepoFile,
    SpaceHardware,
    constants,
)
from huggingface_hub.errors import RepositoryNotFoundError

from phosphene.errors import InputError, quoted, unknown
from phosphene.hosting import refusals
from phosphene.hosting.space import GALLERY

STAMP = "BUILD_INFO"
"""Names the commit, so it always differs; where nothing else does, nothing is uploaded."""
OF_THE_HUB = {".gitattributes"}
"""What the Hub itself puts into a Space."""
NAME = re.compile(r"[A-Za-z0-9_.-]{1,96}(/[A-Za-z0-9_.-]{1,96})?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Wish:
    """What a Space shall be: its name, and where given its hardware, privacy and variables."""

    space: str
    hardware: str | None = None
    private: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is to be done; `parent` is the commit that the Space was compared at."""

    wish: Wish
    new: bool = False
    parent: str | None = None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    hardware: str | None = None
    private: bool = False

    @property
    def files(self) -> bool:
        """Whether any file differs."""
        return bool(self.added or self.changed or self.removed)

    def __bool__(self) -> bool:
        return bool(self.new or self.files or self.variables or self.hardware or self.private)

    def lines(self) -> Iterator[str]:
        """A line for each change: + what comes, ~ what changes, - what goes, = what is set."""
        if self.new:
            yield f"+ the Space {self.wish.space}{', private' * self.private}"
        elif self.private:
            yield f"= {self.wish.space} private"
        yield from (f"+ {path}" for path in self.added)
        yield from (f"~ {path}" for path in self.changed)
        yield from (f"- {path}" for path in self.removed)
        yield from (f"= {name}={value}" for name, value in self.variables.items())
        if self.hardware:
            yield f"= hardware {self.hardware}"


def api(token: str | None = None) -> HfApi:
    """The Hub's own client, at HF_ENDPOINT and with HF_TOKEN where none is given."""
    return HfApi(endpoint=constants.ENDPOINT, token=token)


def link(space: str) -> str:
    """The Space's page."""
    return f"{constants.ENDPOINT}/spaces/{space}"


def wish(
    space: str,
    hardware: str | None = None,
    private: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Wish:
    """A checked wish; InputError names what the Hub would refuse."""
    if not NAME.fullmatch(space):
        raise InputError(f"SPACE is {quoted(space)}; name it as user/name")
    kinds = [kind.value for kind in SpaceHardware]
    if hardware and hardware not in kinds:
        raise unknown("hardware", hardware, kinds)
    for name in variables or {}:
        if not VARIABLE.fullmatch(name):
            raise InputError(f"{quoted(name)} is no name of a variable; write NAME=VALUE")
    return Wish(space, hardware or None, private, dict(variables or {}))


def space_of(app: str, owner: str) -> str:
    """The Space of an app where all are deployed: OWNER/phosphene-APP; the gallery's without."""
    return f"{owner}/phosphene" + ("" if app == GALLERY else f"-{app.replace('_', '-')}")


def signed_in(hub: HfApi, given: Wish) -> Wish:
    """The wish with its owner filled in; InputError where the token cannot write there."""
    if os.environ.get("HF_OIDC_RESOURCE"):  # a token for one repository, of nobody
        return given
    with refusals.told(given.space):
        me = hub.whoami()
    owner = given.space.partition("/")[0] if "/" in given.space else str(me["name"])
    full = given.space if "/" in given.space else f"{owner}/{given.space}"
    owners = [str(me["name"]), *(str(org["name"]) for org in me.get("orgs") or [])]
    if owner not in owners:
        raise InputError(
            f"this token is {me['name']}'s, who may not write to {owner}; "
            f"name a Space of {' or '.join(owners[:4])}, or set HF_TOKEN to another token"
        )
    role = ((me.get("auth") or {}).get("accessToken") or {}).get("role")
    if role == "read":
        raise InputError(
            f"this token of {me['name']} may only read; make one that may write at "
            f"{constants.ENDPOINT}/settings/tokens and set HF_TOKEN to it"
        )
    return Wish(full, given.hardware, given.private, given.variables)


def compared(hub: HfApi, folder: Path, given: Wish) -> Plan:
    """What differs between a staged folder and its Space, without changing anything."""
    here = {path: folder / path for path in local_files(folder)}
    with refusals.told(given.space):
        try:
            info = hub.space_info(given.space)
        except RepositoryNotFoundError:
            everything = tuple(sorted(here))
            return Plan(
                given,
                True,
                None,
                everything,
                variables=given.variables,
                hardware=given.hardware,
                private=given.private,
            )
        there = remote_files(hub, given.space, info.sha)
        variables = hub.get_space_variables(given.space) if given.variables else {}
        runtime = hub.get_space_runtime(given.space) if given.hardware else None
    values = {name: variable.value for name, variable in variables.items()}
    hardware = given.hardware
    if runtime and hardware == (runtime.requested_hardware or runtime.hardware):
        hardware = None
    changed = [path for path in here if path in there and not _same(here[path], there[path])]
    added, removed = set(here) - set(there), set(there) - set(here) - OF_THE_HUB
    if changed == [STAMP] and not added and not removed:
        changed = []
    return Plan(
        given,
        False,
        info.sha,
        tuple(sorted(added)),
        tuple(sorted(changed)),
        tuple(sorted(removed)),
        {name: value for name, value in given.variables.items() if values.get(name) != value},
        hardware,
        bool(given.private and not info.private),
    )


def carry_out(hub: HfApi, folder: Path, plan: Plan, message: str) -> str | None:
    """Make the Space what was planned, files last and in one commit; returns the commit, if any."""
    given, space = plan.wish, plan.wish.space
    with refusals.told(space):
        if plan.new:
            _create(hub, given)
        elif plan.private:  # before anything is uploaded that nobody shall see
            hub.update_repo_settings(space, private=True, repo_type="space")
        if not plan.new:
            for name, value in plan.variables.items():
                hub.add_space_variable(space, name, value)
            if plan.hardware:
                hub.request_space_hardware(space, SpaceHardware(plan.hardware))
        if not plan.files:
            return plan.parent
        paths = [*plan.added, *plan.changed]
        operations: list[Any] = [CommitOperationAdd(path, str(folder / path)) for path in paths]
        operations += [CommitOperationDelete(path) for path in plan.removed]
        commit = hub.create_commit(
            space,
            operations,
            commit_message=message,
            repo_type="space",
            parent_commit=plan.parent,
        )
    return str(commit.oid)


def _create(hub: HfApi, given: Wish) -> None:
    variables = [{"key": name, "value": value} for name, value in given.variables.items()]
    hub.create_repo(
        given.space,
        repo_type="space",
        space_sdk="gradio",
        private=given.private,
        space_hardware=SpaceHardware(given.hardware) if given.hardware else None,
        space_variables=variables or None,
    )


def local_files(folder: Path) -> list[str]:
    """The paths in a staged folder, with slashes, without what running it leaves behind."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = (p for p in found if not any(n.startswith(".") or n == "__pycache__" for n in p.parts))
    return sorted(path.as_posix() for path in kept)


def remote_files(hub: HfApi, space: str, revision: str | None) -> dict[str, str]:
    """Path -> what the Hub knows its content by: git's SHA-1, or SHA-256 where it is large."""
    rows = hub.list_repo_tree(space, recursive=True, revision=revision, repo_type="space")
    files = [row for row in rows if isinstance(row, RepoFile)]
    return {row.path: row.lfs.sha256 if row.lfs else row.blob_id for row in files}


def _same(path: Path, known: str) -> bool:
    data = path.read_bytes()
    if len(known) == 64:
        return hashlib.sha256(data).hexdigest() == known
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() == known
