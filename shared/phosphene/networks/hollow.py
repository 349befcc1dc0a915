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
    if any(tensor.is_meta for tensor in _tensors(body(made))):
        # Something that is in no file was left for a function of its own to fill.
        made = make()
        body(made).load_state_dict(tensors)
    return made


def _tensors(body: nn.Module) -> chain[Tensor]:
    return chain(body.parameters(), body.buffers())
