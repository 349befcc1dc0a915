"""The port that is asked for; imported before gradio, which reads its own variable unchecked."""

from __future__ import annotations

import os
import re
import socket

from phosphene.errors import InputError, quoted


def number(name: str, text: str) -> int:
    """A port from its digits; InputError where there is no such port."""
    if re.fullmatch("[0-9]{1,5}", text.strip()) and 1 <= int(text) <= 65535:
        return int(text)
    raise InputError(f"{name} is {quoted(text)}; choose a whole number from 1 to 65535")


def check_free(port: int) -> None:
    """InputError where the port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "cannot be used"
            raise InputError(f"port {port}: {reason}; choose another") from None


def read(variable: str) -> int | None:
    """A port from the environment, None if unset; ends the program with one sentence if wrong."""
    text = os.environ.get(variable)
    if text is None:
        return None
    try:
        return number(variable, text)
    except InputError as error:
        raise SystemExit(f"{error}, or leave it unset") from None


def chosen() -> int | None:
    """PORT, else GRADIO_SERVER_PORT, else None."""
    return (read("PORT") if os.environ.get("PORT") else None) or read("GRADIO_SERVER_PORT")
