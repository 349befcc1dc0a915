"""python -m phosphene run | stage | weights | doctor | docs."""

from __future__ import annotations

import argparse
import os
import platform
import socket
import sys
from collections.abc import Sequence
from importlib import metadata, util
from typing import NoReturn

from phosphene.errors import InputError, PhospheneError, WeightsError

# What doctor looks for, and what it is good for where it may be missing.
PACKAGES = {
    "torch": "",
    "torchvision": "",
    "timm": "",
    "huggingface_hub": "",
    "safetensors": "",
    "numpy": "",
    "pillow": "",
    "gradio": "needed for the pages: pip install 'phosphene[ui]'",
    "matplotlib": "needed for the loss plot: pip install 'phosphene[ui]'",
    "av": "needed for MP4 films: pip install 'phosphene[ui]'",
    "diffusers": "needed for autoencoders from the Hub only",
    "spaces": "needed on ZeroGPU only",
}


def run(args: argparse.Namespace) -> NoReturn:
    """Start one app, exactly as `python apps/NAME/app.py` would."""
    from phosphene.hosting.space import find_app

    app = find_app(args.app) / "app.py"
    if util.find_spec("gradio") is None:
        raise InputError("the pages need Gradio; install it with: pip install 'phosphene[ui]'")
    environment = dict(os.environ)
    if args.port is not None:
        _check_free(args.port)
        environment["PORT"] = str(args.port)
    if args.share:
        environment["SHARE"] = "1"
    print(f"Starting {args.app} on {sys.executable}", flush=True)
    os.execve(sys.executable, [sys.executable, str(app)], environment)


def _check_free(port: int) -> None:
    if not 1 <= port <= 65535:
        raise InputError(f"port {port} does not exist; choose one from 1024 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), port))
        except OSError as error:
            reason = error.strerror.lower() if error.strerror else "cannot be used"
            raise InputError(f"port {port}: {reason}; choose another") from None


def stage(args: argparse.Namespace) -> None:
    """Pack an app as a folder that runs alone as a Space."""
    from phosphene.hosting.space import space_line
    from phosphene.hosting.space import stage as pack

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


def parser() -> argparse.ArgumentParser:
    """The command line; every command is the function of the same name."""
    top = argparse.ArgumentParser(prog="phosphene", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(function: object) -> argparse.ArgumentParser:
        name, text = function.__name__, function.__doc__  # type: ignore[attr-defined]
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    start = add(run)
    start.add_argument("app", nargs="?", default="gallery", help="a folder of apps/")
    start.add_argument("--port", type=int, help="default: the first free one from 7860")
    start.add_argument("--share", action="store_true", help="also make a public link")
    pack = add(stage)
    pack.add_argument("app", nargs="?", default="gallery", help="a folder of apps/")
    pack.add_argument(
        "--build-line", action="store_true", help="print what the Space's build installs"
    )
    files = add(weights)
    files.add_argument("--fetch", nargs="*", metavar="NAME", help="no names: all that the apps use")
    files.add_argument("--lock", action="store_true", help="record revisions and checksums")
    add(doctor)
    add(docs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error meant for a person is one line and exit status 1."""
    args = parser().parse_args(arguments)
    try:
        args.function(args)
    except PhospheneError as error:
        print(f"phosphene: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
