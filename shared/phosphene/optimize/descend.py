"""The only optimizer loop of the project."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from phosphene.device import device_lock
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import show
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.losses import Loss, total

Optimizer: TypeAlias = Literal["adam", "lbfgs", "lbfgs_wolfe", "gradient", "l2"]
Schedule: TypeAlias = Callable[[float], float]
Render: TypeAlias = Callable[[Tensor], Image.Image]
Condition: TypeAlias = Callable[[Tensor], Tensor]

FIRST = 0.01
"""How far the first step of L-BFGS moves a parameter on average; the others know by themselves."""


def descend(
    canvas: Canvas,
    loss: Loss,
    *,
    steps: int,
    optimizer: Optimizer = "adam",
    lr: float = 0.05,
    betas: tuple[float, float] = (0.9, 0.999),
    schedule: Schedule | None = None,
    condition: Condition | None = None,
    average: float = 0.0,
    until: Callable[[float], bool] | None = None,
    every: int | None = None,
    seconds: float = 0.4,
    render: Render = show,
) -> Iterator[tuple[Frame, Tensor]]:
    """Change the canvas until the loss is low; yield frames, each with its pictures (N, 3, H, W).

    `loss(picture)` returns weighted terms by name. "l2" divides each picture's gradient by its
    root mean square, so that `lr` is a step in units of the picture; "gradient" takes it as it
    is. "lbfgs" wants an `lr` of 1; its first step moves a parameter by FIRST on average. A step
    of "lbfgs_wolfe" is eight iterations of L-BFGS with a line search: by far the fastest where the
    loss does not change from call to call. `schedule` maps progress in [0, 1) to a factor on `lr`;
    `condition` changes the gradient, once per step; `average` in (0, 1) is the decay of a
    bias-corrected running mean of the iterates, which is then shown and left on the canvas.
    A frame comes after the first step and then every `every` steps or every `seconds`, the result
    last; `until` is told how far the pictures moved between two frames (root mean square) and
    ends the run by answering yes. InputError, after the last good frame, if the loss stops being
    finite.
    """
    stepper = _Stepper(canvas, loss, _optimizer(canvas, optimizer, lr, betas), optimizer, condition)
    mean = _Mean(canvas, average) if average else None
    history: list[dict[str, float]] = []
    pending: list[dict[str, Tensor]] = []
    started = shown = time.monotonic()
    good: tuple[Frame, Tensor] | None = None
    for step in range(1, steps + 1):
        with device_lock(stepper.device):
            stepper.set_lr(lr * (schedule((step - 1) / steps) if schedule else 1.0), step)
            pending.append(stepper.step())
            canvas.project()
            if mean:
                mean.update()
            now = time.monotonic()
            due = step == 1 or (step % every == 0 if every else now - shown >= seconds)
            last = step == steps
            # Reading a loss waits for a GPU, so there it is read in bunches.
            if due or last or stepper.device.type == "cpu" or len(pending) >= 16:
                read = _numbers(pending)
                pending.clear()
                history += read
                if not all(map(_finite, read)):
                    break
            if due or last:
                picture = mean.picture() if mean else _picture(canvas)
                last = last or bool(until and good and until(_moved(good[1], picture)))
                if last and mean:
                    mean.keep()
                elapsed = time.monotonic() - started
                planned = step if last else steps
                frame = Frame(render(picture), step, planned, history[-1], tuple(history), elapsed)
                good = frame, picture
                shown = time.monotonic()
        if due or last:
            assert good is not None
            yield good
        if last:
            return
    if good is not None:
        frame, picture = good
        yield replace(frame, note=f"stopped at step {step}: the loss is not finite"), picture
    raise InputError(f"the loss is not finite at step {step}; lower the step size (now {lr:g})")


@dataclass
class _Stepper:
    canvas: Canvas
    loss: Loss
    optimizer: torch.optim.Optimizer
    kind: Optimizer
    condition: Condition | None = None

    @property
    def device(self) -> torch.device:
        return next(self.canvas.parameters()).device

    def set_lr(self, lr: float, step: int) -> None:
        if self.kind == "lbfgs" and step == 1:
            # PyTorch divides this step by the gradient's sum: too short to learn a curvature from.
            lr *= FIRST * sum(parameter.numel() for parameter in self.canvas.parameters())
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def step(self) -> dict[str, Tensor]:
        """One step; the loss's terms as they were before it."""
        first: dict[str, Tensor] = {}

        def closure() -> Tensor:
            self.optimizer.zero_grad(set_to_none=True)
            with torch.enable_grad():
                terms = self.loss(self.canvas())
                value = total(terms)
            value.backward()  # type: ignore[no-untyped-call]
            for parameter in self.canvas.parameters():
                if parameter.grad is not None:
                    parameter.grad = self._condition(parameter.grad)
            if not first:
                first.update({name: term.detach() for name, term in terms.items()})
            return value.detach()

        self.optimizer.step(closure)  # type: ignore[arg-type]
        return first

    def _condition(self, gradient: Tensor) -> Tensor:
        if self.condition:
            gradient = self.condition(gradient)
        if self.kind == "l2":
            dims = tuple(range(1, gradient.ndim))
            return gradient / (gradient.square().mean(dims, keepdim=True).sqrt() + 1e-12)
        return gradient


class _Mean:
    """A bias-corrected running mean of the canvas's parameters."""

    def __init__(self, canvas: Canvas, decay: float) -> None:
        self.canvas, self.decay, self.weight = canvas, decay, 0.0
        self.sums = [torch.zeros_like(p, requires_grad=False) for p in canvas.parameters()]

    @torch.no_grad()
    def update(self) -> None:
        self.weight = self.decay * self.weight + 1 - self.decay
        for mean, parameter in zip(self.sums, self.canvas.parameters(), strict=True):
            mean.lerp_(parameter, 1 - self.decay)

    @torch.no_grad()
    def keep(self) -> None:
        """Put the mean on the canvas."""
        for mean, parameter in zip(self.sums, self.canvas.parameters(), strict=True):
            parameter.copy_(mean / self.weight)

    @torch.no_grad()
    def picture(self) -> Tensor:
        """The mean rendered, the iterate left as it is."""
        iterate = [parameter.clone() for parameter in self.canvas.parameters()]
        self.keep()
        picture = self.canvas().clone()
        for parameter, value in zip(self.canvas.parameters(), iterate, strict=True):
            parameter.copy_(value)
        return picture


def _optimizer(
    canvas: Canvas, kind: Optimizer, lr: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    parameters = list(canvas.parameters())
    if kind == "adam":
        return torch.optim.Adam(parameters, lr, betas=betas)
    if kind == "lbfgs":
        # No tolerance: a step that was asked for is taken.
        return torch.optim.LBFGS(
            parameters, lr, max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0
        )
    if kind == "lbfgs_wolfe":
        return torch.optim.LBFGS(
            parameters,
            lr,
            max_iter=8,
            max_eval=12,
            history_size=20,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )
    return torch.optim.SGD(parameters, lr)


@torch.no_grad()
def _picture(canvas: Canvas) -> Tensor:
    return canvas().clone()  # the next step changes the canvas


def _moved(before: Tensor, now: Tensor) -> float:
    return float((now - before).square().mean().sqrt())


def _numbers(pending: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """Scalars on the device -> numbers, in one transfer."""
    values: Any = torch.stack([t.float() for terms in pending for t in terms.values()])
    numbers = iter(values.tolist())
    return [{name: next(numbers) for name in terms} for terms in pending]


def _finite(terms: dict[str, float]) -> bool:
    return all(math.isfinite(value) for value in terms.values())
