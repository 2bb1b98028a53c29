"""Counts made by torch on real tensors, to compare with ``figures``: MACs, saved bytes, receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace


def macs(net: nn.Module, *args: Any, **kwargs: Any) -> int:
    """Multiply-accumulates: half of the floating-point operations that torch counts."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net.eval()(*args, **kwargs)
    return int(counter.get_total_flops()) // 2


def saved(net: nn.Module, *args: Any, **kwargs: Any) -> int:
    """Bytes that a forward pass saves for the backward pass, in training mode with dropout off.

    Each storage counts once; parameters and buffers are excluded.
    """
    own = {tensor.untyped_storage().data_ptr() for tensor in (*net.parameters(), *net.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage  # keeps it alive, so that its address is not used again
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
    """Number of parameters, each tensor once."""
    return sum(weight.numel() for weight in {id(weight): weight for weight in net.parameters()}.values())


def footprints(net: nn.Module, size: Sequence[int], period: int) -> tuple[tuple[int, int], ...]:
    """Smallest and largest extent, in input pixels per axis, of the gradient of an output pixel.

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


def traced_and_counted(net: nn.Module, image: Tensor) -> ArchIR:
    """The description of a network whose MACs and saved bytes are those that torch counts."""
    arch = trace(net, image)
    assert arch.totals["macs"] == macs(net, image)
    assert arch.totals["saved"] == saved(net, image)
    return arch
