"""A port is read from its digits, and tried before anything starts."""

from __future__ import annotations

import socket

import pytest

from phosphene import InputError
from phosphene.hosting import port


@pytest.mark.parametrize(("text", "number"), [("1", 1), (" 7860 ", 7860), ("65535", 65535)])
def test_a_port_is_its_digits(text, number):
    assert port.number("port", text) == number


@pytest.mark.parametrize("text", ["0", "65536", "1e3", "-1", "７８６０", "", "9" * 500])
def test_what_is_no_port_is_named_with_the_range(text):
    with pytest.raises(InputError, match="choose a whole number from 1 to 65535") as error:
        port.number("PORT", text)
    assert len(str(error.value)) < 130


def test_the_environment_says_which_and_a_wrong_one_ends_the_program(monkeypatch):
    for variable in ("PORT", "GRADIO_SERVER_PORT"):
        monkeypatch.delenv(variable, raising=False)
    assert port.chosen() is None
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7001")
    assert port.chosen() == 7001
    monkeypatch.setenv("PORT", "7002")
    assert port.chosen() == 7002
    monkeypatch.setenv("PORT", "seventy")
    with pytest.raises(SystemExit, match=r"PORT is 'seventy'; choose .*, or leave it unset"):
        port.chosen()


def test_a_port_in_use_is_told_from_a_free_one():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        number = busy.getsockname()[1]
        with pytest.raises(InputError, match=f"port {number}: address already in use"):
            port.check_free(number)
    port.check_free(number)
