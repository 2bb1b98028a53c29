"""What torch itself counts, on real numbers, for comparison with ``figures``: MACs, saved bytes, what a pixel sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


def macs(net: nn.Module, *args: Any, **kwargs: Any) -> int:
    """Half of the floating-point operations that torch counts."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net.eval()(*args, **kwargs)
    return int(counter.get_total_flops()) // 2


def saved(net: nn.Module, *args: Any, **kwargs: Any) -> int:
    """Bytes that a forward pass in training, dropout off, keeps for the backward pass: each storage once, without
    those that belong to the network."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*net.parameters(), *net.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage  # held, so that no other takes its place
        return tensor

    net.train()
    for module in net.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = net(*args, **kwargs)
    del out
    return sum(storage.nbytes() for storage in kept.values())


def parameters(net: nn.Module) -> int:
    """Numbers that are learnt, each tensor once."""
    return sum(weight.numel() for weight in {id(weight): weight for weight in net.parameters()}.values())


def footprints(net: nn.Module, size: Sequence[int], period: int) -> tuple[tuple[int, int], ...]:
    """Per axis the fewest and the most input pixels, first to last, that an output pixel's gradient reaches.

    Over ``period`` neighbours in the middle of an image of this size; the network's weights must be positive.
    """
    image = torch.zeros(1, 1, *size, requires_grad=True)
    logits = net.eval()(image)[0, 0]
    found = []
    for axis in range(len(size)):
        counts = []
        for place in range(period):
            at = [n // 2 for n in logits.shape]
            at[axis] += place - period // 2
            (grad,) = torch.autograd.grad(logits[tuple(at)], image, retain_graph=True)
            touched = grad[0, 0].nonzero()[:, axis]
            counts.append(int(touched.max() - touched.min()) + 1)
        found.append((min(counts), max(counts)))
    return tuple(found)
