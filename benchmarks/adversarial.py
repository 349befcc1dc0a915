"""Attacks beside foolbox and torchattacks, on the same network, pictures and budgets.

    python benchmarks/adversarial.py [single]
    python benchmarks/adversarial.py batch

single: one picture, three rounds in turn; the peers on our prepared network, and on the network as
    its library builds it, which is what somebody has who brings them a network.
batch: sixteen pictures at once, one round, the peers on our network; by name alone.

foolbox comes with `make setup`. torchattacks 3.5.1 asks for a version of requests that is too old
for the rest; into a folder of its own:
    pip install --no-deps --target build/peers torchattacks==3.5.1
    PYTHONPATH=build/peers python benchmarks/adversarial.py
"""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from _tables import HERE, Options, main
from _tools import as_built
from PIL import Image, ImageOps
from torch import Tensor, nn

from phosphene import images, load_network
from phosphene.methods.adversarial.attacks.descents import pgd
from phosphene.methods.adversarial.attacks.queries import square
from phosphene.methods.adversarial.attacks.smallest import carlini_wagner, deepfool
from phosphene.methods.adversarial.goals import Goal, margin
from phosphene.networks.network import Network

DOCUMENT = "adversarial.md"
EPSILON, STEP = 8 / 255, 2 / 255
QUERIES = 200
FOLDER = HERE.parent / "apps" / "adversarial" / "examples"
NOT_RUN = "a thousand passes back for each step: not run"
Attack = Callable[["Model", Tensor, Tensor], Tensor]


class Model(nn.Module):
    """A network as peers take one, which counts the pictures that go through it."""

    def __init__(self, network: Network, built: bool) -> None:
        super().__init__()
        self.network, self.pictures = network, 0
        architecture = as_built(network.name) if built else None
        self.body = architecture.body if architecture else None
        if architecture:
            self.mean, self.std = (
                torch.tensor(value, device=network.device).view(1, 3, 1, 1)
                for value in (architecture.mean, architecture.std)
            )
            self.body.to(network.device)
        self.eval()

    def logits(self, x: Tensor) -> Tensor:
        """Scores of pictures in [0, 1]."""
        self.pictures += len(x)
        return (
            self.network.logits(x) if self.body is None else self.body((x - self.mean) / self.std)
        )

    forward = logits


def goal_of(model: Model, x: Tensor, labels: Tensor, **settings: object) -> Goal:
    return Goal([model], x, labels, False, **settings)


def no_picture(_: Tensor) -> Image.Image:
    """Nothing is drawn where nobody looks."""
    return Image.new("RGB", (1, 1))


def last(goal: Goal, frames: Iterator[object]) -> Tensor:
    """The picture after the last step, or the best where the goal keeps the nearest."""
    picture = goal.original
    for _, shown in frames:  # type: ignore[misc]
        picture = shown
    return goal.best if goal.keep == "near" or goal.done else picture


def ours_pgd(steps: int, stop: bool = False) -> Attack:
    def attack(model: Model, x: Tensor, labels: Tensor) -> Tensor:
        goal = goal_of(model, x, labels)
        run = pgd(goal, EPSILON, steps=steps, step_size=STEP, stop=stop, render=no_picture)
        return last(goal, run)

    return attack


def ours_cw(model: Model, x: Tensor, labels: Tensor) -> Tensor:
    goal = goal_of(model, x, labels, keep="near")
    return last(goal, carlini_wagner(goal, steps=100, searches=1, abort=False, render=no_picture))


def ours_deepfool(model: Model, x: Tensor, labels: Tensor) -> Tensor:
    goal = goal_of(model, x, labels, keep="near")
    return last(goal, deepfool(goal, steps=50, render=no_picture))


def ours_square(model: Model, x: Tensor, labels: Tensor) -> Tensor:
    goal = goal_of(model, x, labels, criterion=margin)
    generator = torch.Generator().manual_seed(0)
    return last(goal, square(goal, EPSILON, generator, queries=QUERIES, render=no_picture))


def foolboxes(name: str, budget: bool, **settings: object) -> Attack:
    def attack(model: Model, x: Tensor, labels: Tensor) -> Tensor:
        import foolbox

        wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=x.device)
        made = getattr(foolbox.attacks, name)(**settings)
        within = {"epsilon": EPSILON} if budget else {}
        result: Tensor = made.run(wrapped, x, foolbox.criteria.Misclassification(labels), **within)
        return result

    return attack


def torchattackss(name: str, **settings: object) -> Attack:
    def attack(model: Model, x: Tensor, labels: Tensor) -> Tensor:
        import torchattacks

        result: Tensor = getattr(torchattacks, name)(model, **settings)(x, labels)
        return result

    return attack


