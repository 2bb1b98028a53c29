"""A model used without a trace of it left: modes, attributes, hooks and random numbers are as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Kept = list[tuple[Any, Any]]  # what can be written into, and a copy of it


@contextmanager
def untouched(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Inside, the model is in evaluation mode, or in training with dropout off; afterwards all is as it was.

    That includes what modules write into themselves as they run: caches, counters, weights computed by old hooks.
    """
    state, before = random.getstate(), [_attributes(module) for module in model.modules()]
    fused = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # a fused layer of a transformer hides its operations
        with torch.random.fork_rng(devices=[]):
            for module in model.modules():
                mode = training and not isinstance(module, nn.modules.dropout._DropoutNd)
                if module.training != mode:
                    module.training = mode
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        random.setstate(state)
        for kept in before:
            _restore(kept)


def _attributes(module: nn.Module) -> Kept:
    """Its dictionaries, lists and sets, each with a copy; the module's own first."""
    own = vars(module)
    return [(each, each.copy()) for each in (own, *own.values()) if type(each) in (dict, list, set)]


def _restore(kept: Kept) -> None:
    for box, content in kept:
        box.clear()
        if isinstance(box, list):
            box.extend(content)
        else:
            box.update(content)
