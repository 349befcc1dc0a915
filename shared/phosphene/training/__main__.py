"""python -m phosphene.training digits [MODEL ...]: train the embedded autoencoders."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from phosphene.errors import unknown
from phosphene.networks.autoencoders import EMBEDDED
from phosphene.networks.autoencoders.datasets import DIGITS, FACES, dataset
from phosphene.training import card, digits, face_card, faces, photo_card, photos
from phosphene.training.fit import Plan, Training

GROUPS = {"digits": digits.PLANS, "faces": faces.PLANS, "photos": photos.PLANS}
WRITERS: dict[str, Callable[..., Path]] = {
    "faces": face_card.write,
    "photos": photo_card.write,
}
KEPT = Path("build/training")


def main() -> None:
    """Read the command line; train what it names, going on where a run was stopped."""
    parser = argparse.ArgumentParser(prog="python -m phosphene.training", description=__doc__)
    parser.add_argument("names", nargs="+", help=f"{', '.join(GROUPS)}, or models of them")
    parser.add_argument("--steps", type=int, help="instead of the plan's")
    parser.add_argument("--out", type=Path, help="a folder other than the package's own")
    parser.add_argument(
        "--codes", action="store_true", help="train nothing: only the codes kept beside the weights"
    )
    options = parser.parse_args()
    if not DIGITS.exists():
        print(f"{digits.convert()} written")
    if not FACES.exists():
        print(f"{faces.keep()} written")
    for plan in plans(options.names, options.steps):
        if options.codes:
            folder = options.out / plan.name if options.out else EMBEDDED[plan.name].folder
            print(f"{card.keep_codes(folder, plan.data)} written")
        else:
            train(plan, options.out)


def plans(names: list[str], steps: int | None = None) -> list[Plan]:
    """The plans of these models, or of all of a group."""
    every = {plan.name: plan for group in GROUPS.values() for plan in group}
    chosen: list[Plan] = []
    for name in names:
        if name not in GROUPS and name not in every:
            raise unknown("model", name, [*GROUPS, *every])
        chosen += GROUPS.get(name, ()) or [every[name]]
    return [Plan(**{**vars(plan), "steps": steps or plan.steps}) for plan in chosen]


def begun(plan: Plan) -> Training:
    """A training of a plan at its first step."""
    if plan.data == "faces":
        return faces.FaceTraining(plan, faces.drawn(KEPT))
    if plan.data == "photos":
        return photos.PhotoTraining(plan, photos.pieces(plan.seed))
    return Training(plan, dataset(plan.data).pictures)


def train(plan: Plan, out: Path | None = None) -> Path:
    """One model from beginning to card; its state every 500 steps in build/training."""
    training = begun(plan)
    state = KEPT / f"{plan.name}-{plan.steps}.pt"
    state.parent.mkdir(parents=True, exist_ok=True)
    if state.exists():
        training.load(state)
        print(f"{plan.name}: going on at step {training.step}", flush=True)
    for moment in training.run():
        if moment.step % 500 == 0:
            training.save(state)
        left = moment.seconds / moment.step * (moment.steps - moment.step)
        print(
            f"{plan.name} {moment.step}/{moment.steps}: {moment.rebuilt:.1f} + KL {moment.kl:.2f}"
            f" nats, {left:.0f} s left",
            flush=True,
        )
    folder = WRITERS.get(plan.data, card.write)(training, out)
    state.unlink(missing_ok=True)
    return folder


if __name__ == "__main__":
    main()
