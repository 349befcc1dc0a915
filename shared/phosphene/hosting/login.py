"""Who may open the pages, if an operator asks for a name and a password."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from hmac import compare_digest

LOGIN = "PHOSPHENE_LOGIN"
"""`name:password`, or several by commas; unset, everybody may come in."""
PAUSE = 1.0
"""Seconds before a wrong password is answered: nobody tries a thousand."""


def accounts() -> dict[str, str]:
    """Passwords by name; ends the program with one sentence, which repeats none of them."""
    text = os.environ.get(LOGIN, "").strip()
    pairs = [part.strip().partition(":") for part in text.split(",")] if text else []
    if any(not name or not password for name, _, password in pairs):
        raise SystemExit(f"{LOGIN} is not of the form name:password,name:password; set it so")
    return {name: password for name, _, password in pairs}


def asked() -> Callable[[str, str], Awaitable[bool]] | None:
    """What Gradio asks about a name and a password; None where everybody may come in."""
    known = accounts()
    if not known:
        return None

    async def allowed(name: str, password: str) -> bool:
        right = known.get(name, "")
        if compare_digest(password.encode(), right.encode()) and right:
            return True
        await asyncio.sleep(PAUSE)
        return False

    return allowed


def described() -> str:
    """A line for `doctor`, without names and passwords."""
    count = len(accounts())
    told = f"{count} name{'s' * (count != 1)}" if count else "open to all"
    return f"{LOGIN:28} {told:24} name:password of those who may come in"
