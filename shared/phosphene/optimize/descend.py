"""The only optimizer loop of the project."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import torch
from PIL import Image
from torch import Tensor

from phosphene.device import turn
from phosphene.errors import InputError
from phosphene.frame import Frame
from phosphene.images import show
from phosphene.images.filters import blur
from phosphene.optimize.canvas import Canvas
from phosphene.optimize.losses import Loss, total

Optimizer: TypeAlias = Literal["adam", "lbfgs", "wolfe", "gradient", "l1", "l2"]
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
    smooth: float = 0.0,
    condition: Condition | None = None,
    project: bool = True,
    average: float = 0.0,
    tolerance: float = 0.0,
    every: int | None = None,
    seconds: float = 0.4,
    render: Render = show,
) -> Iterator[Frame]:
    """Change the canvas until the loss is low; yield frames on the way, the result last.

    `loss(picture)` returns weighted terms by name. "l1" and "l2" divide each picture's
    gradient by its mean absolute value or its root mean square, so that `lr` is a step in
    units of the picture; "gradient" takes it as it is. "lbfgs" wants an `lr` of 1; its first step
    moves a parameter by FIRST on average. A step of "wolfe" is eight iterations of
    L-BFGS with a line search: by far the fastest where the loss does not change from call to
    call. `schedule` maps progress in [0, 1) to a factor on `lr`; `smooth` blurs the gradient
    (Gaussian, pixels), then `condition` changes it, once per step; `average` in (0, 1) is the
    decay of a bias-corrected running mean of the iterates, which is then shown and left on the
    canvas; `tolerance` stops the run when twenty steps lower the loss by less than that share.
    A frame comes after the first step and then every `every` steps or every
    `seconds`. InputError, after the last good frame, if the loss stops being finite.
    """
    stepper = _Stepper(
        canvas, loss, _optimizer(canvas, optimizer, lr, betas), optimizer, smooth, condition
    )
    mean = _Mean(canvas, average) if average else None
    history: list[dict[str, float]] = []
    pending: list[dict[str, Tensor]] = []
    begun = shown = time.monotonic()
    frame: Frame | None = None
    for step in range(1, steps + 1):
        with turn(stepper.device):
            stepper.set_lr(lr * (schedule((step - 1) / steps) if schedule else 1.0), step)
            pending.append(stepper.step())
            if project:
                canvas.project()
            if mean:
                mean.update()
            now = time.monotonic()
            due = step == 1 or (step % every == 0 if every else now - shown >= seconds)
            last = step == steps
            # Reading a loss waits for a GPU, so there it is read in bunches.
            if due or last or stepper.device.type == "cpu" or len(pending) >= 16:
                news = _numbers(pending)
                pending.clear()
                history += news
                if not all(map(_finite, news)):
                    break
                last = last or _converged(history, tolerance)
            if due or last:
                if last and mean:
                    mean.keep()
                picture = mean.picture() if mean and not last else _picture(canvas)
                image = render(picture)
                taken = time.monotonic() - begun
                frame = Frame(image, step, steps, history[-1], tuple(history), taken)
                shown = time.monotonic()
        if frame is not None and frame.step == step:
            yield replace(frame, steps=step) if last else frame
        if last:
            return
    if frame is not None:
        yield replace(frame, note=f"stopped at step {step}: the loss is not finite")
    raise InputError(f"the loss is not finite at step {step}; lower the step size (now {lr:g})")


class Stages:
    """Several descents, one after the other, numbered and timed as one run."""

    def __init__(self, steps: int) -> None:
        """`steps` is the sum over all stages."""
        self.steps, self.done = steps, 0
        self.history: tuple[Mapping[str, float], ...] = ()
        self.begun = time.monotonic()

    def run(self, frames: Iterator[Frame], note: str = "") -> Iterator[Frame]:
        """The stage's frames with the run's step, history and time."""
        frame = None
        for frame in frames:
            yield replace(
                frame,
                step=self.done + frame.step,
                steps=self.steps,
                history=self.history + frame.history,
                seconds=time.monotonic() - self.begun,
                note=frame.note or note,
            )
        if frame:
            self.done += frame.step
            self.history += frame.history

    def frame(self, image: Image.Image) -> Frame:
        """A frame between two stages, holding `image`."""
        losses = self.history[-1] if self.history else {}
        taken = time.monotonic() - self.begun
        return Frame(image, self.done, self.steps, losses, self.history, taken)


@dataclass
class _Stepper:
    canvas: Canvas
    loss: Loss
    optimizer: torch.optim.Optimizer
    kind: Optimizer
    smooth: float
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
        if self.smooth:
            gradient = blur(gradient, self.smooth)
        if self.condition:
            gradient = self.condition(gradient)
        dims = tuple(range(1, gradient.ndim))
        if self.kind == "l1":
            return gradient / (gradient.abs().mean(dims, keepdim=True) + 1e-12)
        if self.kind == "l2":
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
    if kind == "wolfe":
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
    return canvas()


def _numbers(pending: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """Scalars on the device -> numbers, in one transfer."""
    values: Any = torch.stack([t.float() for terms in pending for t in terms.values()])
    numbers = iter(values.tolist())
    return [{name: next(numbers) for name in terms} for terms in pending]


def _finite(terms: dict[str, float]) -> bool:
    return all(math.isfinite(value) for value in terms.values())


def _converged(history: list[dict[str, float]], tolerance: float) -> bool:
    if not tolerance or len(history) < 40:
        return False
    now, before = (
        sum(sum(terms.values()) for terms in part) for part in (history[-20:], history[-40:-20])
    )
    return before - now <= tolerance * abs(before)
