"""Networks built without memory for their weights, then given those of a file as they are.

Built the usual way a network is filled with random numbers first, and a second copy of the weights
is read beside them. Here what is read is what is used: no second copy, on the host or the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Made = TypeVar("Made")


class Hollow(TorchFunctionMode):
    """Inside, on this thread, tensors that wait to be filled (weights) have a shape alone.

    What is computed while a network is built, such as tables of positions, is made as ever:
    no file holds it.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One function of torch."""
        placed = {**(kwargs or {}), "device": "meta"} if func is torch.empty else kwargs or {}
        return func(*args, **placed)


def filled(
    make: Callable[[], Made],
    body: Callable[[Made], nn.Module],
    state: Callable[[nn.Module], Mapping[str, Tensor]],
) -> Made:
    """What `make` builds, the `body` in it holding the tensors of `state`.

    RuntimeError where names or shapes differ.
    """
    try:
        with Hollow():
            made = make()
    except Exception:  # an architecture that reads its weights while it is built
        made = make()
    tensors = state(body(made))
    body(made).load_state_dict(tensors, assign=True)
    for module in body(made).modules():
        _fill_tables(module)
    if any(tensor.is_meta for tensor in _tensors(body(made))):
        # Something that is in no file, and nobody says how to fill it.
        made = make()
        body(made).load_state_dict(tensors)
    return made


def _fill_tables(module: nn.Module) -> None:
    """Tables that are in no file: timm's layers say themselves how to fill theirs."""
    hollow = [name for name, table in module.named_buffers(recurse=False) if table.is_meta]
    fill: Any = getattr(module, "init_non_persistent_buffers", None)
    if not hollow or fill is None:
        return
    for name in hollow:
        setattr(module, name, torch.empty_like(getattr(module, name), device="cpu"))
    fill()


def _tensors(body: nn.Module) -> chain[Tensor]:
    return chain(body.parameters(), body.buffers())
