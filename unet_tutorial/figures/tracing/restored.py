"""Restores a model's modes, attributes and hooks, and the random number generators, after a pass."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def restored(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put the model into evaluation mode, or into training mode with dropout off; restore everything at the end.

    This includes attributes that modules set as they run: caches, counters, weights computed by old-style hooks.
    """
    state, before = random.getstate(), [_containers(module) for module in model.modules()]
    fused = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # a fused transformer layer hides its operations
        with torch.random.fork_rng(devices=[]):
            for module in model.modules():
                mode = training and not isinstance(module, nn.modules.dropout._DropoutNd)
                if module.training != mode:
                    module.training = mode
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        random.setstate(state)
        for containers in before:
            _restore(containers)


def _containers(module: nn.Module) -> list[tuple[Any, Any]]:
    """The module's attribute dictionary and the dicts, lists and sets in it, each with a copy of its content."""
    own = vars(module)
    return [(each, each.copy()) for each in (own, *own.values()) if type(each) in (dict, list, set)]


def _restore(containers: list[tuple[Any, Any]]) -> None:
    for container, content in containers:
        container.clear()
        if isinstance(container, list):
            container.extend(content)
        else:
            container.update(content)
