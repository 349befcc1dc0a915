"""python -m phosphene run, batch, stage, deploy, weights, doctor, docs, repeat, or a method."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import textwrap
from collections.abc import Callable, Sequence
from importlib import metadata, util
from typing import NoReturn

from phosphene import limits
from phosphene.cli.batch import add_batch
from phosphene.cli.commands import add_commands, adopt
from phosphene.cli.deploying import add_deploy
from phosphene.cli.painting import add_paint
from phosphene.errors import InputError, PhospheneError, WeightsError
from phosphene.hosting import login

# What doctor looks for, and what it is good for where it may be missing.
PACKAGES = {
    "torch": "",
    "torchvision": "",
    "timm": "",
    "huggingface_hub": "",
    "safetensors": "",
    "numpy": "",
    "pillow": "",
    "tqdm": "",
    "onnx": "",
    "gradio": "needed for the pages: pip install 'phosphene[ui]'",
    "av": "needed for MP4 films: pip install 'phosphene[ui]'",
    "diffusers": "needed for autoencoders of the Hub and to train",
    "spaces": "needed on ZeroGPU only",
    "ray": "needed for WORKERS, RAY_ADDRESS and batch --workers: pip install 'phosphene[ray]'",
    "pyarrow": "needed by batch for parquet files, and with --workers",
}


def run(args: argparse.Namespace) -> NoReturn:
    """Start one app, exactly as `python apps/NAME/app.py` would."""
    from phosphene.hosting import cluster, port
    from phosphene.hosting.space import find_app

    app = find_app(args.app) / "app.py"
    if util.find_spec("gradio") is None:
        raise InputError("the pages need Gradio; install it with: pip install 'phosphene[ui]'")
    environment = dict(os.environ)
    if args.port is not None:
        chosen = port.number("port", args.port)
        port.check_free(chosen)
        environment["PORT"] = str(chosen)
    if args.share:
        environment["SHARE"] = "1"
    if args.workers:
        environment["WORKERS"] = args.workers
    cluster.wish(environment.get("WORKERS"), environment.get("RAY_ADDRESS"))
    print(f"Starting {args.app} on {sys.executable}", flush=True)
    os.execve(sys.executable, [sys.executable, str(app)], environment)


def stage(args: argparse.Namespace) -> None:
    """Pack an app as a folder that runs alone as a Space."""
    from phosphene.hosting.space import space_line
    from phosphene.hosting.space import stage as pack

    if args.trial:
        from phosphene.hosting.trial import trial

        print(f"{args.app}: {trial(args.app)}")
        return
    out = pack(args.app)
    if args.build_line:
        print("\n".join([f"-r {out / 'requirements.txt'}", *space_line()]))
    else:
        print(f"{args.app} is packed in {out}; try it with: cd {out} && python app.py")


def weights(args: argparse.Namespace) -> None:
    """List every weights file: size, license, place, state; or fetch or lock them."""
    from phosphene import device
    from phosphene.networks import weights as registry

    missing = []
    if args.fetch is not None:
        kind = device.pick().type
        for name in args.fetch or _used():
            try:
                print(registry.fetch(name, device_type=kind).badge)
            except WeightsError as error:
                missing.append(str(error))
    if args.lock:
        registry.lock()
    if args.fetch is None:
        _print_weights()
    if missing:
        raise WeightsError("; ".join(missing))


def _used() -> list[str]:
    """The weights that the apps' front matter names, and those that no Hub repository has."""
    from phosphene.hosting.space import find_apps, read_card
    from phosphene.networks.weights import REGISTRY

    cards = [read_card(folder) for folder in find_apps().values()]
    models = {model for card in cards for model in card.get("models", [])}
    rows = [row for row in REGISTRY.values() if row.repo is None or row.repo in models]
    others = models - {row.repo for row in rows}
    return [row.name for row in rows] + sorted(m for m in others if m.startswith("timm/"))


def _print_weights() -> None:
    from phosphene.networks import weights as registry

    for row in registry.status():
        print(row)


def doctor(_: argparse.Namespace) -> None:
    """Print versions, device, precision and weights, and what to do about what is missing."""
    print(f"{'python':16} {platform.python_version()} ({sys.executable})")
    for name, use in PACKAGES.items():
        try:
            print(f"{name:16} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"{name:16} not installed" + f" ({use})" * bool(use))
    print(f"{'device':16} {_device()}")
    print("\nLimits (set the variable to change one):")
    print("\n".join([*limits.listed(), login.described()]))
    print("\nWeights (`make weights` fetches what is missing):")
    _print_weights()


def _device() -> str:
    from phosphene import device

    chosen = device.pick()
    speed = "fast here" if device.fast_bfloat16(chosen) else "emulated, so float32 is used"
    return f"{device.describe(chosen)}; bfloat16 {speed}"


def docs(_: argparse.Namespace) -> None:
    """Write the table of apps in README.md anew."""
    from phosphene.hosting.space import ROOT, write_table

    changed = write_table(ROOT / "README.md")
    print("README.md: " + ("table of apps written anew" if changed else "already true"))


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are, and no name of a network broken at its hyphens."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def parser() -> argparse.ArgumentParser:
    """The command line: a function of this module each, and the methods."""
    top = argparse.ArgumentParser(prog="phosphene", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        """A command; its line in the list ends where the first sentence does."""
        text = text.replace("%", "%%")
        return commands.add_parser(
            name,
            help=text.partition("\n\n")[0],
            description=text,
            formatter_class=Formatter,
            allow_abbrev=False,
        )

    def own(function: Callable[[argparse.Namespace], object]) -> argparse.ArgumentParser:
        command = add(function.__name__, str(function.__doc__))
        command.set_defaults(function=function)
        return command

    start = own(run)
    start.add_argument("app", nargs="?", default="gallery", help="a folder of apps/")
    start.add_argument("--port", help="default: the first free one from 7860")
    start.add_argument("--share", action="store_true", help="also make a public link")
    start.add_argument("--workers", metavar="N", help="processes that runs are spread over, by Ray")
    pack = own(stage)
    pack.add_argument("app", nargs="?", default="gallery", help="a folder of apps/")
    pack.add_argument(
        "--build-line", action="store_true", help="print what the Space's build installs"
    )
    pack.add_argument(
        "--trial", action="store_true", help="install, start and call it, alone as a Space"
    )
    add_deploy(add)
    files = own(weights)
    files.add_argument("--fetch", nargs="*", metavar="NAME", help="no names: all that the apps use")
    files.add_argument("--lock", action="store_true", help="record revisions and checksums")
    own(doctor)
    own(docs)
    add_batch(add)
    add_paint(add)
    add_commands(add)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error meant for a person is one line and exit status 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--repeat"]:
        words[0] = "repeat"
    top = parser()
    args, others = top.parse_known_args(words)
    if others and adopt(args, others):
        top.error(f"unrecognized arguments: {' '.join(others)}")
    try:
        return args.function(args) or 0
    except PhospheneError as error:
        print(f"phosphene: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
