"""The training loop. Batch and learning rate depend on the step number only, so a stopped run can be resumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.nets.contracts import Network


class Batch(NamedTuple):
    """Images (N, C, *tile) float32, labels and weights (N, *out) float32; ``out`` is the size of the network's output.

    The labels are classes, (N, *out) int64, or layers that may overlap, (N, L, *out) float32 of 0 and 1. In both, -1
    (``cross_entropy.UNLABELLED``) marks entries without a label.
    """

    images: Tensor
    labels: Tensor
    weights: Tensor


Autocast = Callable[[], AbstractContextManager[object]]  # the context of each forward pass
BAR = partial(tqdm, unit="step", disable=None)  # a progress bar, if standard error is a terminal


class NotFiniteError(ValueError):
    """A loss or a weight is NaN or infinite."""


class Validation(NamedTuple):
    """The loss and the score (higher is better) on validation images after ``step`` training steps."""

    step: int
    loss: float
    score: float


def best(validations: Sequence[Validation]) -> Validation:
    """The validation with the highest score, the first of equal ones. A score of NaN is the lowest.

    >>> best([Validation(50, 0.7, 0.4), Validation(100, 0.3, 0.6), Validation(150, 0.2, 0.6)])
    Validation(step=100, loss=0.3, score=0.6)
    """
    return max(validations, key=lambda validation: -math.inf if math.isnan(validation.score) else validation.score)


def is_stale(validations: Sequence[Validation], patience: int) -> bool:
    """Whether the last ``patience`` validations have no higher score than the best before them; never for 0.

    >>> scores = [Validation(step, 0.5, score) for step, score in ((50, 0.6), (100, 0.5), (150, 0.6))]
    >>> is_stale(scores, 2), is_stale(scores, 3)
    (True, False)
    """
    if not validations:
        return False
    since = len(validations) - 1 - validations.index(best(validations))
    return 0 < patience <= since


@dataclass
class Training:
    """The state of a training run: network, optimiser, the loss of every step so far, and all validations so far.

    ``others`` holds the random states of the other processes of the run at the last save, under the keys of a
    checkpoint (see ``learning.random_states``).
    """

    net: Network
    optimiser: torch.optim.Optimizer
    losses: list[float] = field(default_factory=list)
    validation: list[Validation] = field(default_factory=list)
    others: dict[str, Tensor] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The number of the next step."""
        return len(self.losses)


def adam(net: Network, device: str = "cpu") -> Training:
    """A new training run with torch's fused Adam (arXiv 1412.6980).

    Moves the network to the device, in its memory format.
    """
    move: Any = net.to  # torch's type annotation lacks memory_format
    move(device=device, memory_format=net.memory_format)
    return Training(net, torch.optim.Adam(net.parameters(), fused=True))


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate of a step: it rises from peak / 25 to the peak in 30 % of the steps, then falls to almost 0.

    Both parts have the shape of half a cosine. The last value is peak / 250,000. Equal to torch's OneCycleLR.
    Source: Smith & Topin, arXiv 1708.07120.

    >>> [round(one_cycle(step, 10, 1.0), 3) for step in (0, 2, 6, 9)]
    [0.04, 1.0, 0.389, 0.0]
    """
    top, end = 0.3 * steps - 1, steps - 1
    if step <= top:
        return _cosine(peak / 25, peak, step / top)
    return _cosine(peak, peak / 25e4, (step - top) / (end - top))


def _cosine(first: float, last: float, share: float) -> float:
    """A point on half a cosine from ``first`` (share = 0) to ``last`` (share = 1)."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def fit(
    training: Training,
    batches: Callable[[int], Batch],
    rates: Callable[[int], float],
    *,
    loss: Callable[[Any, Tensor, Tensor], Tensor] = sparse_cross_entropy,
    steps: int,
    save: Callable[[Training], None],
    every: int = 100,
    stop: Callable[[Training], bool] = lambda _training: False,
    autocast: Autocast = nullcontext,
    backward: Callable[[Batch], Tensor] | None = None,
    bar: Callable[..., Any] = BAR,
) -> None:
    """Train in place up to step ``steps``. Call ``save`` after every ``every`` steps and at the end.

    ``stop`` is called before the first step and after each save; if it returns True, the training ends early. If it
    uses only state that ``save`` stores, a resumed run ends at the same step as one without interruption.
    ``batches`` and ``rates`` return the batch and the learning rate of a step. A parameter group of the optimiser with
    the entry "lr_scale" has this multiple of the rate (see ``nets.backbone.decayed_groups``).
    ``loss(logits, labels, weights)`` is a scalar; the logits (N, K, *out) have the dtype of the images. If the network
    returns a list of logits in training mode (deep supervision), the loss receives the list. ``autocast`` returns the
    context manager for each forward pass, for example ``partial(torch.autocast, "cuda", torch.bfloat16)`` for mixed
    precision. ``backward`` computes the gradients of a batch and returns its loss, such as ``distributed.SharedStep``.
    If it is given, ``loss`` and ``autocast`` are not used. ``bar`` is tqdm or a function with the same arguments: it
    shows the loss and the remaining time on standard error. Raises NotFiniteError, a ValueError, if the loss is NaN or
    infinite, and before saving if a weight is.
    """
    net = training.net.train()
    backward = backward or partial(whole_batch, net, loss, autocast)
    first = training.step
    progress = bar(range(first, steps), initial=first, total=steps)
    for step in progress:
        if (step == first or step % every == 0) and stop(training):
            return
        batch = Batch(*(tensor.to(net.device, non_blocking=True) for tensor in batches(step)))
        for group in training.optimiser.param_groups:
            group["lr"] = rates(step) * group.get("lr_scale", 1)
        training.optimiser.zero_grad()
        cost = backward(batch)
        training.optimiser.step()
        training.losses.append(_finite_loss(cost.item(), step))
        progress.set_postfix(loss=f"{training.losses[-1]:.3f}")
        if training.step % every == 0 or training.step == steps:
            _check_weights(net, step)
            save(training)
            net.train()  # `save` may validate


def whole_batch(
    net: Network, loss: Callable[[Any, Tensor, Tensor], Tensor], autocast: Autocast, batch: Batch
) -> Tensor:
    """Compute the gradients of the loss of a batch; returns the loss, a scalar."""
    cost = loss(forward_pass(net, batch.images, net.memory_format, autocast), batch.labels, batch.weights)
    cost.backward()
    return cost.detach()


def forward_pass(
    module: Callable[[Tensor], Any], images: Tensor, layout: torch.memory_format, autocast: Autocast
) -> Any:
    """The network's logits, or list of logits, in the dtype of the images; ``layout`` is the network's memory format.

    In bfloat16, the gradients of a pixel's logits would not sum to 0.
    """
    with autocast():
        logits = module(images.to(memory_format=layout))
    if isinstance(logits, (list, tuple)):
        return [each.to(images.dtype) for each in logits]
    return logits.to(images.dtype)


def _finite_loss(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise NotFiniteError(f"the loss of step {step} is {loss}; start again with a tenth of the learning rate")
    return loss


def _check_weights(net: Network, step: int) -> None:
    """Raise ValueError if a weight is NaN or infinite, before it replaces a good checkpoint."""
    if not all(weight.isfinite().all() for weight in net.parameters()):
        raise NotFiniteError(
            f"the weights are not finite after step {step}; start again with a tenth of the learning rate"
        )
