"""Who is asking: the address a request came from, or the browser's session."""

from __future__ import annotations

import ipaddress
import os
from contextlib import suppress
from typing import Any

from gradio.context import LocalContext


def visitor() -> str:
    """Whose event this is: requests of one address are one visitor's, whatever they claim.

    From this machine itself, where all come through a proxy or by hand, the session tells.
    """
    request: Any = LocalContext.request.get(None)
    if request is None:
        return "here"
    with suppress(Exception):  # a request made by hand need not have all that one has
        host = address(request.client.host if request.client else "", dict(request.headers))
        if host:
            return host
    return str(getattr(request, "session_hash", None) or "here")


def address(host: str, headers: Any) -> str:
    """The visitor's address, empty where it says nothing.

    Behind a Space's proxy it is the last that the proxy wrote: those before are the visitor's word.
    """
    if os.environ.get("SPACE_ID") or os.environ.get("PHOSPHENE_PROXY") == "1":
        host = str(headers.get("x-forwarded-for", "")).split(",")[-1].strip() or host
    with suppress(ValueError):
        if not ipaddress.ip_address(host).is_loopback:
            return host
    return ""
