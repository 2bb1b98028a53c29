"""Batch norm over the tiles of all processes (synchronised batch norm).

With one or two tiles per process, the mean and the variance of batch norm are those of too few pixels. Synchronised
batch norm exchanges the number of pixels, their sum and the sum of their squares of each channel, and normalises with
the mean and the variance of the whole batch, so training gives the network that one process with all tiles would give.
Torch's own ``SyncBatchNorm`` does the same on GPUs only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from unet_tutorial.nets.norms import BATCH_NORM

Sum = Callable[[Tensor], Tensor]  # the sum of the tensors of all processes
_Net = TypeVar("_Net", bound=nn.Module)


def synchronised(net: _Net, total: Sum) -> _Net:
    """Let each batch norm of the network, in place, use the statistics of all processes in training mode.

    ``total`` returns the sum of the tensors that all processes pass, such as ``Processes.sum``. The keys of the state
    dict, the weights and the running statistics stay as they are. If a batch norm is synchronised already, ``total``
    replaces its former one. Raises ValueError if the network has no batch norm, and for a subclass of torch's batch
    norm that computes in its own way.
    """
    norms = _batch_norms(net)
    kinds = {type(norm) for norm in norms if not isinstance(norm, Synchronised)}
    # subclasses, so that figures and tables treat them as batch norms
    subclasses = {kind: type(f"Sync{kind.__name__}", (Synchronised, kind), {}) for kind in kinds}
    for norm in norms:
        norm.__class__ = subclasses.get(type(norm), type(norm))  # keeps weights, buffers and hooks
        norm.total = total  # type: ignore[assignment] # not a tensor
    return net


def _batch_norms(net: nn.Module) -> list[nn.Module]:
    """The batch norms of a network; ValueError as in `synchronised`."""
    norms = [(name, each) for name, each in net.named_modules() if isinstance(each, BATCH_NORM)]
    if not norms:
        raise ValueError("the network has no batch norm to synchronise; leave --sync-norm out")
    known = (Synchronised.forward, *(each.forward for each in BATCH_NORM))
    for name, norm in norms:
        if type(norm).forward not in known:
            raise ValueError(
                f"layer {name} is a {type(norm).__name__}, a batch norm with a computation of its own, which cannot be "
                "synchronised; leave --sync-norm out"
            )
    return [norm for _, norm in norms]


class Synchronised(nn.Module):
    """The forward pass of synchronised batch norm, for a subclass of torch's batch norm: (N, C, *size) -> the same."""

    total: Sum
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    weight: Tensor | None
    bias: Tensor | None
    momentum: float | None
    eps: float

    def forward(self, x: Tensor) -> Tensor:
        """Normalise with the statistics of all processes; in evaluation mode, as batch norm does.

        ValueError in training if the channels of all processes together have only one value each, as in batch norm.
        """
        if not self.training:
            out: Tensor = super().forward(x)
            return out
        shape = (1, -1, *(1,) * (x.ndim - 2))
        normalise: Any = _Normalise.apply  # has no annotations
        normalised, mean, variance, count = normalise(x, self.eps, self.total, self.running_mean)
        self._update(mean, variance, count)
        if self.weight is not None:
            normalised = normalised * self.weight.reshape(shape)
        if self.bias is not None:
            normalised = normalised + self.bias.reshape(shape)
        result: Tensor = normalised.to(x.dtype)
        return result

    @torch.no_grad()
    def _update(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics towards those of this batch, as torch's batch norm does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
        unbiased = variance * count / (count - 1).clamp(min=1)
        self.running_mean.add_(share * (mean - self.running_mean).to(self.running_mean.dtype))
        self.running_var.add_(share * (unbiased - self.running_var).to(self.running_var.dtype))


class _Normalise(torch.autograd.Function):
    """(x - mean) / sqrt(variance + eps) with the statistics of all processes; also returns these, in float64."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, eps: float, total: Sum, near: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``x`` (N, C, *size) -> normalised (N, C, *size), mean and variance (C,), number of pixels ().

        ``near`` (C,) is an estimate of the mean, which all processes share. The sums are those of x - near: with
        x itself, the variance of values far from 0 would be the small difference of two large numbers.
        """
        values = x.to(torch.promote_types(x.dtype, torch.float32))  # sums in half precision are not exact
        axes, shape = [0, *range(2, x.ndim)], (1, -1, *(1,) * (x.ndim - 2))
        own = x.numel() // x.shape[1]
        variance, mean = (each.double() for each in torch.var_mean(values, axes, correction=0))
        origin = torch.zeros_like(mean) if near is None else near.double()
        off = mean - origin
        sums = total(torch.cat((mean.new_tensor([own]), own * off, own * (variance + off**2))))
        if own == 1 and sums[0] == 1:
            raise ValueError(
                f"batch norm needs more than 1 value per channel in training, got size {tuple(x.shape)}; give more or "
                "larger tiles"
            )
        count, off, squares = sums[0], *(sums[1:] / sums[0]).chunk(2)
        mean, variance = origin + off, (squares - off**2).clamp(min=0)
        scale = (variance + eps).rsqrt()
        normalised = (values - mean.to(values.dtype).reshape(shape)) * scale.to(values.dtype).reshape(shape)
        ctx.save_for_backward(normalised, scale, count)
        ctx.total, ctx.dtype = total, x.dtype
        ctx.mark_non_differentiable(mean, variance, count)
        return normalised, mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient of x also passes through mean and variance, and so through the pixels of all processes."""
        gradient = gradients[0]
        normalised, scale, count = ctx.saved_tensors
        axes, shape = [0, *range(2, gradient.ndim)], (1, -1, *(1,) * (gradient.ndim - 2))
        own = torch.cat(
            (gradient.sum(axes, dtype=torch.float64), (gradient * normalised).sum(axes, dtype=torch.float64))
        )
        mean, slope = (each.to(gradient.dtype).reshape(shape) for each in (ctx.total(own) / count).chunk(2))
        scale = scale.to(gradient.dtype).reshape(shape)
        return ((gradient - mean - normalised * slope) * scale).to(ctx.dtype), None, None, None