PGD = {"random_start": False, "abs_stepsize": STEP}
TA = {"eps": EPSILON, "alpha": STEP, "random_start": False}
CW = {"binary_search_steps": 1, "steps": 100, "initial_const": 1.0, "abort_early": False}
ATTACKS: dict[str, dict[str, Attack | None]] = {
    "PGD-10": {
        "ours": ours_pgd(10),
        "foolbox": foolboxes("LinfPGD", True, steps=10, **PGD),
        "torchattacks": torchattackss("PGD", steps=10, **TA),
    },
    "PGD-40": {
        "ours": ours_pgd(40),
        "foolbox": foolboxes("LinfPGD", True, steps=40, **PGD),
        "torchattacks": torchattackss("PGD", steps=40, **TA),
    },
    "PGD-40 that stops at the flip": {"ours": ours_pgd(40, stop=True)},
    "CW-100, c = 1": {
        "ours": ours_cw,
        "foolbox": foolboxes("L2CarliniWagnerAttack", False, **CW),
        "torchattacks": torchattackss("CW", c=1, steps=100, lr=0.01),
    },
    "DeepFool": {
        "ours": ours_deepfool,
        "foolbox": foolboxes("L2DeepFoolAttack", False, steps=50),
        "torchattacks": None,
    },
    f"Square, {QUERIES} queries": {
        "ours": ours_square,
        "torchattacks": torchattackss("Square", eps=EPSILON, n_queries=QUERIES, loss="margin"),
    },
}


@dataclass
class Result:
    """What a variant took and made."""

    seconds: list[float] = field(default_factory=list)
    fooled: int = 0
    distance: float = 0.0
    passes: float = 0.0


def measured(attack: Attack, model: Model, x: Tensor, labels: Tensor, result: Result) -> None:
    """One run, timed; success is judged by our network."""
    model.pictures = 0
    started = time.perf_counter()
    picture = attack(model, x.clone(), labels.clone()).detach()
    if x.is_cuda:
        torch.cuda.synchronize()
    result.seconds.append(time.perf_counter() - started)
    result.passes = model.pictures / len(x)
    with torch.no_grad():
        hits = model.network.logits(picture).argmax(1) != labels
    result.fooled = int(hits.sum())
    change = (picture - x).flatten(1).norm(dim=1)
    result.distance = float(change[hits].median()) if hits.any() else float("nan")


def pictures(count: int, size: int, device: str) -> Tensor:
    """The page's photographs, and their mirror images, and parts of them, up to `count`."""
    made = []
    for share in (1.0, 0.8, 0.7):
        for path in sorted(FOLDER.glob("*.jpg")):
            photo = images.load(path)
            side = round(min(photo.size) * share)
            square = ImageOps.fit(photo, (side, side)).resize((size, size))
            made += [square, ImageOps.mirror(square)]
    return torch.cat([images.to_tensor(picture) for picture in made[:count]]).to(device)


def table(options: Options, count: int, rounds: int, built: bool) -> Iterator[str]:
    """A row for each attack and variant."""
    warnings.simplefilter("ignore")
    network = load_network(device=options.device)
    x = pictures(count, 64 if options.smoke else 224, str(network.device))
    with torch.no_grad():
        labels = network.logits(x).argmax(1)
    models = {"": Model(network, False)}
    if built:
        models[" on it as built"] = Model(network, True)
    yield (
        "| attack | by | seconds | against ours | ms per pass and picture | passes | fooled "
        "| median L2 |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, tools in ATTACKS.items():
        yield from rows(name, tools, models, x, labels, rounds)


def rows(
    name: str,
    tools: dict[str, Attack | None],
    models: dict[str, Model],
    x: Tensor,
    labels: Tensor,
    rounds: int,
) -> Iterator[str]:
    """The variants of one attack, timed in turn."""
    runs: dict[str, tuple[Attack, Model]] = {}
    for tool, attack in tools.items():
        if tool != "ours" and importlib.util.find_spec(tool) is None:
            yield f"| {name} | {tool} | not installed | | | | | |"
        elif attack is None:
            yield f"| {name} | {tool} | {NOT_RUN} | | | | | |"
        else:
            for where, model in models.items():
                if tool != "ours" or not where:
                    runs[f"{tool}{where}"] = (attack, model)
    results = {tool: Result() for tool in runs}
    for _ in range(rounds):
        for tool, (attack, model) in runs.items():
            measured(attack, model, x, labels, results[tool])
    ours = results["ours"]
    for tool, result in results.items():
        taken = statistics.median(result.seconds)
        ratio = statistics.median(b / a for a, b in zip(ours.seconds, result.seconds, strict=True))
        per = 1000 * taken / max(result.passes * len(x), 1)
        yield (
            f"| {name} | {tool} | {taken:.2f} | {'' if tool == 'ours' else f'{ratio:.2f}'} "
            f"| {per:.1f} | {result.passes:.0f} | {result.fooled} of {len(x)} "
            f"| {result.distance:.2f} |"
        )


def single(options: Options) -> Iterator[str]:
    """One picture, the peers on both networks."""
    yield from table(options, 1, options.rounds, built=True)


def batch(options: Options) -> Iterator[str]:
    """Sixteen pictures."""
    yield from table(options, 2 if options.smoke else 16, 1, built=False)


PARTS = {"single": single, "batch": batch}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS, by_name=("batch",))
