"""The port that the environment asks for; imported before gradio, which reads it unchecked."""

from __future__ import annotations

import os


def read(variable: str) -> int | None:
    """A port from the environment, None if unset; ends the program with one sentence if wrong."""
    text = os.environ.get(variable)
    if text is None:
        return None
    if text.strip().isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise SystemExit(
        f"{variable} is {text!r}; choose a whole number from 1 to 65535, or leave it unset"
    )


def chosen() -> int | None:
    """PORT, else GRADIO_SERVER_PORT, else None."""
    return (read("PORT") if os.environ.get("PORT") else None) or read("GRADIO_SERVER_PORT")
