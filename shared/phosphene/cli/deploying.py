"""deploy: an app, or all of them, onto Hugging Face Spaces."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from huggingface_hub import HfApi
from huggingface_hub.utils.tqdm import disable_progress_bars

from phosphene.errors import InputError, PhospheneError, quoted
from phosphene.hosting import answers
from phosphene.hosting import deploy as spaces
from phosphene.hosting.space import find_app, find_apps, revision, stage


def add_deploy(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command `deploy`; `add` makes one by its name and description."""
    command = add("deploy", "Bring an app onto Hugging Face Spaces: only what changed is uploaded.")
    command.set_defaults(function=deploy)
    command.add_argument("app", help="a folder of apps/, or with --all the owner of all Spaces")
    command.add_argument("space", nargs="?", default="", help="user/name")
    command.add_argument("--all", action="store_true", help="every app, as OWNER/phosphene-APP")
    command.add_argument("--hardware", help="such as zero-a10g, cpu-upgrade or t4-small")
    command.add_argument("--private", action="store_true", help="visible to its owner alone")
    command.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="variables of the Space, such as PHOSPHENE_BUDGET=120",
    )
    command.add_argument("--dry-run", action="store_true", help="list the changes, make none")
    command.add_argument("--no-wait", action="store_true", help="do not wait until it runs")


def deploy(args: argparse.Namespace) -> int:
    """One app or all; with several, what fails is listed and stops nothing."""
    pairs = _pairs(args)
    variables = dict(map(_assignment, args.set))
    disable_progress_bars()
    hub = spaces.api()
    failures = []
    for app, space in pairs:
        try:
            wish = spaces.wish(space, args.hardware, args.private, variables)
            _one(hub, app, wish, args)
        except PhospheneError as error:
            if len(pairs) == 1:
                raise
            failures.append(f"{app}: {error}")
    for failure in failures:
        print(f"phosphene: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _pairs(args: argparse.Namespace) -> list[tuple[str, str]]:
    """(app, Space) for each to deploy."""
    if args.all:
        if args.space or "/" in args.app:
            raise InputError("--all takes the owner of the Spaces alone, as in: deploy --all user")
        return [(app, spaces.space_of(app, args.app)) for app in find_apps()]
    if not args.space:
        raise InputError(f"which Space? As in: deploy {args.app} user/name")
    find_app(args.app)
    return [(args.app, args.space)]


def _assignment(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        raise InputError(f"{quoted(text)} sets nothing; write NAME=VALUE")
    return name, value


def _one(hub: HfApi, app: str, wish: spaces.Wish, args: argparse.Namespace) -> None:
    wish = spaces.signed_in(hub, wish)
    folder = stage(app)
    plan = spaces.compared(hub, folder, wish)
    where = spaces.link(wish.space)
    for line in plan.lines():
        print(line)
    if args.dry_run:
        print(f"{app}: {'nothing was changed' if plan else 'nothing to change'} at {where}")
        return
    commit = plan.parent
    if plan:
        commit = spaces.carry_out(hub, folder, plan, f"{app} at {revision()}")
    print(f"{app} is {'at' if plan else 'unchanged at'} {where}", flush=True)
    if not args.no_wait:
        answers.wait(hub, wish.space, commit)
        print(f"{app}: {answers.call(hub, wish.space, folder)}")
