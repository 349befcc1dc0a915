"""A method's knobs as options of its command: names, ranges, choices and defaults in --help."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from phosphene.knobs import Flag, Parameter, Pictures, parameters
from phosphene.methods import DEVICE, meaning

_KNOB = "knob:"
"""Before a parameter's name in the namespace, where options of our own have theirs."""


def add_options(
    command: argparse.ArgumentParser, method: Callable[..., Any], source: str = ""
) -> None:
    """The first parameter without a name where it may stand so, every other one as --name.

    `source` says what stands in place of the first, where that is more than one picture.
    """
    experts = command.add_argument_group("for experts")
    for parameter in parameters(method):
        group = experts if parameter.knob.advanced else command
        if parameter.name == first(method) and source:
            command.add_argument(_KNOB + parameter.name, metavar="FOLDER", help=_escaped(source))
        elif parameter.name == first(method):
            _add_positional(command, parameter)
        elif isinstance(parameter.knob, Flag):
            _add_flag(group, parameter)
        else:
            several = {"nargs": "+"} if isinstance(parameter.knob, Pictures) else {}
            group.add_argument(
                _option(parameter.name),
                dest=_KNOB + parameter.name,
                metavar=_metavar(parameter),
                required=parameter.required,
                default=argparse.SUPPRESS,
                help=_escaped(meaning(parameter)),
                **several,
            )
    command.add_argument("--device", help=_escaped(DEVICE))


def first(method: Callable[..., Any]) -> str | None:
    """The parameter that a command takes without its name: the picture, mostly."""
    name, declared = next(iter(inspect.signature(method).parameters.items()))
    return name if declared.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD else None


def adopt_first(
    args: argparse.Namespace, words: list[str], method: Callable[..., Any]
) -> list[str]:
    """Take in a first parameter that may be left out and stands after options; what is left.

    argparse has given it up by then (bugs.python.org/issue15112).
    """
    name = first(method)
    if name is None or len(words) != 1 or words[0].startswith("-") or _KNOB + name in args:
        return words
    setattr(args, _KNOB + name, words[0])
    return []


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments that were written, as text; not yet checked."""
    values: Mapping[str, Any] = vars(args)
    written = {
        name.removeprefix(_KNOB): value for name, value in values.items() if name.startswith(_KNOB)
    }
    return written | ({"device": args.device} if args.device else {})


def _add_positional(command: argparse.ArgumentParser, parameter: Parameter) -> None:
    optional: Any = {} if parameter.required else {"nargs": "?", "default": argparse.SUPPRESS}
    command.add_argument(
        _KNOB + parameter.name,
        metavar=parameter.name,
        help=_escaped(meaning(parameter)),
        **optional,
    )


def _add_flag(group: argparse._ActionsContainer, parameter: Parameter) -> None:
    for name, value in ((_option(parameter.name), True), (_option(f"no_{parameter.name}"), False)):
        group.add_argument(
            name,
            dest=_KNOB + parameter.name,
            action="store_const",
            const=value,
            default=argparse.SUPPRESS,
            help=_escaped(meaning(parameter)) if value else "the opposite",
        )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _metavar(parameter: Parameter) -> str:
    name = type(parameter.knob).__name__.removesuffix("Choice")
    return {"Range": "NUMBER", "": "NAME"}.get(name, name.upper())


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
