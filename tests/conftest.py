"""Fixtures of many tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from huggingface_hub import constants
from PIL import Image

from tests.hosting.server import Spaces
from tests.hosting.server import serve as serve_spaces
from tests.networks.server import Hub, serve

AnyHub = TypeVar("AnyHub", bound=Hub)


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[Hub]:
    """An empty local Hub that the real client talks to, with an empty cache and lock."""
    yield from serving(Hub(), serve, monkeypatch, tmp_path)


@pytest.fixture
def spaces(monkeypatch, tmp_path) -> Iterator[Spaces]:
    """The same with Spaces, and an account `ada` whose token the client has."""
    hub = Spaces(accounts={"hf_ada": ("ada", ["lab"], "write")})
    monkeypatch.setenv("HF_TOKEN", "hf_ada")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.delenv("HF_OIDC_RESOURCE", raising=False)
    yield from serving(hub, serve_spaces, monkeypatch, tmp_path)


def serving(hub: AnyHub, start: Any, monkeypatch: Any, tmp_path: Path) -> Iterator[AnyHub]:
    server = start(hub)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    path = template[template.index("/{repo_id}") :]
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("PHOSPHENE_LOCK", str(tmp_path / "lock.json"))
    monkeypatch.delenv("PHOSPHENE_WEIGHTS", raising=False)
    yield hub
    hub.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "ramp.png"
    Image.linear_gradient("L").convert("RGB").resize((120, 80)).save(path)
    return path
