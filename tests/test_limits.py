"""An operator's limits: read from the environment, listed, and said in one sentence."""

from __future__ import annotations

import pytest

from phosphene import limits
from phosphene.__main__ import main
from phosphene.errors import InputError, WeightsError
from phosphene.networks import weights


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in [limit.variable for limit in limits.LIMITS] + [limits.HUB]:
        monkeypatch.delenv(name, raising=False)


def test_doctor_lists_every_limit_with_what_it_is_now(monkeypatch, capsys):
    monkeypatch.setenv("PHOSPHENE_WORK", "12.5")
    monkeypatch.setenv("PHOSPHENE_HUB", "timm/resnet*")
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.startswith(f"{x.variable} ") for line in lines) for x in limits.LIMITS)
    assert any("PHOSPHENE_WORK" in line and "12.5 megapixel steps" in line for line in lines)
    assert any("PHOSPHENE_STEPS" in line and "no limit" in line for line in lines)
    assert any("PHOSPHENE_HUB " in line and "timm/resnet*" in line for line in lines)


@pytest.mark.parametrize("text", ["many", "-1", "nan", "inf", "１２x"])
def test_a_variable_that_is_no_number_ends_the_program_with_one_sentence(monkeypatch, text):
    monkeypatch.setenv("PHOSPHENE_STEPS", text)
    with pytest.raises(InputError, match=r"PHOSPHENE_STEPS is .*; set a number, 0 for no limit"):
        limits.STEPS.read()
    with pytest.raises(SystemExit, match="or leave it unset"):
        limits.check()


def test_what_cannot_be_endless_takes_no_zero(monkeypatch):
    monkeypatch.setenv("PHOSPHENE_BUDGET", "0")
    with pytest.raises(InputError, match="set a number, more than 0"):
        limits.SECONDS.read()


@pytest.mark.parametrize(
    ("allowed", "name", "message"),
    [
        ("none", "timm/resnet18.a1_in1k", "may not be loaded from the Hub here; choose one of the"),
        ("timm/vit*, timm/mob*", "timm/resnet18.a1_in1k", "choose one of timm/vit*, timm/mob*"),
        ("timm/vit*", "timm/vit_tiny", ""),
        ("*", "timm/resnet18.a1_in1k", ""),
        ("", "timm/resnet18.a1_in1k", ""),
    ],
)
def test_names_of_the_hub_are_those_that_the_operator_lets_in(monkeypatch, allowed, name, message):
    monkeypatch.setenv("PHOSPHENE_HUB", allowed)
    if not message:
        return limits.check_hub(name)
    with pytest.raises(WeightsError) as error:
        limits.check_hub(name)
    assert message in str(error.value)


def test_a_name_that_is_not_let_in_is_neither_asked_for_nor_read_from_the_cache(hub, monkeypatch):
    hub.push("timm/tiny", {"model.safetensors": b"x" * 3000})
    weights.fetch("timm/tiny")
    asked = len(hub.requests)
    monkeypatch.setenv("PHOSPHENE_HUB", "none")
    for name in ("timm/tiny", "timm/other"):
        with pytest.raises(WeightsError, match="may not be loaded from the Hub here"):
            weights.fetch(name)
    assert len(hub.requests) == asked
    assert weights.fetch("efficientnet_lite0").kind == "embedded"


def test_a_network_that_is_too_large_is_told_by_its_size_and_not_downloaded(hub, monkeypatch):
    hub.push("timm/tiny", {"model.safetensors": b"x" * 3_000_000})
    monkeypatch.setenv("PHOSPHENE_HUB_SIZE", "2")
    with pytest.raises(WeightsError, match="has 3 MB, at most 2 are loaded here; choose a smaller"):
        weights.fetch("timm/tiny")
    assert hub.paths("GET") == []
